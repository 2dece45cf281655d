// How coroutines wait: for a notification, a time, or being told to stop, whichever comes first.
//
// A Context goes through every asynchronous call, first: it says which loop, until when, and who may stop it. Contexts nest: a
// child's stop follows its parent's, a child's deadline is never later than its parent's.
//
// Threading: the loop's thread only. Lifetime: queues and stop sources must outlive the coroutines that wait on them; a waiting
// coroutine that is destroyed unlinks itself.
#pragma once

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/loop/event_loop.h"

namespace borgop {

class Waiter;

// A doubly linked list of waiters with O(1) unlinking; the list does not own them.
struct WaiterLink {
  WaiterLink* prev = this;
  WaiterLink* next = this;
  Waiter* owner = nullptr;
  WaiterLink() = default;
  WaiterLink(const WaiterLink&) = delete;
  WaiterLink& operator=(const WaiterLink&) = delete;
  ~WaiterLink() { Unlink(); }
  bool linked() const { return next != this; }
  void Unlink() {
    prev->next = next;
    next->prev = prev;
    prev = next = this;
  }
  void InsertBefore(WaiterLink& position) {
    prev = position.prev;
    next = &position;
    prev->next = this;
    position.prev = this;
  }
};

class StopSource {
 public:
  StopSource() = default;
  explicit StopSource(StopSource* parent);
  StopSource(const StopSource&) = delete;
  StopSource& operator=(const StopSource&) = delete;
  ~StopSource();
  // Wakes all who wait under this source and its children. Idempotent.
  void Stop();
  bool stopped() const { return stopped_; }

 private:
  friend class Waiter;
  bool stopped_ = false;
  StopSource* parent_ = nullptr;
  std::vector<StopSource*> children_;
  WaiterLink waiters_;
};

enum class Wake { kNotified, kStopped, kTimedOut };

struct Context {
  EventLoop* loop = nullptr;
  StopSource* stop = nullptr;
  MonotonicTime deadline = MonotonicTime::max();

  // The same, with at most `timeout` from now.
  Context WithTimeout(std::chrono::milliseconds timeout) const {
    Context child = *this;
    child.deadline = std::min(deadline, loop->Now() + timeout);
    return child;
  }
  Context WithStop(StopSource& source) const {
    Context child = *this;
    child.stop = &source;
    return child;
  }
  // kNotified while there is neither.
  Wake Interrupted() const {
    if (stop != nullptr && stop->stopped()) return Wake::kStopped;
    return loop->Now() >= deadline ? Wake::kTimedOut : Wake::kNotified;
  }
};

// kCancelled or kDeadlineExceeded, saying what was going on. `wake` is not kNotified.
Error InterruptedError(Wake wake, std::string_view doing);

// The awaitable: suspends until its queue is notified, the context's stop is called or its deadline passes.
class [[nodiscard]] Waiter final : private EventLoop::TimerTarget {
 public:
  // `queue` may be null: wait for time or stop only.
  Waiter(const Context& context, WaiterLink* queue);
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() { Leave(); }

  bool await_ready() { return result_ != Wake::kNotified; }
  void await_suspend(std::coroutine_handle<> handle);
  Wake await_resume() const { return result_; }

  void Finish(Wake result);

 private:
  void OnTimer() override;
  void Leave();

  Context context_;
  WaiterLink* queue_;
  WaiterLink in_queue_, in_stop_;
  EventLoop::Timers::iterator timer_;
  std::coroutine_handle<> handle_;
  Wake result_ = Wake::kNotified;
};

// Coroutines that wait for one thing to happen.
class WaitQueue {
 public:
  // Wakes all who wait now.
  void NotifyAll();
  bool empty() const { return !waiters_.linked(); }
  Waiter Wait(const Context& context) { return Waiter(context, &waiters_); }

 private:
  WaiterLink waiters_;
};

// Returns kTimedOut when `duration` has passed, kStopped when stopped before; kTimedOut too when the context's deadline is earlier.
inline Waiter Sleep(const Context& context, std::chrono::milliseconds duration) {
  return Waiter(context.WithTimeout(duration), nullptr);
}

// A lock for coroutines; fair enough for the few who ever want one.
class AsyncLock {
 public:
  class [[nodiscard]] Guard {
   public:
    Guard() = default;
    explicit Guard(AsyncLock* lock) : lock_(lock) {}
    Guard(Guard&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
    Guard& operator=(Guard&& other) noexcept {
      std::swap(lock_, other.lock_);
      return *this;
    }
    ~Guard() {
      if (lock_ != nullptr) lock_->Release();
    }

   private:
    AsyncLock* lock_ = nullptr;
  };
  explicit AsyncLock(std::size_t places = 1) : free_(places) {}
  Task<Result<Guard>> Acquire(Context context, std::string_view doing);

 private:
  void Release();
  std::size_t free_;
  WaitQueue queue_;
};

// Tasks that run side by side and end together: the one who made the group joins it before it goes out of scope.
class TaskGroup {
 public:
  explicit TaskGroup(const Context& context) : stop_(context.stop), context_(context.WithStop(stop_)) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  // The context for the group's tasks: stopped with the parent's, or by Stop.
  const Context& context() const { return context_; }
  void Spawn(Task<void> task);
  void Stop() { stop_.Stop(); }
  // Waits until every task has ended, whatever stops or deadlines say: tasks end by heeding their context.
  Task<void> Join();

 private:
  StopSource stop_;
  Context context_;
  std::size_t running_ = 0;
  std::exception_ptr exception_;
  WaitQueue ended_;
};

}  // namespace borgop
