#include "engine/remote/target_socket.h"

#include <utility>

namespace borgop {
namespace {

constexpr std::uint32_t kBridgeWindow = 8 * 1024 * 1024;  // what this channel may hold when B stalls; more carries no faster

std::string WaitFor(const std::string& test) {
  return std::string(kNap) + "n=0\nuntil " + test + "; do\n  [ \"$n\" -lt 100 ] || exit " +
         std::to_string(TargetSocket::kNotThere) + "\n  nap\ndone\n";
}

// Whether the process has ended.
Task<bool> Finish(Context context, RemoteProcess& process, std::string& messages) {
  co_await process.in().CloseWrite(context);
  co_await ReadAll(context, process.out(), 0);
  const Result<std::string> said = co_await ReadAll(context, process.err(), 4096);
  if (said) messages += *said;
  const Result<ExitStatus> exit = co_await process.WaitExit(context);
  co_await process.Close(context);
  co_return exit.has_value();
}

}  // namespace

Task<Result<std::unique_ptr<TargetSocket>>> TargetSocket::Open(Context context, Connection& connection, Keeper& keeper) {
  std::unique_ptr<TargetSocket> socket(new TargetSocket(keeper));
  const std::string& directory = keeper.directory();
  if (keeper.facts().socat) {
    const std::string path = directory + "/s";
    Result<std::unique_ptr<RemoteProcess>> listener = co_await StartScript(
        context, connection,
        keeper.Registration("socket") + "exec socat -b65536 UNIX-LISTEN:" + path + ",mode=600,unlink-early STDIO\n", kBridgeWindow);
    if (!listener) co_return Fail(listener.error());
    socket->listener_ = std::move(*listener);
    socket->rsh_ = "sh -c 'exec socat -b65536 - UNIX-CONNECT:" + path + "'";
    socket->wait_ = WaitFor("[ -S " + path + " ]");
    co_return socket;
  }
  if (!keeper.facts().fifo) {
    co_return Fail(Reason::kSocketToolMissing, connection.name() + " has neither socat nor mkfifo and cat");
  }
  const std::string in = directory + "/i";
  const std::string out = directory + "/o";
  Result<std::unique_ptr<RemoteProcess>> listener = co_await StartScript(
      context, connection,
      keeper.Registration("socket") + "mkfifo -m 600 " + in + " " + out + " || exit 97\nexec cat " + in + " </dev/null\n",
      kBridgeWindow);
  if (!listener) co_return Fail(listener.error());
  socket->listener_ = std::move(*listener);
  Result<std::unique_ptr<RemoteProcess>> writer = co_await StartScript(
      context, connection, keeper.Registration("socketout") + WaitFor("[ -p " + out + " ]") + "exec cat >" + out + "\n",
      Connection::kSmallWindow);
  if (!writer) co_return Fail(writer.error());
  socket->writer_ = std::move(*writer);
  // Both FIFOs are open before a byte flows: the first one has their names removed (Keeper::SocketUsed).
  socket->rsh_ = "sh -c 'exec 3<" + out + " && { cat <&3 & exec cat >" + in + " 3<&-; }'";
  socket->wait_ = WaitFor("[ -p " + out + " ]");
  co_return socket;
}

Task<void> TargetSocket::Terminate(Context context) {
  if (writer_) co_await keeper_.Kill(context, "socketout");
  co_await keeper_.Kill(context, "socket");
}

Task<void> TargetSocket::Close(Context context, std::string& messages) {
  // One that has not ended (it may still wait in open(2) for somebody at a FIFO) stays registered: the keeper ends it.
  if (writer_) {
    const bool ended = co_await Finish(context, *writer_, messages);
    if (ended) co_await keeper_.Forget(context, "socketout");
  }
  if (listener_) {
    const bool ended = co_await Finish(context, *listener_, messages);
    if (ended) co_await keeper_.Forget(context, "socket");
  }
}

}  // namespace borgop
