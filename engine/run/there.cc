#include "engine/run/there.h"

#include <utility>

#include "engine/borg/shell_quote.h"
#include "engine/plan/rules.h"
#include "engine/report/printable.h"
#include "engine/run/lock_patience.h"

namespace borgop {
namespace {

constexpr std::chrono::seconds kSocketClose{10};
constexpr std::uint32_t kOutputWindow = 1024 * 1024;

class SocketEntrance final : public BridgeEntrance {
 public:
  SocketEntrance(TargetSocket& socket, Keeper& keeper) : socket_(socket), keeper_(keeper) {}
  Task<Result<BridgeEnd>> Open(Context) override { co_return BridgeEnd{socket_.from_target(), socket_.to_target()}; }
  Task<void> Used(Context context) override { co_await keeper_.SocketUsed(context); }

 private:
  TargetSocket& socket_;
  Keeper& keeper_;
};

}  // namespace

Task<Result<ExchangeResult>> BorgThere::Run(Context context, std::string path, std::string name, std::string directory,
                                            const MakeCommand& make, guard::Guard& guard, ExchangeOptions options) {
  LockPatience patience(target_.limits.lock_wait, context.loop->Now());
  const guard::Guard fresh = guard;
  while (true) {
    Result<ExchangeResult> result =
        co_await RunOnce(context, path, name, directory, make, guard, options, patience.Slice(context.loop->Now()));
    // Whoever has put something had the lock, whatever it says; what it put counts.
    if (!result || guard.new_bytes() != 0 || !patience.Again(*result, options, context.loop->Now())) co_return result;
    guard = fresh;
  }
}

Task<Result<ExchangeResult>> BorgThere::RunOnce(Context context, std::string path, std::string name, std::string directory,
                                                const MakeCommand& make, guard::Guard& guard, ExchangeOptions options,
                                                std::chrono::seconds lock_wait) {
  Keeper& keeper = machines_.target_keeper();
  const std::string serve_name = "servetarget";
  Result<std::unique_ptr<RemoteProcess>> server = co_await machines_.Serve(context, std::move(path), true, serve_name);
  if (!server) co_return Fail(server.error());
  Result<std::unique_ptr<TargetSocket>> socket = co_await TargetSocket::Open(context, machines_.target(), keeper);
  if (!socket) co_return Fail(socket.error());
  Client client;
  client.machine = Machine::kTarget;
  client.borg = target_.borg;
  client.rsh = (*socket)->rsh();
  client.lock_wait = lock_wait;
  client.unencrypted = IsUnencrypted(target_.repository.encryption);
  std::string script = keeper.Registration(name) + (*socket)->wait_until_ready();
  if (!directory.empty()) script += "unset CDPATH\ncd " + ShellQuote(directory) + " || exit 1\n";
  script += ScriptFor(make(client)) + "\n";
  Result<std::unique_ptr<RemoteProcess>> process =
      co_await StartScript(context, machines_.target(), std::move(script), kOutputWindow);
  if (!process) co_return Fail(process.error());
  RemoteBorg borg(std::move(*process), keeper, name);
  SocketEntrance entrance(**socket, keeper);
  ExchangeResult result =
      co_await RunExchange(context, borg, entrance, **server, guard, target_.repository.passphrase, std::move(options));
  if (result.server_exit) co_await machines_.Served(context, serve_name);
  std::string said;
  if (result.counters.to_server == 0) co_await (*socket)->Terminate(context);
  co_await (*socket)->Close(context.WithTimeout(kSocketClose), said);
  const bool not_there = result.counters.to_server == 0 && result.messages.msgid.empty() && result.exit &&
                         result.exit->status == TargetSocket::kNotThere;
  if (not_there) {
    co_return Fail(
        Reason::kSocketToolMissing,
        "the socket on " + machines_.target_name() + " did not appear" + (said.empty() ? "" : ": " + Printable(said, 300)),
        "Check that /tmp on the target has room and takes sockets, and that socat works there.");
  }
  co_return result;
}

}  // namespace borgop
