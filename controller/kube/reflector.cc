#include "controller/kube/reflector.h"

#include <algorithm>
#include <utility>

namespace borgop::kube {

using Code = ApiError::Code;

AfterWatch DecideAfterWatch(const Status& ended, WatchCourse course) {
  const bool silent = course == WatchCourse::kSilent;
  if (ended) return {.list_again = silent, .wait = course == WatchCourse::kShort};
  const std::chrono::seconds at_least = ended.error().AskedToWait();
  switch (ended.error().code) {
    // The way to the server broke; what was seen is still good.
    case Code::kUnreachable:
    case Code::kThrottled: return {.list_again = silent, .wait = true, .at_least = at_least};
    // The server's own (504) may mean that it does not know the version.
    case Code::kTimeout: return {.list_again = silent || ended.error().status != 0, .wait = true, .at_least = at_least};
    // Normal after a long time without changes; a server that says so each time is not asked at once each time.
    case Code::kGone: return {.list_again = true, .wait = course != WatchCourse::kHeard, .at_least = at_least};
    default: return {.list_again = true, .wait = true, .at_least = at_least};
  }
}

Reflector::Reflector(Client& client, ResourceType type, Selection selection, Options options, Clock& clock, Sleep sleep,
                     Random random)
    : client_(client),
      type_(std::move(type)),
      selection_(std::move(selection)),
      options_(options),
      clock_(clock),
      sleep_(std::move(sleep)),
      random_(std::move(random)) {}

void Reflector::Run(const std::stop_token& stop) {
  bool list = true;
  while (!stop.stop_requested()) {
    if (list) {
      const Status listed = ListAll(stop);
      if (!listed) {
        if (!WaitAWhile(listed.error().AskedToWait(), stop)) return;
        continue;
      }
    }
    const AfterWatch after = WatchOnce(stop);
    list = after.list_again;
    if (after.wait && !WaitAWhile(after.at_least, stop)) return;
  }
}

Status Reflector::ListAll(const std::stop_token& stop) {
  Result<ObjectList> listed = client_.List(type_, selection_, stop);
  if (!listed) {
    Failed(listed.error());
    return Fail(listed.error());
  }
  version_ = listed->resource_version;
  for (const Change& change : store_.Replace(std::move(listed->items))) Tell(change);
  // A list that succeeds does not end a row of failures: watches from it may fail each time. Events do.
  const std::lock_guard lock(mutex_);
  last_error_.reset();
  synced_ = true;
  synced_changed_.notify_all();
  return {};
}

AfterWatch Reflector::WatchOnce(const std::stop_token& stop) {
  WatchCourse course = WatchCourse::kShort;
  const MonotonicTime began = clock_.Now();
  const auto on_event = [&](WatchEvent event) {
    if (std::exchange(course, WatchCourse::kHeard) != WatchCourse::kHeard) Succeeded();
    version_ = ResourceVersionOf(event.object);
    std::optional<Change> change;
    switch (event.type) {
      case WatchEvent::Type::kBookmark: break;
      case WatchEvent::Type::kDeleted: change = store_.Remove(KeyOf(event.object)); break;
      case WatchEvent::Type::kAdded:
      case WatchEvent::Type::kModified: change = store_.Put(std::move(event.object)); break;
    }
    if (change) Tell(*change);
    return true;
  };
  const Status ended = client_.Watch(type_, selection_, version_, on_event, stop);
  if (course != WatchCourse::kHeard) {
    const MonotonicTime::duration lasted = clock_.Now() - began;
    if (lasted >= options_.silent_watch) {
      course = WatchCourse::kSilent;
    } else if (lasted >= options_.short_watch) {
      course = WatchCourse::kQuiet;
    }
    if (ended && course != WatchCourse::kShort) Succeeded();
  }
  if (!ended) Failed(ended.error());
  return DecideAfterWatch(ended, course);
}

void Reflector::Tell(const Change& change) {
  for (const Handler& handler : handlers_) handler(change);
}

void Reflector::Failed(const ApiError& error) {
  if (error.code == Code::kCancelled) return;
  const std::lock_guard lock(mutex_);
  last_error_ = error;
}

void Reflector::Succeeded() {
  failures_ = 0;
  const std::lock_guard lock(mutex_);
  last_error_.reset();
}

bool Reflector::WaitAWhile(std::chrono::milliseconds at_least, const std::stop_token& stop) {
  std::chrono::milliseconds wait = options_.first_wait;
  for (int i = 0; i < failures_ && wait < options_.max_wait; ++i) wait *= 2;
  ++failures_;
  wait = std::min(wait, options_.max_wait);
  // Between half of it and all of it, so that many processes do not come back at once.
  const auto jittered = std::chrono::duration_cast<std::chrono::milliseconds>(wait * (0.5 + random_() / 2));
  return sleep_(std::max(jittered, at_least), stop);
}

bool Reflector::HasSynced() const {
  const std::lock_guard lock(mutex_);
  return synced_;
}

bool Reflector::WaitForSync(const std::stop_token& stop, std::chrono::milliseconds limit) const {
  std::unique_lock lock(mutex_);
  return synced_changed_.wait_for(lock, stop, limit, [&] { return synced_; });
}

std::optional<ApiError> Reflector::LastError() const {
  const std::lock_guard lock(mutex_);
  return last_error_;
}

}  // namespace borgop::kube
