#include "controller/reconcile/job_upkeep.h"

#include <algorithm>
#include <tuple>

#include "controller/api/names.h"
#include "controller/reconcile/json_view.h"
#include "controller/reconcile/record_run.h"

namespace borgop::controller {
namespace {

JobRef RefOf(const api::ObjectMeta& job) { return {job.name, job.uid}; }

bool Good(const JobRun& run) { return run.outcome == Outcome::kCompleted || run.outcome == Outcome::kCompletedWithWarnings; }

}  // namespace

bool WantsFinalizer(const nlohmann::json& job) {
  if (TrueAt(job, {"spec", "suspend"})) return false;
  const api::ObjectMeta meta = api::ReadMeta(job);
  return !HasResultFinalizer(meta) && meta.Annotation(api::kRecordedAnnotation).empty();
}

bool NeverRan(const JobRun& run) { return run.job.deleting() && run.ended() && !run.start; }

FinalizerChanges DecideFinalizers(const std::vector<JobRun>& runs, const api::TargetStatus& status) {
  FinalizerChanges changes;
  for (const JobRun& run : runs) {
    if (run.job_is_gone) continue;
    const bool has = HasResultFinalizer(run.job);
    if (NeverRan(run)) {
      if (has) changes.remove.push_back(RefOf(run.job));
    } else if (run.ended() && IsRecorded(status, run)) {
      if (has || run.job.Annotation(api::kRecordedAnnotation).empty()) changes.mark.push_back(RefOf(run.job));
    } else if (run.job.deleting()) {
      // Only once it is gone its pod is ended, which stays until it is read.
      if (has && !run.ended()) changes.remove.push_back(RefOf(run.job));
    } else if (!has && run.state != RunState::kQueued) {
      changes.add.push_back(RefOf(run.job));
    }
  }
  return changes;
}

std::vector<JobRef> AllFinalizers(const std::vector<nlohmann::json>& objects) {
  std::vector<JobRef> remove;
  for (const nlohmann::json& object : objects) {
    if (const api::ObjectMeta meta = api::ReadMeta(object); HasResultFinalizer(meta)) remove.push_back(RefOf(meta));
  }
  return remove;
}

std::vector<JobRef> JobsPastHistory(const std::vector<JobRun>& runs, const api::TargetStatus& status, int successful, int failed) {
  std::vector<const JobRun*> ended;
  for (const JobRun& run : runs) {
    if (run.ended() && !run.job.deleting() && IsRecorded(status, run)) ended.push_back(&run);
  }
  std::sort(ended.begin(), ended.end(),
            [](const JobRun* a, const JobRun* b) { return std::tie(b->end, b->job.name) < std::tie(a->end, a->job.name); });
  std::vector<JobRef> remove;
  for (const JobRun* run : ended) {
    int& left = Good(*run) ? successful : failed;
    if (left-- <= 0) remove.push_back(RefOf(run->job));
  }
  return remove;
}

std::vector<JobRef> JobsToSuspend(const std::vector<JobRun>& runs, bool stop_all) {
  std::vector<const JobRun*> active;
  for (const JobRun& run : runs) {
    if (run.active()) active.push_back(&run);
  }
  std::sort(active.begin(), active.end(), [](const JobRun* a, const JobRun* b) {
    return std::tie(a->start, a->job.creation_time, a->job.name) < std::tie(b->start, b->job.creation_time, b->job.name);
  });
  // One that was released a moment ago has no start yet, and would sort first.
  std::stable_partition(active.begin(), active.end(), [](const JobRun* run) { return run->start.has_value(); });
  // Times are whole seconds: what has begun is not stopped for what has not.
  std::stable_partition(active.begin(), active.end(), [](const JobRun* run) { return run->state == RunState::kRunning; });
  std::vector<JobRef> suspend;
  for (std::size_t i = stop_all ? 0 : 1; i < active.size(); ++i) {
    // There is nothing to stop, and a Job that is suspended just then is never said to have ended.
    if (!active[i]->engine_ended && !active[i]->job.deleting()) suspend.push_back(RefOf(active[i]->job));
  }
  return suspend;
}

StaleJobs DecideStaleJobs(const std::vector<JobRun>& runs, const JobInputs& inputs, const EngineSettings& settings) {
  StaleJobs stale;
  for (const JobRun& run : runs) {
    if (run.state != RunState::kQueued || run.job.deleting()) continue;
    const std::string made_from = run.job.Annotation(api::kInputsAnnotation);
    if (made_from == InputsDigest(inputs, settings, run.kind)) continue;
    if (run.kind == RunKind::kBackup || HasOwnMaintenance(inputs.target)) stale.make.push_back(Renewed(inputs.meta, run));
    stale.remove.push_back(RefOf(run.job));
  }
  return stale;
}

}  // namespace borgop::controller
