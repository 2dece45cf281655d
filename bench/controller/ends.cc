#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "bench/controller/observer.h"
#include "bench/controller/stage.h"
#include "bench/controller/stopwatch.h"
#include "controller/api/names.h"
#include "controller/reconcile/json_view.h"
#include "tests/api/played_pod.h"

namespace borgop::bench {
namespace {

using controller::TextAt;

constexpr auto kPodLimit = std::chrono::minutes(2);
constexpr auto kEndsLimit = std::chrono::minutes(5);

std::string JobOf(const nlohmann::json& pod) { return TextAt(pod, {"metadata", "labels", "batch.kubernetes.io/job-name"}); }

// Pods that wait for a node, as they come.
class WaitingPods {
 public:
  void Take(const kube::Change& change) {
    if (!change.after || TextAt(*change.after, {"status", "phase"}) != "Pending") return;
    const std::lock_guard lock(mutex_);
    if (!seen_.insert(change.key).second) return;
    pods_.push_back(change.after);
    came_.notify_one();
  }
  kube::Object Next() {
    std::unique_lock lock(mutex_);
    if (!came_.wait_for(lock, kPodLimit, [this] { return !pods_.empty(); })) throw std::runtime_error("no pod comes any more");
    kube::Object pod = pods_.front();
    pods_.pop_front();
    return pod;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::set<kube::ObjectKey> seen_;
  std::deque<kube::Object> pods_;
};

void AskForRuns(Stage& stage) {
  for (int i = 0; i < stage.settings.ends; ++i) {
    const nlohmann::json annotations{{std::string(api::kRunNowAnnotation), "end-" + std::to_string(i)}};
    stage.admin.Patch(kube::BorgBackupTargets(), stage.fleet.KeyOf(i % stage.settings.targets),
                      {{"metadata", {{"annotations", annotations}}}});
  }
}

}  // namespace

Measurement RunEnds(Stage& stage, const lab::Process& process, bool has_jobs) {
  Stopwatch from_pod, from_job;
  WaitingPods waiting;
  const Observer targets(stage.plane, kube::BorgBackupTargets(), {}, [&](const kube::Change& change) {
    if (!change.after) return;
    // The last one that was started may be the next already.
    const std::string job = TextAt(*change.after, {"status", "lastSuccessfulBackup", "job"});
    from_pod.End(job);
    from_job.End(job);
  });
  const Observer jobs(stage.plane, kube::Jobs(), {}, [&](const kube::Change& change) {
    const char* field = "completionTime";
    if (change.before && change.after && TextAt(*change.before, {"status", field}).empty() &&
        !TextAt(*change.after, {"status", field}).empty())
      from_job.Begin(change.key.name);
  });
  const Observer pods(stage.plane, kube::Pods(), {}, [&](const kube::Change& change) { waiting.Take(change); });
  const Requests before = stage.audit.Read();
  const double cpu = UsageOf(process.pid()).cpu_s;
  if (!has_jobs) AskForRuns(stage);
  const std::chrono::duration<double> pause(1 / stage.settings.changes_per_second);
  for (int i = 0; i < stage.settings.ends; ++i) {
    const kube::Object pod = waiting.Next();
    from_pod.Begin(JobOf(*pod));
    stage.admin.Patch(kube::Pods(), kube::KeyOf(*pod), {{"status", api_tests::EndedStatus(api_tests::GoodReport())}}, "status");
    std::this_thread::sleep_for(pause);
  }
  const auto all = [&] { return from_pod.Ended() == static_cast<std::size_t>(stage.settings.ends); };
  if (!api_tests::Eventually(all, kEndsLimit)) {
    throw std::runtime_error(stage.contender.name + " wrote " + std::to_string(from_pod.Ended()) + " results of " +
                             std::to_string(stage.settings.ends) + ":\n" + process.Err());
  }
  Measurement measured = stage.Begun("ends");
  AddTimes(measured, "from the pod's end", from_pod.Milliseconds());
  AddTimes(measured, "from the Job's end", from_job.Milliseconds());
  measured.figures.emplace_back("CPU ms an end", 1000 * (UsageOf(process.pid()).cpu_s - cpu) / stage.settings.ends);
  measured.requests = stage.audit.Read() - before;
  return measured;
}

}  // namespace borgop::bench
