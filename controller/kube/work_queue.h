// Keys that wait to be worked on.
//
// A key is only a name: however often it is added while it waits, it is handed out once. A key that is added while somebody works on it
// is handed out again when that is done, never to two at once. Failures come back with a delay that doubles for that key, and all delayed
// retries together keep to a rate. The sets are those of client-go's workqueue (dirty, processing, delayed).
//
// Thread safety: all members from any thread. Time comes from the Clock; a waiting Get looks at it whenever something is added, when
// the earliest delayed key is due by it, and after Wake(). Keys are handed out in the order in which they came due.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "controller/kube/clock.h"
#include "controller/kube/resource.h"
#include "controller/kube/token_bucket.h"

namespace borgop::kube {

class WorkQueue {
 public:
  using Duration = MonotonicTime::duration;
  struct Options {
    Duration first_delay = std::chrono::milliseconds(50);
    Duration max_delay = std::chrono::minutes(5);
    double retry_rate = 20;  // of all keys together, a second
    double retry_burst = 200;
  };

  explicit WorkQueue(Clock& clock) : WorkQueue(clock, Options{}) {}
  WorkQueue(Clock& clock, Options options);

  void Add(const ObjectKey& key);
  // Not before `delay` is over. An earlier time that is set already stays.
  void AddAfter(const ObjectKey& key, Duration delay);
  // After a failure: with the key's backoff and the rate of all, and not before `at_least`.
  void AddWithBackoff(const ObjectKey& key, Duration at_least = Duration::zero());
  // After a success: the next failure begins with the first delay again.
  void Forget(const ObjectKey& key);
  int Failures(const ObjectKey& key) const;

  // The next key; nullopt when the queue was shut down or `stop` was requested. Each key needs a Done().
  std::optional<ObjectKey> Get(std::stop_token stop = {});
  // As Get, but nullopt at once where nothing is due.
  std::optional<ObjectKey> TryGet();
  void Done(const ObjectKey& key);

  // No more keys: what waits is dropped, what is being worked on may finish.
  void ShutDown();
  // Has a waiting Get look at the clock again.
  void Wake();

  std::size_t Ready() const;       // due and not handed out
  std::size_t Delayed() const;     // not due yet
  std::size_t Processing() const;  // handed out

 private:
  void AddLocked(const ObjectKey& key);
  void AddAfterLocked(const ObjectKey& key, Duration delay);
  void Release();  // what is due moves from delayed to ready
  std::optional<ObjectKey> Take();

  Clock& clock_;
  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool shut_down_ = false;
  std::size_t wakes_ = 0;
  std::deque<ObjectKey> ready_;
  std::unordered_set<ObjectKey> dirty_;  // in ready_, or to be put there by Done
  std::unordered_set<ObjectKey> processing_;
  std::set<std::pair<MonotonicTime, ObjectKey>> delayed_;
  std::unordered_map<ObjectKey, MonotonicTime> due_;
  std::unordered_map<ObjectKey, int> failures_;
  TokenBucket retries_;
};

}  // namespace borgop::kube
