#include "engine/loop/event_loop.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace borgop {
namespace {

class RealPoller final : public Poller {
 public:
  MonotonicTime Now() override { return std::chrono::steady_clock::now(); }
  void Poll(std::span<pollfd> fds, std::chrono::milliseconds timeout) override {
    constexpr std::chrono::milliseconds kLongest{60'000};
    const int limit = timeout.count() < 0 ? -1 : static_cast<int>(std::min(timeout, kLongest).count());
    if (poll(fds.data(), fds.size(), limit) < 0) {
      // EINTR, or ENOMEM for a moment: as if nothing was ready; the next round asks again.
      for (pollfd& entry : fds) entry.revents = 0;
    }
  }
};

task_internal::Detached RunToEnd(Task<void> task, bool& done, std::exception_ptr& exception) {
  try {
    co_await task;
  } catch (...) {
    exception = std::current_exception();
  }
  done = true;
}

}  // namespace

Poller& SystemPoller() {
  static RealPoller poller;
  return poller;
}

Pollable::Pollable(EventLoop& loop) : loop_(loop) { loop_.pollables_.push_back(this); }

Pollable::~Pollable() {
  std::erase(loop_.pollables_, this);
  std::replace(loop_.polled_.begin(), loop_.polled_.end(), this, static_cast<Pollable*>(nullptr));
}

void EventLoop::Run(Task<void> main) {
  bool done = false;
  std::exception_ptr exception;
  Post(RunToEnd(std::move(main), done, exception).handle);
  std::vector<std::coroutine_handle<>> batch;
  while (true) {
    batch.swap(ready_);
    round_began_ = Now();
    for (std::coroutine_handle<> handle : batch) handle.resume();
    batch.clear();
    if (done) break;
    PollOnce();
    FireTimers();
  }
  if (exception) std::rethrow_exception(exception);
}

void EventLoop::PollOnce() {
  std::chrono::milliseconds timeout{-1};
  if (!ready_.empty()) {
    timeout = std::chrono::milliseconds{0};
  } else if (!timers_.empty()) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - Now());
    timeout = std::max(wait, std::chrono::milliseconds{0});
  }
  pollfds_.clear();
  polled_.clear();
  for (Pollable* pollable : pollables_) {
    if (const short events = pollable->Interest(); events != 0) {
      pollfds_.push_back({pollable->fd(), events, 0});
      polled_.push_back(pollable);
    }
  }
  poller_.Poll(pollfds_, timeout);
  for (std::size_t i = 0; i < pollfds_.size(); ++i) {
    if (pollfds_[i].revents != 0 && polled_[i] != nullptr) polled_[i]->OnReady(pollfds_[i].revents);
  }
  polled_.clear();
}

void EventLoop::FireTimers() {
  const MonotonicTime now = Now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    TimerTarget* target = timers_.begin()->second;
    timers_.erase(timers_.begin());
    target->OnTimer();
  }
}

}  // namespace borgop
