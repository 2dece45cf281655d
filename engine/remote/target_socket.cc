#include "engine/remote/target_socket.h"

#include <utility>

namespace borgop {
namespace {

constexpr std::uint32_t kBridgeWindow = 8 * 1024 * 1024;  // what this channel may hold when B stalls; more carries no faster

std::string WaitFor(const std::string& test) {
  return std::string(kNap) + "n=0\nuntil " + test + "; do\n  [ \"$n\" -lt 100 ] || exit " +
         std::to_string(TargetSocket::kNotThere) + "\n  nap\ndone\n";
}

Task<void> Finish(Context context, RemoteProcess& process, std::string& messages) {
  co_await process.in().CloseWrite(context);
  co_await ReadAll(context, process.out(), 0);
  const Result<std::string> said = co_await ReadAll(context, process.err(), 4096);
  if (said) messages += *said;
  co_await process.WaitExit(context);
  co_await process.Close(context);
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
  socket->rsh_ = "sh -c 'cat " + out + " & exec cat >" + in + "'";
  socket->wait_ = WaitFor("[ -p " + out + " ]");
  co_return socket;
}

Task<void> TargetSocket::Terminate(Context context) {
  if (writer_) co_await keeper_.Kill(context, "socketout");
  co_await keeper_.Kill(context, "socket");
}

Task<void> TargetSocket::Close(Context context, std::string& messages) {
  if (writer_) co_await Finish(context, *writer_, messages);
  if (listener_) co_await Finish(context, *listener_, messages);
  if (writer_) co_await keeper_.Forget(context, "socketout");
  co_await keeper_.Forget(context, "socket");
}

}  // namespace borgop
