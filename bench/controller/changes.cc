#include <stdexcept>
#include <thread>

#include "bench/controller/clients.h"
#include "bench/controller/job_clock.h"
#include "bench/controller/stage.h"

namespace borgop::bench {
namespace {

// Applies change after change at the rate, whatever becomes of them.
void Apply(const Stage& stage, Stopwatch& stopwatch) {
  const Moment begin = std::chrono::steady_clock::now();
  const std::chrono::duration<double> pause(1 / stage.settings.changes_per_second);
  ShareOut(stage.plane, stage.settings.changes, [&](api_tests::AdminClient& admin, int i) {
    std::this_thread::sleep_until(begin + std::chrono::duration_cast<Moment::duration>(i * pause));
    const bool is_new = i % 2 == 1;
    const std::string value = (is_new ? "new-" : "known-") + std::to_string(i);
    stopwatch.Begin(value);
    if (is_new) {
      admin.Create(kube::BorgBackupTargets(), stage.fleet.ObjectOf(stage.settings.targets + i, value));
    } else {
      JobClock::Ask(admin, stage.fleet.KeyOf(i % stage.settings.targets), value);
    }
  });
}

}  // namespace

Measurement RunChanges(Stage& stage, const lab::Process& process) {
  JobClock clock(stage.plane);
  const Requests before = stage.audit.Read();
  const double cpu = UsageOf(process.pid()).cpu_s;
  Apply(stage, clock.times());
  if (!clock.AwaitJobs(static_cast<std::size_t>(stage.settings.changes))) {
    throw std::runtime_error(stage.contender.name + " made " + std::to_string(clock.times().Ended()) + " Jobs of " +
                             std::to_string(stage.settings.changes) + ":\n" + process.Err());
  }
  Measurement measured = stage.Begun("changes");
  AddTimes(measured, "known target", clock.times().Milliseconds("known-"));
  AddTimes(measured, "new target", clock.times().Milliseconds("new-"));
  measured.figures.emplace_back("CPU ms a change", 1000 * (UsageOf(process.pid()).cpu_s - cpu) / stage.settings.changes);
  measured.requests = stage.audit.Read() - before;
  return measured;
}

}  // namespace borgop::bench
