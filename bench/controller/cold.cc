#include <atomic>
#include <stdexcept>

#include "bench/controller/observer.h"
#include "bench/controller/stage.h"
#include "controller/api/names.h"

namespace borgop::bench {
namespace {

constexpr auto kColdLimit = std::chrono::minutes(40);

// Counts objects once, when they first fulfil what is asked of them.
template <class Condition>
kube::Reflector::Handler CountingOnce(std::atomic<int>& count, Condition condition) {
  return [&count, condition](const kube::Change& change) {
    const bool before = change.before && condition(*change.before);
    if (change.after && !before && condition(*change.after)) ++count;
  };
}

bool IsObserved(const nlohmann::json& target) {
  const nlohmann::json::json_pointer observed("/status/observedGeneration"), generation("/metadata/generation");
  return target.value(observed, 0) == target.value(generation, 1);
}

}  // namespace

Measurement RunCold(Stage& stage) {
  std::atomic<int> scheduled = 0, observed = 0;
  kube::Selection names;
  names.metadata_only = true;
  const Observer cron_jobs(stage.plane, kube::CronJobs(), names,
                           CountingOnce(scheduled, [](const nlohmann::json&) { return true; }));
  const Observer targets(stage.plane, kube::BorgBackupTargets(), {}, CountingOnce(observed, IsObserved));
  const Requests before = stage.audit.Read();
  const Moment begin = std::chrono::steady_clock::now();
  lab::Process process = stage.StartContender(stage.settings.busy_rate, false);
  const auto all = [&] { return scheduled >= stage.settings.targets && observed >= stage.settings.targets; };
  if (!process.WaitUntil(all, kColdLimit)) {
    throw std::runtime_error(stage.contender.name + " made " + std::to_string(scheduled) + " CronJobs and " +
                             std::to_string(observed) + " statuses of " + std::to_string(stage.settings.targets) + ":\n" +
                             process.Err());
  }
  const double seconds = SecondsSince(begin);
  stage.AwaitRest(process, before);
  const Usage usage = UsageOf(process.pid());
  Measurement measured = stage.Begun("cold");
  measured.requests = stage.audit.Read() - before;
  Stop(process);
  measured.figures = {{"all made s", seconds},
                      {"CPU s", usage.cpu_s},
                      {"peak MiB", usage.peak_mib},
                      {"at rest MiB", usage.resident_mib},
                      {"requests a target", static_cast<double>(SumsOf(measured.requests).all()) / stage.settings.targets}};
  return measured;
}

}  // namespace borgop::bench
