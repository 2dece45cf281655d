#include "engine/loop/signals.h"

#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

namespace borgop {

Signals::Signals(EventLoop& loop, std::function<void(int)> on_stop) : Pollable(loop), on_stop_(std::move(on_stop)) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, &previous_);
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  // Where a parent left it ignored, the kernel would reap our children, and nobody would learn that they ended.
  static_cast<void>(std::signal(SIGCHLD, SIG_DFL));
  fd_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

Signals::~Signals() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }

void Signals::WatchChild(pid_t pid, std::function<void(int)> on_exit) {
  children_[pid] = std::move(on_exit);
  Reap();  // it may have ended before it was watched
}

void Signals::OnReady(short) {
  signalfd_siginfo info{};
  while (read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo != SIGCHLD) on_stop_(static_cast<int>(info.ssi_signo));
  }
  Reap();  // several SIGCHLD may arrive as one
}

void Signals::Reap() {
  std::vector<std::pair<std::function<void(int)>, int>> ended;
  for (auto child = children_.begin(); child != children_.end();) {
    int status = 0;
    if (waitpid(child->first, &status, WNOHANG) == child->first) {
      ended.emplace_back(std::move(child->second), status);
      child = children_.erase(child);
    } else {
      ++child;
    }
  }
  for (const auto& [on_exit, status] : ended) on_exit(status);
}

}  // namespace borgop
