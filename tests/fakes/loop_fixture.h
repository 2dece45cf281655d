// Runs a coroutine on a loop whose time is either the real one or jumps to the next timer whenever nothing is ready.
#pragma once

#include <functional>

#include "engine/loop/wait.h"

namespace borgop {

// Time stands still while there is work and jumps over every wait, so that a test of an hour takes no time.
class JumpingPoller final : public Poller {
 public:
  MonotonicTime Now() override { return now_; }
  void Poll(std::span<pollfd> fds, std::chrono::milliseconds timeout) override {
    for (pollfd& entry : fds) entry.revents = 0;
    if (poll(fds.data(), fds.size(), 0) > 0) return;
    if (timeout.count() < 0) {
      if (fds.empty()) std::abort();  // nothing will ever happen: a hang, in a real loop
      poll(fds.data(), fds.size(), -1);
    } else {
      now_ += timeout;
    }
  }

 private:
  MonotonicTime now_ = std::chrono::steady_clock::now();
};

inline void RunOn(EventLoop& loop, const std::function<Task<void>(Context)>& body) {
  Context context;
  context.loop = &loop;
  loop.Run(body(context));
}

// `body` must not capture by value what dies with the call: a lambda's captures live in the std::function, which lives long enough.
inline void RunJumping(const std::function<Task<void>(Context)>& body) {
  JumpingPoller poller;
  EventLoop loop(poller);
  RunOn(loop, body);
}

inline void RunReal(const std::function<Task<void>(Context)>& body) {
  EventLoop loop;
  RunOn(loop, body);
}

}  // namespace borgop
