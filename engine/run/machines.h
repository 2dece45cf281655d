// The two machines of a target's run: their connections, their keepers, and the `borg serve` sessions on B.
//
// Threading: the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/remote/keeper.h"
#include "engine/remote/target_socket.h"
#include "engine/run/target_run.h"

namespace borgop {

// Once the run's own deadline is ruled out, an error by a limit that one step has is a machine on which something hangs; others stay as they are.
Error ExplainSilence(Error error);

class Machines {
 public:
  Machines(const Server& server, const Target& target, const RunEnvironment& environment);

  // One connection to each, both at once. On errors, the one to B counts first.
  Task<Status> Connect(Context context);
  // Starts both keepers and looks at what the machines have. A B whose account runs nothing but `borg serve`, or has no room for it, has no keeper; that is
  // a warning (TakeWarning), not an error. Errors: kBorgMissing, kSocketToolMissing and those of Keeper::Start.
  Task<Status> StartKeepers(Context context);
  // The same with B alone, for what T is not needed for.
  Task<Status> ConnectServer(Context context);
  Task<Status> StartServerKeeper(Context context);
  std::optional<std::string> TakeWarning() { return std::exchange(warning_, std::nullopt); }

  // What is behind an error of the first borg that spoke to B: its account may run neither scripts nor borg serve.
  Error ExplainFirst(const Error& error) const;
  // Whether T was connected.
  bool has_target() const { return target_connection_ != nullptr; }

  // What the locks of all that is served from now on are known by (borg/repository_lock.h), where B's account runs scripts.
  void NameLocks(std::string owner) { lock_owner_ = std::move(owner); }
  // `borg serve` for the repository at `path` on B, for T (append-only) or for C. `name` is unique among the running ones.
  Task<Result<std::unique_ptr<RemoteProcess>>> Serve(Context context, std::string path, bool append_only, std::string name);
  Task<void> Served(Context context, std::string name);

  // What a short script on B prints, at most `limit` bytes; nothing where B's account runs none.
  Task<Result<std::optional<std::string>>> AskServer(Context context, std::string script, std::size_t limit);
  // Whether there is nothing yet but a directory for it. Where B's account does not let us look that is for borg to say: its init takes
  // no other one.
  Task<Result<bool>> HasEmptyDirectory(Context context, std::string path);
  // Runs `init` where a repository can be made, and sees to it that it appears at `path` as a whole or not at all, as far as B's
  // account allows that (engine/remote/staging.h). `begun`: part of it is there already.
  using InitAt = std::function<Task<Status>(Context, std::string path)>;
  Task<Status> MakeRepository(Context context, std::string path, bool begun, InitAt init);

  Connection& target() { return *target_connection_; }
  Keeper& target_keeper() { return *target_keeper_; }
  const std::string& target_name() const { return target_name_; }
  const std::string& server_name() const { return server_name_; }

  // Why one of the connections is broken, B's first.
  std::optional<Error> Failure() const;
  // Why the one to B is.
  std::optional<Error> ServerFailure() const;
  // Why the one to T is.
  std::optional<Error> TargetFailure() const;
  // Breaks both: whatever still waits on them ends.
  void Abort();
  // Ends what T's keeper keeps: nothing more is to run there. `log` is fed with what it says of after hooks. False when it could not say
  // that it is done, or the context ended before: it goes on by itself, and this may be called again.
  Task<bool> EndTarget(Context context, HookLog& log);
  // Ends what the keepers keep, each of them once at most. Bounded by the context; never fails. False when a keeper could not say that it
  // is done; it then ends by itself within its grace.
  Task<bool> End(Context context, HookLog& log);
  // The same, and the connections.
  Task<bool> Leave(Context context, HookLog& log);

 private:
  DialOptions HowToDial() const;
  Task<Status> StartTargetKeeper(Context context);
  Task<void> EndServer(Context context);

  const Server& server_;
  const Target& target_;
  const RunEnvironment& environment_;
  std::string server_name_, target_name_;
  std::string lock_owner_;
  std::unique_ptr<Session> server_connection_, target_connection_;
  std::unique_ptr<Keeper> server_keeper_, target_keeper_;
  std::optional<std::string> warning_;
  std::optional<Error> no_server_keeper_;  // where the account on B runs no scripts: what it said instead
  std::unique_ptr<TaskGroup> attending_server_, attending_target_;
  bool left_well_ = true;
};

}  // namespace borgop
