#include "tests/conformance/machine.h"

#include <fcntl.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>

#include "tests/lab/lab.h"

namespace borgop {
namespace {

Task<void> Drain(Context context, Reader& from) { co_await ReadAll(context, from, 0); }

Task<ExitStatus> Play(Context context, FakeStdio& stdio, std::string command) {
  ExitStatus exit;
  if (command.starts_with("exit ")) {
    exit.status = std::stoi(command.substr(5));
  } else if (command == commands::Killed()) {
    exit.signal = "KILL";
  } else if (command == commands::Cat()) {
    co_await Repeat(context, stdio, false);
  } else if (command == commands::Both()) {
    co_await Repeat(context, stdio, true);
  } else if (command.starts_with("head -c ")) {
    std::size_t left = std::stoul(command.substr(8));
    const std::string zeros(64 * 1024, '\0');
    while (left > 0) {
      const std::size_t part = std::min(left, zeros.size());
      const Status written = co_await stdio.out.Write(context, std::string_view(zeros).substr(0, part));
      if (!written) break;
      left -= part;
    }
  } else if (command == commands::SwallowThenSay()) {
    co_await Drain(context, stdio.in);
    co_await stdio.out.Write(context, std::string_view("got all"));
  } else if (command == commands::Endless()) {
    const std::string line(4096, 'y');
    Status written;
    while (written) written = co_await stdio.out.Write(context, line);
    exit.signal = "PIPE";
  } else {
    if (command == commands::CloseInput()) {
      stdio.in.CloseRead();
      co_await stdio.out.Write(context, std::string_view("closed\n"));
    }
    co_await Waiter(context, nullptr);
  }
  co_return exit;
}

}  // namespace

std::string ToString(MachineKind kind) {
  switch (kind) {
    case MachineKind::kMemory: return "Memory";
    case MachineKind::kDirect: return "Direct";
    default: return "Jump";
  }
}

namespace commands {
std::string Exit(int status) { return "exit " + std::to_string(status); }
std::string Killed() { return "kill -KILL $$"; }
std::string Cat() { return "exec cat"; }
std::string Both() { return "exec tee /dev/stderr"; }
std::string Emit(std::size_t size) { return "head -c " + std::to_string(size) + " /dev/zero"; }
std::string SwallowThenSay() { return "cat >/dev/null; printf 'got all'"; }
std::string Endless() { return "exec yes"; }
std::string Deaf() { return "exec sleep 600"; }
std::string CloseInput() { return "exec <&-; echo closed; exec sleep 600"; }
}  // namespace commands

void StandAtClient() {
  const lab::Lab& machines = lab::Lab::Shared();
  if (!machines.isolated()) return;
  std::string pid;
  std::getline(std::ifstream(machines.state() / "C" / "pid") >> std::ws, pid);
  const UniqueFd network(open(("/proc/" + pid + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
  if (!network || setns(network.get(), CLONE_NEWNET) != 0) throw std::runtime_error("cannot enter C's network");
}

Task<Result<std::unique_ptr<Connection>>> Reach(Context context, MachineKind kind, SessionTimes times) {
  if (kind == MachineKind::kMemory) co_return std::make_unique<FakeConnection>(*context.loop, Play);
  const lab::Lab& machines = lab::Lab::Shared();
  SshEndpoint endpoint = machines.Endpoint(machines.target());
  if (kind == MachineKind::kJump) {
    endpoint.jump_host = std::make_unique<SshEndpoint>(machines.Endpoint(machines.jump()));
    if (machines.isolated()) {
      endpoint.host = machines.target().inner_address();
      endpoint.known_hosts = machines.target().KnownHosts({}, endpoint.host);
    }
  }
  DialOptions options;
  options.times = times;
  Result<std::unique_ptr<Session>> session = co_await Dial(context, endpoint, "the target", options);
  if (!session) co_return Fail(session.error());
  co_return std::move(*session);
}

}  // namespace borgop
