#include "engine/loop/subprocess.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "engine/base/pointers.h"

namespace borgop {
namespace {

// A sanitized program has terabytes of addresses, and a child may start this very one (BORG_RSH).
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kLimitsMemory = false;
#else
constexpr bool kLimitsMemory = true;
#endif

struct Pipe {
  UniqueFd read_end, write_end;
};

Result<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Fail(Reason::kInternal, std::string("pipe: ") + std::strerror(errno));
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace

Result<std::unique_ptr<Subprocess>> Subprocess::Start(EventLoop& loop, Signals& signals, const std::vector<std::string>& argv,
                                                      const std::vector<std::pair<std::string, std::string>>& env) {
  for (const std::string& argument : argv) {
    // It would be another one for the program, up to there.
    if (argument.find('\0') != std::string::npos) return Fail(Reason::kInternal, "an argument of " + argv[0] + " holds a NUL");
  }
  Result<Pipe> in = MakePipe();
  Result<Pipe> out = MakePipe();
  Result<Pipe> err = MakePipe();
  for (const Result<Pipe>* made : {&in, &out, &err}) {
    if (!*made) return Fail(made->error());
  }

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in->read_end.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, out->write_end.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, err->write_end.get(), 2);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);  // also what this process was itself given
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  // A process group of its own: Ctrl-C on the terminal reaches the engine alone, which then ends its children in order.
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);

  std::vector<std::string> arguments = argv;
  std::vector<std::string> variables;
  variables.reserve(env.size());
  for (const auto& [name, value] : env) variables.push_back(name + "=" + value);
  pid_t pid = 0;
  const int code =
      posix_spawnp(&pid, arguments[0].c_str(), &actions, &attributes, Pointers(arguments).data(), Pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);

  std::unique_ptr<Subprocess> child(new Subprocess(signals, pid));
  child->in_ = std::make_unique<FdStream>(loop, std::move(in->write_end), "the standard input of " + argv[0]);
  child->out_ = std::make_unique<FdStream>(loop, std::move(out->read_end), "the output of " + argv[0]);
  child->err_ = std::make_unique<FdStream>(loop, std::move(err->read_end), "the messages of " + argv[0]);
  if (code != 0) {
    child->pid_ = -1;
    child->status_ = (code == ENOENT ? 127 : 126) << 8;  // as wait(2) encodes an exit status
    return child;
  }
  Subprocess* self = child.get();
  signals.WatchChild(pid, [self](int status) {
    self->status_ = status;
    self->ended_.NotifyAll();
  });
  return child;
}

Subprocess::~Subprocess() {
  if (status_) return;
  signals_.ForgetChild(pid_);
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Subprocess::LimitMemory(std::uint64_t bytes) const {
  const rlimit limit{bytes, bytes};
  if (kLimitsMemory && pid_ > 0) prlimit(pid_, RLIMIT_AS, &limit, nullptr);
}

void Subprocess::Signal(int number) {
  if (!status_) kill(pid_, number);
}

Task<Result<int>> Subprocess::Wait(Context context) {
  while (!status_) {
    const Wake wake = co_await ended_.Wait(context);
    if (wake != Wake::kNotified) co_return Fail(InterruptedError(wake, "waiting for a program to end"));
  }
  co_return *status_;
}

}  // namespace borgop
