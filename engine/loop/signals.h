// SIGTERM, SIGINT and SIGCHLD as events of the loop, through one signalfd(2).
//
// Threading: make one Signals before any other thread starts (it blocks the signals for all threads made later), and only one in
// a process at a time.
#pragma once

#include <csignal>
#include <functional>
#include <map>

#include "engine/base/unique_fd.h"
#include "engine/loop/event_loop.h"

namespace borgop {

class Signals final : private Pollable {
 public:
  // `on_stop` is called for each SIGTERM or SIGINT with its number. SIGPIPE is ignored from here on.
  Signals(EventLoop& loop, std::function<void(int)> on_stop);
  ~Signals() override;

  // Calls `on_exit` with the wait status once the child `pid` has ended.
  void WatchChild(pid_t pid, std::function<void(int)> on_exit);
  void ForgetChild(pid_t pid) { children_.erase(pid); }

 private:
  int fd() const override { return fd_.get(); }
  short Interest() override { return POLLIN; }
  void OnReady(short events) override;
  void Reap();

  std::function<void(int)> on_stop_;
  sigset_t previous_{};
  UniqueFd fd_;
  std::map<pid_t, std::function<void(int)>> children_;
};

}  // namespace borgop
