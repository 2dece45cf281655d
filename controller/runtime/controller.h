// The loop: what changes becomes keys, keys are worked on by a few threads, each key by one at a time.
//
// A worker observes, decides and carries out. A failure puts its key back with backoff; a decision may ask to be made again at a time; and
// every key is looked at again now and then in any case, so that nothing that was missed is missed for long.
//
// Thread safety: Start before Work; everything else from any thread. Ownership: the clients outlive it.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/kube/client.h"
#include "controller/kube/work_queue.h"
#include "controller/logging/log.h"
#include "controller/metrics/controller_metrics.h"
#include "controller/metrics/target_metrics.h"
#include "controller/reconcile/job_builder.h"
#include "controller/runtime/caches.h"
#include "controller/runtime/contents.h"
#include "controller/runtime/executor.h"
#include "controller/runtime/observer.h"
#include "controller/runtime/router.h"

namespace borgop::runtime {

class Controller {
 public:
  struct Options {
    std::vector<std::string> namespaces;  // empty: all
    controller::EngineSettings engine;
    int workers = 4;  // for targets; servers have one more
    std::chrono::seconds resync{600};
    std::string instance = "borg-operator";  // this process, in Events
    std::stop_token lost{};                  // requested once it must not act any more: ends what was begun, repetitions included
    std::chrono::milliseconds patience{10'000};  // after a stop, with what was begun; a pod has 30 s in all
    // With one key: more than all its requests take when each of them runs out of time.
    std::chrono::milliseconds stuck_after = std::chrono::minutes(15);
  };
  // `watcher` is a client of its own for lists and watches. `may_act` is asked before each change.
  Controller(kube::Client& client, kube::Client& watcher, Options options, std::function<bool()> may_act,
             metrics::ControllerMetrics& metrics, logging::Log log);

  // Fills the caches, on threads of their own, until the destructor.
  void Start();
  // Why the caches are not whole or not fresh; nullopt: they are.
  std::optional<std::string> Unsynced() const { return caches_.Unsynced(); }
  // Blocks until every first list is there; false when `stop` came first.
  bool WaitForSync(const std::stop_token& stop) const;
  // Works until `stop`, then returns once what was begun is done, or given up as it takes too long.
  void Work(const std::stop_token& stop);

  // Which worker has been at one key for so long that it will not come back; nullopt: none.
  std::optional<std::string> Stuck() const;

  std::vector<metrics::TargetSample> Samples() const;
  // Sets the queues' gauges.
  void Measure();

 private:
  struct Outcome {
    bool gone = false;                   // nothing is left to look at
    std::optional<WallTime> look_again;  // at the latest
  };
  using Reconcile = kube::Result<Outcome> (Controller::*)(const kube::ObjectKey& key);
  void WaitAfter(const std::stop_token& stop, const std::stop_token& ended);
  void WorkOn(kube::WorkQueue& queue, const char* kind, Reconcile reconcile);
  void Settle(kube::WorkQueue& queue, const char* kind, const kube::ObjectKey& key, const kube::Result<Outcome>& done);
  kube::Result<Outcome> ReconcileTarget(const kube::ObjectKey& key);
  kube::Result<Outcome> ReconcileServer(const kube::ObjectKey& key);
  void Begin(const char* kind, const kube::ObjectKey& key);
  void End(const char* kind, const kube::ObjectKey& key);

  kube::Client& client_;
  const Options options_;
  metrics::ControllerMetrics& metrics_;
  const logging::Log log_;
  kube::WorkQueue targets_, servers_;
  Contents contents_;
  Caches caches_;
  Router router_;
  Observer observer_;
  Executor executor_;
  std::stop_source given_up_;  // ends requests
  const std::stop_callback<std::function<void()>> on_lost_;
  mutable std::mutex busy_mutex_;
  std::map<std::string, kube::MonotonicTime> busy_;  // what is worked on, and since when
};

}  // namespace borgop::runtime
