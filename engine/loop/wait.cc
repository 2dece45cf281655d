#include "engine/loop/wait.h"

#include <cassert>
#include <exception>
#include <utility>

namespace borgop {

StopSource::StopSource(StopSource* parent) : parent_(parent) {
  if (parent_ == nullptr) return;
  stopped_ = parent_->stopped_;
  parent_->children_.push_back(this);
}

StopSource::~StopSource() {
  if (parent_ != nullptr) std::erase(parent_->children_, this);
  for (StopSource* child : children_) child->parent_ = nullptr;
}

void StopSource::Stop() {
  if (stopped_) return;
  stopped_ = true;
  while (waiters_.linked()) waiters_.next->owner->Finish(Wake::kStopped);
  for (StopSource* child : children_) child->Stop();
}

Error InterruptedError(Wake wake, std::string_view doing) {
  if (wake == Wake::kStopped) return {Reason::kCancelled, "stopped while " + std::string(doing), {}};
  return {Reason::kDeadlineExceeded, "time ran out while " + std::string(doing), {}};
}

Waiter::Waiter(const Context& context, WaiterLink* queue)
    : context_(context), queue_(queue), timer_(context.loop->NoTimer()), result_(context.Interrupted()) {
  in_queue_.owner = this;
  in_stop_.owner = this;
}

void Waiter::await_suspend(std::coroutine_handle<> handle) {
  handle_ = handle;
  if (queue_ != nullptr) in_queue_.InsertBefore(*queue_);
  if (context_.stop != nullptr) in_stop_.InsertBefore(context_.stop->waiters_);
  if (context_.deadline != MonotonicTime::max()) timer_ = context_.loop->AddTimer(context_.deadline, this);
}

void Waiter::Finish(Wake result) {
  Leave();
  result_ = result;
  context_.loop->Post(handle_);
}

void Waiter::OnTimer() {
  timer_ = context_.loop->NoTimer();
  Finish(Wake::kTimedOut);
}

void Waiter::Leave() {
  in_queue_.Unlink();
  in_stop_.Unlink();
  if (timer_ != context_.loop->NoTimer()) context_.loop->RemoveTimer(std::exchange(timer_, context_.loop->NoTimer()));
}

void WaitQueue::NotifyAll() {
  while (waiters_.linked()) waiters_.next->owner->Finish(Wake::kNotified);
}

Task<Result<AsyncLock::Guard>> AsyncLock::Acquire(Context context, std::string_view doing) {
  while (free_ == 0) {
    const Wake wake = co_await queue_.Wait(context);
    if (wake != Wake::kNotified) co_return Fail(InterruptedError(wake, doing));
  }
  --free_;
  co_return Guard(this);
}

void AsyncLock::Release() {
  ++free_;
  queue_.NotifyAll();
}

namespace {

task_internal::Detached RunInGroup(Task<void> task, std::size_t& running, std::exception_ptr& exception, WaitQueue& ended) {
  try {
    co_await task;
  } catch (...) {
    exception = std::current_exception();
  }
  --running;
  ended.NotifyAll();
}

}  // namespace

TaskGroup::~TaskGroup() { assert(running_ == 0 && "a TaskGroup must be joined"); }

void TaskGroup::Spawn(Task<void> task) {
  ++running_;
  context_.loop->Post(RunInGroup(std::move(task), running_, exception_, ended_).handle);
}

Task<void> TaskGroup::Join() {
  Context context;
  context.loop = context_.loop;
  while (running_ != 0) co_await ended_.Wait(context);
  if (exception_) std::rethrow_exception(std::exchange(exception_, nullptr));
}

}  // namespace borgop
