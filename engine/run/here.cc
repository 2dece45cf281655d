#include "engine/run/here.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "engine/borg/shell_quote.h"
#include "engine/loop/unix_socket.h"
#include "engine/plan/rules.h"
#include "engine/run/lock_patience.h"

namespace borgop {
namespace {

// The local borg comes through a socket in a private directory.
class Entrance final : public BridgeEntrance {
 public:
  explicit Entrance(UnixListener& listener) : listener_(listener) {}
  Task<Result<BridgeEnd>> Open(Context context) override {
    Result<UniqueFd> fd = co_await listener_.Accept(context);
    if (!fd) co_return Fail(fd.error());
    stream_ = std::make_unique<FdStream>(*context.loop, std::move(*fd), "the local borg");
    co_return BridgeEnd{*stream_, *stream_};
  }
  Task<void> Used(Context) override { co_return; }

 private:
  UnixListener& listener_;
  std::unique_ptr<FdStream> stream_;
};

}  // namespace

Task<Result<ExchangeResult>> BorgHere::Run(Context context, std::string path, const MakeCommand& make, ExchangeOptions options,
                                           guard::InitKind init) {
  LockPatience patience(target_.limits.lock_wait, context.loop->Now());
  while (true) {
    Result<ExchangeResult> result = co_await RunOnce(context, path, make, options, init, patience.Slice(context.loop->Now()));
    if (!result || !patience.Again(*result, options, context.loop->Now())) co_return result;
  }
}

Task<Result<ExchangeResult>> BorgHere::RunOnce(Context context, std::string path, const MakeCommand& make, ExchangeOptions options,
                                               guard::InitKind init, std::chrono::seconds lock_wait) {
  if (!directory_) {
    Result<PrivateDirectory> made = PrivateDirectory::Make();
    if (!made) co_return Fail(made.error());
    directory_.emplace(std::move(*made));
  }
  if (path != repository_) {
    repository_ = path;
    base_ = directory_->path() + "/borg" + std::to_string(count_);
    std::error_code ignored;
    std::filesystem::create_directory(base_, ignored);
  }
  const std::string name = sessions_ + std::to_string(++count_);
  const std::string socket = directory_->path() + "/" + name;
  Result<std::unique_ptr<UnixListener>> listener = UnixListener::Listen(*context.loop, socket);
  if (!listener) co_return Fail(listener.error());
  guard::Guard guard({.path = SpokenPath(path),
                      .pins = pins_,
                      .max_new_bytes = std::nullopt,
                      .client = guard::Client::kTrusted,
                      .shown_manifest = shown_manifest_,
                      .init = init});
  Result<std::unique_ptr<RemoteProcess>> server = co_await machines_.Serve(context, std::move(path), append_only_, name);
  if (!server) co_return Fail(server.error());
  Client client;
  client.machine = Machine::kHere;
  client.borg = environment_.borg;
  client.rsh = ShellJoin({environment_.engine, "connect", socket});
  client.base_dir = base_;
  client.lock_wait = lock_wait;
  client.unencrypted = IsUnencrypted(target_.repository.encryption);
  const Command command = make(client);
  Result<std::unique_ptr<Subprocess>> process =
      Subprocess::Start(*environment_.loop, *environment_.signals, command.argv, Environment(command));
  if (!process) co_return Fail(process.error());
  if (max_memory_) (*process)->LimitMemory(*max_memory_);
  LocalBorg borg(std::move(*process));
  Entrance entrance(**listener);
  ExchangeResult result =
      co_await RunExchange(context, borg, entrance, **server, guard, target_.repository.passphrase, std::move(options));
  pins_ = guard.pins();
  if (result.server_exit) co_await machines_.Served(context, name);
  tested_ = tested_ || (result.exit && result.exit->status == 0 && result.exit->signal.empty());
  co_return result;
}

std::vector<std::pair<std::string, std::string>> BorgHere::Environment(const Command& command) const {
  // Little is inherited: what an account's environment says to borg must not count.
  std::vector<std::pair<std::string, std::string>> environment;
  for (const char* name : {"PATH", "TMPDIR", "TZ", "PYTHONDONTWRITEBYTECODE"}) {
    const bool set =
        std::any_of(command.env.begin(), command.env.end(), [name](const auto& variable) { return variable.first == name; });
    if (const char* value = std::getenv(name); value != nullptr && !set) environment.emplace_back(name, value);
  }
  environment.emplace_back("HOME", directory_->path());
  // borg tests itself at each start, which takes a third of its time where there is little to do (borg's documentation, BORG_SELFTEST).
  if (tested_) environment.emplace_back("BORG_SELFTEST", "disabled");
  for (const auto& [name, value] : command.env) environment.emplace_back(name, value);
  return environment;
}

}  // namespace borgop
