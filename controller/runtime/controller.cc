#include "controller/runtime/controller.h"

#include <algorithm>
#include <condition_variable>
#include <thread>
#include <utility>

#include "controller/api/borg_backup_target.h"
#include "controller/reconcile/decide.h"
#include "controller/reconcile/decide_server.h"
#include "controller/reconcile/expected_intervals.h"
#include "controller/reconcile/json_view.h"
#include "engine/base/time_zone.h"

namespace borgop::runtime {
namespace {

constexpr int kLogAttempts = 5;  // then a log that cannot be had is done without
constexpr std::chrono::milliseconds kSyncLook{100};

using Code = kube::ApiError::Code;

std::chrono::system_clock::time_point Now() { return kube::Clock::Real().Wall(); }

}  // namespace

Controller::Controller(kube::Client& client, kube::Client& watcher, Options options, std::function<bool()> may_act,
                       metrics::ControllerMetrics& metrics, logging::Log log)
    : client_(client),
      options_(std::move(options)),
      metrics_(metrics),
      log_(std::move(log)),
      targets_(kube::Clock::Real()),
      servers_(kube::Clock::Real()),
      contents_(client_),
      caches_(watcher, options_.namespaces),
      router_(caches_, targets_, servers_),
      observer_(client_, caches_, contents_),
      executor_(client_, std::move(may_act), options_.instance, log_),
      on_lost_(options_.lost, [this] { given_up_.request_stop(); }) {
  // Has the tz database read before there are threads, so that the first targets do not wait for it, and ThreadSanitizer sees that none
  // reads it while it is made: the library is built without it.
  (void)TimeZone::Find({});
  router_.Connect();
  caches_.config_maps.AddHandler([this](const kube::Change& change) {
    if (!change.after) contents_.ForgetConfigMap(change.key);
  });
  caches_.secrets.AddHandler([this](const kube::Change& change) {
    if (!change.after) contents_.ForgetSecret(change.key);
  });
}

void Controller::Start() { caches_.Start(); }

bool Controller::WaitForSync(const std::stop_token& stop) const {
  std::string told;
  while (!std::ranges::all_of(caches_.All(), [](const Cache* cache) { return cache->HasSynced(); })) {
    const std::optional<std::string> problem = caches_.Unsynced();
    if (problem && *problem != told) {
      log_.Info("waiting for the first lists of objects", {{"reason", *problem}});
      told = *problem;
    }
    if (!kube::RealSleep(kSyncLook, stop)) return false;
  }
  return true;
}

void Controller::Work(const std::stop_token& stop) {
  const std::stop_callback end(stop, [this] {
    targets_.ShutDown();
    servers_.ShutDown();
  });
  const std::jthread patience([&](const std::stop_token& ended) { WaitAfter(stop, ended); });
  std::vector<std::jthread> workers;
  workers.emplace_back([this] { WorkOn(servers_, "server", &Controller::ReconcileServer); });
  for (int i = 0; i < options_.workers; ++i) {
    workers.emplace_back([this] { WorkOn(targets_, "target", &Controller::ReconcileTarget); });
  }
}

// Gives up what still goes on some time after `stop`, unless `ended` comes first.
void Controller::WaitAfter(const std::stop_token& stop, const std::stop_token& ended) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait(lock, stop, [] { return false; });
  if (!kube::RealSleep(options_.patience, ended)) return;
  log_.Warning("what was begun is given up: it takes too long after the stop");
  given_up_.request_stop();
}

void Controller::WorkOn(kube::WorkQueue& queue, const char* kind, Reconcile reconcile) {
  while (const std::optional<kube::ObjectKey> key = queue.Get()) {
    const kube::MonotonicTime start = kube::Clock::Real().Now();
    Begin(kind, *key);
    const kube::Result<Outcome> done = (this->*reconcile)(*key);
    End(kind, *key);
    const bool conflict = !done && done.error().code == Code::kConflict;
    metrics_.Reconciled(kind, kube::Clock::Real().Now() - start, !done && !conflict);
    Settle(queue, kind, *key, done);
    queue.Done(*key);
  }
}

