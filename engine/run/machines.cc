#include "engine/run/machines.h"

#include <utility>

#include "engine/base/utf8.h"
#include "engine/borg/command.h"
#include "engine/borg/repository_lock.h"
#include "engine/borg/shell_quote.h"
#include "engine/remote/staging.h"

namespace borgop {
namespace {

// T's metadata is small; what comes back to a borg on C or T are answers to what it asked.
constexpr std::uint32_t kServeWindow = 2 * 1024 * 1024;

// Enters a directory of its own, in which SpokenPath leads to `path`. What a cut run leaves of it is the keeper's to remove.
std::string LinkTo(const std::string& path, const std::string& directory) {
  const std::string link = directory + "/" + std::string(kRepositoryLink);
  return "unset CDPATH\nmkdir -p " + directory + " && rm -f " + link + " && ln -s " + ShellQuote(path) + " " + link + " && cd " +
         directory + " || exit 1\n";
}

Context Lasting(const Context& context) {
  Context lasting;
  lasting.loop = context.loop;
  return lasting;
}

}  // namespace

Machines::Machines(const Server& server, const Target& target, const RunEnvironment& environment)
    : server_(server),
      target_(target),
      environment_(environment),
      server_name_("the repository server " + Describe(server.connection)),
      target_name_("the target " + Describe(target.connection)) {}

DialOptions Machines::HowToDial() const {
  DialOptions options;
  options.connect_timeout = target_.limits.connect_timeout;
  options.login_timeout = target_.limits.login_timeout;
  options.times = environment_.session;
  options.limiter = environment_.logins;
  return options;
}

Task<Status> Machines::ConnectServer(Context context) {
  Result<std::unique_ptr<Session>> server = co_await Dial(context, server_.connection, server_name_, HowToDial());
  if (!server) co_return Fail(server.error());
  server_connection_ = std::move(*server);
  co_return Status{};
}

Task<Status> Machines::Connect(Context context) {
  const DialOptions options = HowToDial();
  Result<std::unique_ptr<Session>> server = Fail(Reason::kInternal, "");
  Result<std::unique_ptr<Session>> target = Fail(Reason::kInternal, "");
  const auto dial = [](Context dialing, const SshEndpoint& endpoint, std::string name, DialOptions how,
                       Result<std::unique_ptr<Session>>& into) -> Task<void> {
    into = co_await Dial(dialing, endpoint, std::move(name), how);
  };
  TaskGroup group(context);
  group.Spawn(dial(group.context(), server_.connection, server_name_, options, server));
  group.Spawn(dial(group.context(), target_.connection, target_name_, options, target));
  co_await group.Join();
  if (server) server_connection_ = std::move(*server);
  if (target) target_connection_ = std::move(*target);
  if (!server_connection_) co_return Fail(server.error());
  if (!target_connection_) co_return Fail(target.error());
  co_return Status{};
}

Task<Status> Machines::StartKeepers(Context context) {
  const Status target = co_await StartTargetKeeper(context);
  if (!target) co_return target;
  co_return co_await StartServerKeeper(context);
}

Task<Status> Machines::StartTargetKeeper(Context context) {
  Result<std::unique_ptr<Keeper>> target = co_await Keeper::Start(context, *target_connection_, target_.borg, environment_.keeper);
  if (!target) co_return Fail(target.error());
  target_keeper_ = std::move(*target);
  // Attended until its end, also while a stopped run is cleaned up: so not under the run's own stop.
  attending_target_ = std::make_unique<TaskGroup>(Lasting(context));
  attending_target_->Spawn(target_keeper_->Attend(attending_target_->context()));
  if (!target_keeper_->facts().borg) {
    co_return Fail(Reason::kBorgMissing,
                   target_name_ + " has no " + target_.borg + " on the PATH of user " + target_.connection.user);
  }
  co_return Status{};
}

Task<Status> Machines::StartServerKeeper(Context context) {
  Result<std::unique_ptr<Keeper>> server = co_await Keeper::Start(context, *server_connection_, server_.borg, environment_.keeper);
  if (!server) {
    const Reason reason = server.error().reason;
    if (reason != Reason::kShellUnusable && reason != Reason::kNoPrivateDirectory) co_return Fail(server.error());
    if (reason == Reason::kShellUnusable) no_server_keeper_ = server.error();
    warning_ =
        (no_server_keeper_ ? "the account on " + server_name_ + " runs no scripts" : server.error().message) +
        ", so there is no dead man's switch there: if this machine vanishes, a lock stays until sshd notices "
        "(set ClientAliveInterval 15 and ClientAliveCountMax 3 in its sshd_config). If it has a forced command, only that decides "
        "whether the target can do more than append";
    co_return Status{};
  }
  server_keeper_ = std::move(*server);
  attending_server_ = std::make_unique<TaskGroup>(Lasting(context));
  attending_server_->Spawn(server_keeper_->Attend(attending_server_->context()));
  if (!server_keeper_->facts().borg) {
    co_return Fail(Reason::kBorgMissing,
                   server_name_ + " has no " + server_.borg + " on the PATH of user " + server_.connection.user);
  }
  co_return Status{};
}

Task<Result<std::unique_ptr<RemoteProcess>>> Machines::Serve(Context context, std::string path, bool append_only,
                                                             std::string name) {
  const Command serve = borgop::Serve(server_.borg, path, append_only);
  if (server_keeper_) {
    std::string script = server_keeper_->Registration(name);
    if (!lock_owner_.empty()) script += LockNaming(lock_owner_);
    if (!IsUtf8(path)) script += LinkTo(path, server_keeper_->directory() + "/at-" + name);
    script += "exec " + ShellJoin(serve.argv) + "\n";
    co_return co_await StartScript(context, *server_connection_, std::move(script), kServeWindow);
  }
  if (!IsUtf8(path)) {
    co_return Fail(Reason::kShellUnusable,
                   "the path of the repository is not UTF-8, for which the account on " + server_name_ + " has to run scripts",
                   "Let that account run sh and make a directory below /tmp or /var/tmp, or rename the repository's directory.");
  }
  Result<std::unique_ptr<Channel>> channel = co_await server_connection_->Exec(context, ShellJoin(serve.argv), kServeWindow);
  if (!channel) co_return Fail(channel.error());
  co_return std::make_unique<RemoteProcess>(std::move(*channel), std::string(), std::string());
}

Task<Result<std::optional<std::string>>> Machines::AskServer(Context context, std::string script, std::size_t limit) {
  if (!server_keeper_) co_return std::optional<std::string>();
  Result<ScriptResult> said = co_await RunScript(context, *server_connection_, std::move(script), limit);
  if (!said) co_return Fail(said.error());
  co_return std::optional<std::string>(std::move(said->out));
}

Task<Result<bool>> Machines::HasEmptyDirectory(Context context, std::string path) {
  if (!server_keeper_) co_return true;
  co_return co_await IsEmptyDirectory(context, *server_connection_, std::move(path));
}

Task<Status> Machines::MakeRepository(Context context, std::string path, bool begun, InitAt init) {
  if (!server_keeper_ || begun) co_return co_await init(context, path);
  const Result<std::optional<std::string>> staging = co_await StageRepository(context, *server_connection_, *server_keeper_, path);
  if (!staging) co_return Fail(staging.error());
  if (!*staging) co_return co_await init(context, path);
  const Status made = co_await init(context, **staging);
  if (!made) co_return made;
  co_return co_await PublishRepository(context, *server_connection_, *server_keeper_, **staging, path);
}

Task<void> Machines::Served(Context context, std::string name) {
  if (server_keeper_) co_await server_keeper_->Forget(context, std::move(name));
}

Error ExplainSilence(Error error) {
  if (error.reason != Reason::kDeadlineExceeded) return error;
  return {Reason::kNoProgress, std::move(error.message),
          "See what hangs on that machine (a file system, a login shell's start-up files), then run again."};
}

// An account on B that runs no scripts may run `borg serve` by a forced command, or nothing at all.
Error Machines::ExplainFirst(const Error& error) const {
  const bool spoke_no_borg = error.reason == Reason::kConnectionLost || error.reason == Reason::kBorgOutputInvalid;
  if (!no_server_keeper_ || !spoke_no_borg || ServerFailure()) return error;
  return {Reason::kShellUnusable, no_server_keeper_->message + "; nor does it run borg serve: " + error.message,
          "The account must be able to run sh, or borg serve as its forced command: check its login shell and authorized_keys."};
}

std::optional<Error> Machines::ServerFailure() const {
  if (server_connection_ && server_connection_->failure()) return server_connection_->failure();
  return std::nullopt;
}

std::optional<Error> Machines::TargetFailure() const {
  if (target_connection_ && target_connection_->failure()) return target_connection_->failure();
  return std::nullopt;
}

std::optional<Error> Machines::Failure() const {
  if (std::optional<Error> failure = ServerFailure()) return failure;
  return TargetFailure();
}

void Machines::Abort() {
  const Error error{Reason::kConnectionLost, "the connection was given up", {}};
  if (server_connection_) server_connection_->Abort(error);
  if (target_connection_) target_connection_->Abort(error);
}

Task<bool> Machines::EndTarget(Context context, HookLog& log) {
  if (!target_keeper_) co_return log.ended();
  if (attending_target_) {
    attending_target_->Stop();
    co_await attending_target_->Join();
    attending_target_.reset();
  }
  co_return co_await target_keeper_->End(context, log);
}

Task<void> Machines::EndServer(Context context) {
  if (!server_keeper_) co_return;
  attending_server_->Stop();
  co_await attending_server_->Join();
  HookLog nothing;
  const bool ended = co_await server_keeper_->End(context, nothing);
  if (!ended) left_well_ = false;
  server_keeper_.reset();
}

Task<bool> Machines::End(Context context, HookLog& log) {
  TaskGroup group(context);
  group.Spawn(EndServer(group.context()));
  if (target_keeper_) {
    const bool ended = co_await EndTarget(context, log);
    if (!ended) left_well_ = false;
    target_keeper_.reset();
  }
  co_await group.Join();
  co_return left_well_;
}

Task<bool> Machines::Leave(Context context, HookLog& log) {
  co_await End(context, log);
  const Context goodbye = Lasting(context).WithTimeout(std::chrono::seconds(1));
  if (target_connection_) co_await target_connection_->Disconnect(goodbye);
  if (server_connection_) co_await server_connection_->Disconnect(goodbye);
  target_connection_.reset();
  server_connection_.reset();
  co_return left_well_;
}

}  // namespace borgop
