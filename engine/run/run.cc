#include "engine/run/run.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "engine/run/steps.h"
#include "engine/version.h"

namespace borgop {
namespace {

TargetReport NotRun(const Target& target, Error error) {
  TargetReport report;
  report.name = target.name;
  report.start = report.end = std::chrono::system_clock::now();
  report.error = std::move(error);
  report.outcome = OutcomeOf(report);
  return report;
}

Task<void> RunOne(Context context, const Plan& plan, std::size_t index, AsyncLock& places, const RunEnvironment& environment,
                  TargetReport& report) {
  const Target& target = plan.targets[index];
  const Result<AsyncLock::Guard> place = co_await places.Acquire(context, "waiting for its turn");
  if (!place) {
    report = NotRun(target, place.error());
    environment.observer->OnTargetDone(report);
    co_return;
  }
  try {
    report = co_await RunTarget(context, plan.server, target, environment);
  } catch (const std::exception& error) {
    // One target's surprise is not the others' affair.
    report = NotRun(target, {Reason::kInternal, std::string("unexpected: ") + error.what(), {}});
  }
}

}  // namespace

Task<RunReport> RunPlan(Context context, const Plan& plan, std::size_t parallel, const RunEnvironment& environment) {
  RunReport run;
  run.engine_version = kVersion;
  run.start = std::chrono::system_clock::now();
  run.targets.resize(plan.targets.size());
  environment.observer->OnRunStart(plan.targets.size());
  AsyncLock places(std::max<std::size_t>(parallel, 1));
  TaskGroup group(context);
  for (std::size_t i = 0; i < plan.targets.size(); ++i) {
    group.Spawn(RunOne(group.context(), plan, i, places, environment, run.targets[i]));
  }
  co_await group.Join();
  run.end = std::chrono::system_clock::now();
  co_return run;
}

}  // namespace borgop