void Controller::Settle(kube::WorkQueue& queue, const char* kind, const kube::ObjectKey& key, const kube::Result<Outcome>& done) {
  if (!done) {
    // A conflict only says that the view was old.
    const bool expected = done.error().code == Code::kConflict || done.error().code == Code::kCancelled;
    log_.Write(expected ? logging::Level::kDebug : logging::Level::kWarning, "will be tried again",
               {{kind, key.ToString()}, {"error", kube::Describe(done.error())}, {"failures", queue.Failures(key) + 1}});
    queue.AddWithBackoff(key, done.error().AskedToWait());
    return;
  }
  queue.Forget(key);
  if (done->gone) return;
  kube::WorkQueue::Duration wait = options_.resync;
  if (done->look_again) wait = std::clamp<kube::WorkQueue::Duration>(*done->look_again - Now(), std::chrono::seconds(0), wait);
  queue.AddAfter(key, wait);
}

// What was begun is finished, also at a stop, if that does not take long; but not once the lead is lost.
kube::Result<Controller::Outcome> Controller::ReconcileTarget(const kube::ObjectKey& key) {
  kube::Result<controller::Observed> observed = observer_.OfTarget(key, given_up_.get_token());
  if (!observed) return kube::Fail(observed.error());
  if (observed->target.is_null() && observed->jobs.empty() && observed->pods.empty())
    return Outcome{.gone = true, .look_again = {}};
  controller::Decisions decisions = controller::Decide(*observed, options_.engine, Now());
  if (!decisions.logs.empty()) {
    auto logs = observer_.Logs(key.ns, decisions.logs, targets_.Failures(key) >= kLogAttempts, given_up_.get_token());
    if (!logs) return kube::Fail(logs.error());
    observed->logs = std::move(*logs);
    decisions = controller::Decide(*observed, options_.engine, Now());
  }
  kube::Status done = executor_.CarryOut(key, *observed, decisions, given_up_.get_token(), &observed->refusal);
  if (!done && observed->refusal) {
    log_.Debug("refused", {{"target", key.ToString()}, {"error", kube::Describe(done.error())}});
    decisions = controller::Decide(*observed, options_.engine, Now());
    done = executor_.CarryOut(key, *observed, decisions, given_up_.get_token());
  }
  if (!done) return kube::Fail(done.error());
  return Outcome{.gone = false, .look_again = decisions.look_again};
}

kube::Result<Controller::Outcome> Controller::ReconcileServer(const kube::ObjectKey& key) {
  const kube::Result<controller::ObservedServer> observed = observer_.OfServer(key, given_up_.get_token());
  if (!observed) return kube::Fail(observed.error());
  if (observed->server.is_null()) return Outcome{.gone = true, .look_again = {}};
  const kube::Status done = executor_.CarryOut(key, *observed, controller::DecideServer(*observed, Now()), given_up_.get_token());
  if (!done) return kube::Fail(done.error());
  return Outcome{};
}

void Controller::Begin(const char* kind, const kube::ObjectKey& key) {
  const std::lock_guard lock(busy_mutex_);
  busy_[std::string(kind) + ' ' + key.ToString()] = kube::Clock::Real().Now();
}

void Controller::End(const char* kind, const kube::ObjectKey& key) {
  const std::lock_guard lock(busy_mutex_);
  busy_.erase(std::string(kind) + ' ' + key.ToString());
}

std::optional<std::string> Controller::Stuck() const {
  const std::lock_guard lock(busy_mutex_);
  for (const auto& [what, since] : busy_) {
    if (kube::Clock::Real().Now() - since > options_.stuck_after) return "a worker does not come back from " + what;
  }
  return std::nullopt;
}

std::vector<metrics::TargetSample> Controller::Samples() const {
  std::vector<metrics::TargetSample> samples;
  for (const kube::Object& target : caches_.targets.All()) {
    const kube::ObjectKey key = kube::KeyOf(*target);
    metrics::TargetSample sample;
    sample.ns = key.ns;
    sample.name = key.name;
    sample.server = ServerNameOf(*target);
    sample.suspended = controller::TrueAt(*target, {"spec", "suspend"});
    sample.status = api::ReadStatus(*target);
    sample.created = api::ReadMeta(*target).creation_time;
    const controller::ExpectedIntervals expected = controller::ExpectedIntervalsOf(*target, Now());
    sample.expected_interval = expected.backup;
    sample.expected_check_interval = expected.check;
    samples.push_back(std::move(sample));
  }
  return samples;
}

void Controller::Measure() {
  metrics_.SetQueue("target", targets_.Ready(), targets_.Delayed());
  metrics_.SetQueue("server", servers_.Ready(), servers_.Delayed());
}

}  // namespace borgop::runtime
