// Keeps a Store as the API server has it: lists, then watches from there, for as long as it runs.
//
// A watch that ends or breaks is resumed from the last resourceVersion seen (bookmarks count). A version that is too old (410, also as an
// ERROR event), an event that cannot be read, or a watch that is refused means listing again; the changes to what was known are told
// as if they had been watched. So does a watch without even a bookmark: of a version that a restored etcd has yet to reach, nothing is
// ever told. Failures wait longer each time, with jitter, until an event comes,
// and never less than the server asks for.
//
// Thread safety: Run blocks on a thread of its own and calls the handlers there, in order, outside of any lock; the rest from any thread.
// Ownership: the Client outlives it. Source: client-go tools/cache Reflector; Kubernetes API concepts, "Watch bookmarks".
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/kube/client.h"
#include "controller/kube/store.h"

namespace borgop::kube {

// What was heard in a watch before it ended.
enum class WatchCourse : std::uint8_t {
  kHeard,   // an event or a bookmark
  kQuiet,   // nothing, for a while
  kShort,   // nothing, and it ended at once
  kSilent,  // nothing, although at least one bookmark was due
};
// What follows a watch.
struct AfterWatch {
  bool list_again = false;
  bool wait = false;
  std::chrono::seconds at_least{};  // where it waits: as the server asks
};
AfterWatch DecideAfterWatch(const Status& ended, WatchCourse course);

class Reflector {
 public:
  struct Options {
    std::chrono::milliseconds first_wait{200};
    std::chrono::milliseconds max_wait{30'000};
    std::chrono::milliseconds short_watch{1'000};     // a watch that ends sooner without an event counts as a failure
    std::chrono::milliseconds silent_watch{150'000};  // the server's bookmarks come about once a minute
  };
  using Handler = std::function<void(const Change&)>;
  // In [0, 1): the jitter of waits.
  using Random = std::function<double()>;

  Reflector(Client& client, ResourceType type, Selection selection, Options options, Clock& clock, Sleep sleep, Random random);

  // Before Run. Each handler hears of every change.
  void AddHandler(Handler handler) { handlers_.push_back(std::move(handler)); }
  void AddIndex(std::string name, Store::Index index) { store_.AddIndex(std::move(name), std::move(index)); }

  // Until `stop`.
  void Run(const std::stop_token& stop);

  const Store& store() const { return store_; }
  // Whether a first list is in the store and its handlers were called.
  bool HasSynced() const;
  // Blocks for that; false when `stop` or the time limit came first.
  bool WaitForSync(const std::stop_token& stop, std::chrono::milliseconds limit) const;
  // Why there is no connection now; nullopt where the last attempt succeeded.
  std::optional<ApiError> LastError() const;

 private:
  Status ListAll(const std::stop_token& stop);
  AfterWatch WatchOnce(const std::stop_token& stop);
  void Tell(const Change& change);
  void Failed(const ApiError& error);
  void Succeeded();
  bool WaitAWhile(std::chrono::milliseconds at_least, const std::stop_token& stop);

  Client& client_;
  const ResourceType type_;
  const Selection selection_;
  const Options options_;
  Clock& clock_;
  const Sleep sleep_;
  const Random random_;
  std::vector<Handler> handlers_;
  Store store_;
  std::string version_;  // Run's thread only
  int failures_ = 0;     // Run's thread only
  mutable std::mutex mutex_;
  mutable std::condition_variable_any synced_changed_;
  bool synced_ = false;
  std::optional<ApiError> last_error_;
};

}  // namespace borgop::kube
