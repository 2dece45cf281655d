// The one poll loop. Everything else in the engine is a coroutine that waits on it (wait.h) or a Pollable that it asks.
//
// Threading: one loop, one thread. Nothing here is thread-safe but Poller::Now.
#pragma once

#include <poll.h>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "engine/loop/task.h"

namespace borgop {

using MonotonicTime = std::chrono::steady_clock::time_point;

// The edge to the kernel: time and poll(2). Tests put one in its place whose time jumps to the next timer.
class Poller {
 public:
  virtual ~Poller() = default;
  virtual MonotonicTime Now() = 0;
  // As poll(2); `timeout` negative waits without limit. EINTR is not an error.
  virtual void Poll(std::span<pollfd> fds, std::chrono::milliseconds timeout) = 0;
};
Poller& SystemPoller();

// Something with a file descriptor that the loop polls. Registered for as long as it lives.
class EventLoop;
class Pollable {
 public:
  explicit Pollable(EventLoop& loop);
  Pollable(const Pollable&) = delete;
  Pollable& operator=(const Pollable&) = delete;
  virtual ~Pollable();
  virtual int fd() const = 0;
  // POLLIN and POLLOUT as wanted right now; 0 leaves the descriptor out of this round. Asked before each poll.
  virtual short Interest() = 0;
  virtual void OnReady(short events) = 0;

 protected:
  EventLoop& loop_;
};

class EventLoop {
 public:
  explicit EventLoop(Poller& poller = SystemPoller()) : poller_(poller) {}
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until `main` has finished. An exception that leaves `main` leaves Run.
  void Run(Task<void> main);

  MonotonicTime Now() { return poller_.Now(); }
  // Resumes `handle` in the next round, never from within this call.
  void Post(std::coroutine_handle<> handle) { ready_.push_back(handle); }

  // To be awaited by whoever may never have to wait, as the other side is always faster: once this round has taken long, all others
  // have their turn first. Gives back whether that was so.
  auto GiveWay() {
    struct Awaiter {
      EventLoop& loop;
      bool given;
      bool await_ready() const { return !given; }
      void await_suspend(std::coroutine_handle<> handle) { loop.Post(handle); }
      bool await_resume() const { return given; }
    };
    return Awaiter{*this, Now() - round_began_ > kLongRound};
  }

  // Timers, for wait.h. The callback object is asked once; it is gone from the queue by then.
  class TimerTarget {
   public:
    virtual void OnTimer() = 0;

   protected:
    ~TimerTarget() = default;
  };
  using Timers = std::multimap<MonotonicTime, TimerTarget*>;
  Timers::iterator AddTimer(MonotonicTime when, TimerTarget* target) { return timers_.emplace(when, target); }
  void RemoveTimer(Timers::iterator timer) { timers_.erase(timer); }
  Timers::iterator NoTimer() { return timers_.end(); }

 private:
  static constexpr std::chrono::milliseconds kLongRound{10};

  friend class Pollable;
  void PollOnce();
  void FireTimers();

  Poller& poller_;
  std::vector<std::coroutine_handle<>> ready_;
  Timers timers_;
  MonotonicTime round_began_ = MonotonicTime::max();
  std::vector<Pollable*> pollables_;
  std::vector<pollfd> pollfds_;    // scratch of PollOnce
  std::vector<Pollable*> polled_;  // scratch of PollOnce: the owner of each pollfd, null once it is gone
};

}  // namespace borgop
