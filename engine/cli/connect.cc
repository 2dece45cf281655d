#include <unistd.h>

#include <csignal>
#include <iostream>
#include <memory>

#include "engine/bridge/bridge.h"
#include "engine/cli/verbs.h"
#include "engine/loop/unix_socket.h"
#include "engine/report/report.h"

namespace borgop::cli {
namespace {

int Connect(const std::string& path) {
  Result<UniqueFd> socket = ConnectUnix(path);
  if (!socket) {
    std::cerr << "borg-engine: " << socket.error().message << "\n";
    return exit_code::kFailed;
  }
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  EventLoop loop;
  FdStream far_end(loop, std::move(*socket), path);
  FdStream in(loop, UniqueFd(dup(STDIN_FILENO)), "standard input");
  FdStream out(loop, UniqueFd(dup(STDOUT_FILENO)), "standard output");
  close(STDOUT_FILENO);  // so that closing `out` is an end of file for who reads it
  bool ok = false;
  const auto main = [&](Context context) -> Task<void> {
    BridgeCounters counters;
    WaitQueue first_byte;
    const BridgeResult result =
        co_await RunBridge(context, BridgeEnd{in, out}, BridgeEnd{far_end, far_end}, nullptr, counters, first_byte);
    ok = !result.client_error && !result.server_error;
  };
  Context context;
  context.loop = &loop;
  loop.Run(main(context));
  return ok ? exit_code::kOk : exit_code::kFailed;
}

}  // namespace

void AddConnect(CLI::App& app, Action& action) {
  auto path = std::make_shared<std::string>();
  CLI::App* verb =
      app.add_subcommand("connect", "Join standard input and output with a unix socket (what the local borg connects through)");
  verb->group("");  // not for people
  verb->add_option("socket", *path, "The socket's path")->required();
  verb->allow_extras();  // borg appends the host and the command that it would have ssh run
  verb->prefix_command();
  verb->callback([path, &action] { action = [path] { return Connect(*path); }; });
}

}  // namespace borgop::cli
