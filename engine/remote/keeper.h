// The keeper: a small POSIX shell script on T and on B that owns what a run leaves there, and ends it.
//
// It makes a private directory (mode 0700), notes in it the process ids of everything that the run starts on that machine, and ends
// those processes, runs the after hooks that were left with it (hooks.h) and removes the directory, once, on every way out:
//  - told so (End);
//  - its standard input ends: the connection was cut, or the engine died;
//  - no heartbeat for 60 s: a dead man's switch for an engine that vanished without a word (a lost node, dropped packets), in which
//    case sshd would keep everything, borg's locks included, for hours. It also ends sshd's process for this connection.
//
// Threading: the loop's thread. Ownership: must not outlive its Connection. Start, then run Attend in a task group, then End.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "engine/remote/hook_log.h"
#include "engine/remote/script.h"

namespace borgop {

struct KeeperTimes {
  std::chrono::milliseconds heartbeat{10'000};
  std::chrono::seconds grace{60};  // a multiple of 12; the switch acts between this and a twelfth more
};

// What the machine has.
struct HostFacts {
  bool socat = false;
  bool fifo = false;  // mkfifo and cat
  bool borg = false;
};

class Keeper {
 public:
  // `borg` is the program that facts() tells of. Errors: those of StartScript; kNoPrivateDirectory.
  static Task<Result<std::unique_ptr<Keeper>>> Start(Context context, Connection& connection, std::string borg, KeeperTimes times);

  const std::string& directory() const { return directory_; }
  // Where processes and what is to be removed are noted; gone as soon as the keeper begins to end.
  std::string registry() const { return directory_ + "/p"; }
  const HostFacts& facts() const { return facts_; }

  // Shell text that a script begins with to be ended by the keeper; `name` is unique among the running ones: [a-z0-9]+.
  std::string Registration(std::string_view name) const;
  // Sends SIGTERM to the process of that name.
  Task<Status> Kill(Context context, std::string name);
  // The process of that name has ended: its id may belong to somebody else from now on.
  Task<Status> Forget(Context context, std::string name);
  // The socket has been used: remove its path.
  Task<Status> SocketUsed(Context context);

  // Sends heartbeats, and listens, until the context stops or the keeper ends. Listening also keeps bytes moving on a connection
  // whose other channels are held back.
  Task<void> Attend(Context context);
  // Ends the registered processes, runs after hooks, and removes the directory; true once the keeper says that it has ended. `log` is fed with
  // what it says. After an error or a stop it may be called again; the keeper goes on in any case. Not while it is attended.
  Task<bool> End(Context context, HookLog& log);

 private:
  Keeper(std::unique_ptr<RemoteProcess> process, KeeperTimes times) : process_(std::move(process)), times_(times) {}
  Task<Status> Tell(Context context, std::string line);
  Task<Status> ReadReady(Context context, const std::string& name);
  Task<void> Beat(Context context);

  std::unique_ptr<RemoteProcess> process_;
  KeeperTimes times_;
  AsyncLock writing_;
  std::string directory_;
  HostFacts facts_;
  bool ended_ = false;
  bool told_to_end_ = false;
  WaitQueue end_;
};

// Its script. Exposed for tests.
std::string KeeperScript(const std::string& borg, std::chrono::seconds grace);

}  // namespace borgop
