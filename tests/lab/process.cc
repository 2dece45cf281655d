#include "tests/lab/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <system_error>

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace borgop::lab {
namespace {

[[noreturn]] void Throw(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

UniqueFd MemoryFile(const char* name) {
  UniqueFd fd(memfd_create(name, MFD_CLOEXEC));
  if (!fd) Throw("memfd_create");
  return fd;
}

void WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) Throw("write");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

// From the start, whatever the child's own offset is.
std::string ReadFromStart(int fd) {
  std::string all;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t n = pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(all.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) Throw("pread");
    if (n == 0) return all;
    all.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

std::vector<std::string> Environment(const Command& command) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto name = text.substr(0, text.find('='));
    const bool replaced = std::ranges::any_of(command.env, [&](const auto& added) { return added.first == name; });
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : command.env) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (auto& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Process::Process(const Command& command) : out_(MemoryFile("stdout")), err_(MemoryFile("stderr")) {
  UniqueFd child_input;
  if (command.keep_stdin_open) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) Throw("pipe2");
    child_input.reset(ends[0]);
    input_.reset(ends[1]);
  } else {
    child_input = MemoryFile("stdin");
    WriteAll(child_input.get(), command.input);
    if (lseek(child_input.get(), 0, SEEK_SET) != 0) Throw("lseek");
  }
  auto argv = command.argv;
  auto env = Environment(command);
  const auto argv_pointers = Pointers(argv);
  const auto env_pointers = Pointers(env);
  const pid_t parent = getpid();

  pid_ = fork();
  if (pid_ < 0) Throw("fork");
  if (pid_ == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    if (dup2(child_input.get(), 0) < 0 || dup2(out_.get(), 1) < 0 || dup2(err_.get(), 2) < 0) _exit(127);
    if (signal(SIGPIPE, SIG_DFL) == SIG_ERR) _exit(127);
    execvpe(argv_pointers[0], argv_pointers.data(), env_pointers.data());
    dprintf(2, "cannot start %s: errno %d\n", argv_pointers[0], errno);
    _exit(127);
  }
  setpgid(pid_, pid_);
  pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_) Throw("pidfd_open");
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      input_(std::move(other.input_)),
      status_(std::exchange(other.status_, std::nullopt)) {}

Process::~Process() {
  if (pid_ < 0) return;
  kill(-pid_, SIGKILL);  // the group may outlive its first process
  Reap(true);
}

void Process::Reap(bool block) {
  int status = 0;
  while (!status_) {
    const pid_t reaped = waitpid(pid_, &status, block ? 0 : WNOHANG);
    if (reaped < 0 && errno == EINTR) continue;
    if (reaped == 0) return;
    status_ = reaped == pid_ ? status : 0;
  }
}

bool Process::Running() {
  Reap(false);
  return !status_;
}

std::string Process::Out() const { return ReadFromStart(out_.get()); }
std::string Process::Err() const { return ReadFromStart(err_.get()); }

void Process::Signal(int signal) const {
  if (!status_) kill(pid_, signal);
}

void Process::WriteInput(std::string_view bytes) const { WriteAll(input_.get(), bytes); }

void Process::Pause(std::chrono::milliseconds timeout) const {
  pollfd wait{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
  poll(&wait, 1, static_cast<int>(timeout.count()));
}

std::optional<Ended> Process::Wait(std::chrono::milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (Running()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return std::nullopt;
    Pause(left);
  }
  Ended ended{.out = Out(), .err = Err()};
  const int status = status_.value_or(0);
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  return ended;
}

std::string ReadReadable(const std::filesystem::path& path) {
  std::string text;
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> buffer{};
  ssize_t got = 1;
  while (file && got > 0) {
    got = read(file.get(), buffer.data(), buffer.size());
    if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

Ended RunToEnd(const Command& command, std::chrono::milliseconds timeout) {
  Process process(command);
  if (auto ended = process.Wait(timeout)) return *std::move(ended);
  process.Signal(SIGKILL);
  if (auto ended = process.Wait(std::chrono::seconds(10))) return *std::move(ended);
  return {.signal = SIGKILL, .out = process.Out(), .err = process.Err()};
}

}  // namespace borgop::lab
