#include "controller/kube/work_queue.h"

#include <algorithm>
#include <utility>

namespace borgop::kube {

WorkQueue::WorkQueue(Clock& clock, Options options)
    : clock_(clock), options_(options), retries_(options.retry_rate, options.retry_burst) {}

void WorkQueue::Add(const ObjectKey& key) {
  const std::lock_guard lock(mutex_);
  AddLocked(key);
}

void WorkQueue::AddLocked(const ObjectKey& key) {
  if (shut_down_ || !dirty_.insert(key).second) return;
  if (processing_.contains(key)) return;  // Done puts it into the queue
  ready_.push_back(key);
  changed_.notify_one();
}

void WorkQueue::AddAfter(const ObjectKey& key, Duration delay) {
  const std::lock_guard lock(mutex_);
  AddAfterLocked(key, delay);
}

void WorkQueue::AddAfterLocked(const ObjectKey& key, Duration delay) {
  if (shut_down_) return;
  if (delay <= Duration::zero()) {
    AddLocked(key);
    return;
  }
  const MonotonicTime at = clock_.Now() + delay;
  const auto [entry, is_new] = due_.try_emplace(key, at);
  if (!is_new) {
    if (entry->second <= at) return;
    delayed_.erase({entry->second, key});
    entry->second = at;
  }
  delayed_.emplace(at, key);
  changed_.notify_all();  // whoever waits for the earliest one waits for another now
}

void WorkQueue::AddWithBackoff(const ObjectKey& key, Duration at_least) {
  const std::lock_guard lock(mutex_);
  int& failures = failures_[key];
  Duration delay = options_.first_delay;
  for (int i = 0; i < failures && delay < options_.max_delay; ++i) delay *= 2;
  ++failures;
  AddAfterLocked(key, std::max({std::min(delay, options_.max_delay), retries_.Take(clock_.Now()), at_least}));
}

void WorkQueue::Forget(const ObjectKey& key) {
  const std::lock_guard lock(mutex_);
  failures_.erase(key);
}

int WorkQueue::Failures(const ObjectKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = failures_.find(key);
  return found == failures_.end() ? 0 : found->second;
}

void WorkQueue::Release() {
  const MonotonicTime now = clock_.Now();
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    const ObjectKey key = delayed_.begin()->second;
    delayed_.erase(delayed_.begin());
    due_.erase(key);
    AddLocked(key);
  }
}

std::optional<ObjectKey> WorkQueue::Take() {
  Release();
  if (shut_down_ || ready_.empty()) return std::nullopt;
  ObjectKey key = std::move(ready_.front());
  ready_.pop_front();
  dirty_.erase(key);
  processing_.insert(key);
  return key;
}

std::optional<ObjectKey> WorkQueue::Get(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!shut_down_ && !stop.stop_requested()) {
    if (std::optional<ObjectKey> key = Take()) return key;
    const std::size_t wakes = wakes_;
    const std::optional<MonotonicTime> first = delayed_.empty() ? std::nullopt : std::optional(delayed_.begin()->first);
    const auto anything = [&] {
      return shut_down_ || wakes != wakes_ || !ready_.empty() ||
             (!delayed_.empty() && (!first || delayed_.begin()->first < *first));
    };
    if (first) {
      changed_.wait_for(lock, stop, *first - clock_.Now(), anything);
    } else {
      changed_.wait(lock, stop, anything);
    }
  }
  return std::nullopt;
}

std::optional<ObjectKey> WorkQueue::TryGet() {
  const std::lock_guard lock(mutex_);
  return Take();
}

void WorkQueue::Done(const ObjectKey& key) {
  const std::lock_guard lock(mutex_);
  if (processing_.erase(key) == 0 || !dirty_.contains(key)) return;
  ready_.push_back(key);
  changed_.notify_one();
}

void WorkQueue::ShutDown() {
  const std::lock_guard lock(mutex_);
  shut_down_ = true;
  ready_.clear();
  dirty_.clear();
  delayed_.clear();
  due_.clear();
  changed_.notify_all();
}

void WorkQueue::Wake() {
  const std::lock_guard lock(mutex_);
  ++wakes_;
  changed_.notify_all();
}

std::size_t WorkQueue::Ready() const {
  const std::lock_guard lock(mutex_);
  return ready_.size();
}
std::size_t WorkQueue::Delayed() const {
  const std::lock_guard lock(mutex_);
  return delayed_.size();
}
std::size_t WorkQueue::Processing() const {
  const std::lock_guard lock(mutex_);
  return processing_.size();
}

}  // namespace borgop::kube
