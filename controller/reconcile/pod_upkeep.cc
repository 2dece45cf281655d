#include "controller/reconcile/pod_upkeep.h"

#include <algorithm>

#include "controller/reconcile/carried_state.h"
#include "controller/reconcile/job_upkeep.h"
#include "controller/reconcile/json_view.h"
#include "controller/reconcile/record_run.h"

namespace borgop::controller {
namespace {

using nlohmann::json;

// As the Job's podFailurePolicy sees it (job_builder.cc).
bool WasTakenAway(const json& pod) {
  return TextAt(pod, {"status", "phase"}) == "Failed" && TrueCondition(pod, "DisruptionTarget") != nullptr;
}

bool IsRead(const json& pod, const JobRun& run, const api::TargetStatus& status) {
  if (NeverRan(run) || run.pod != TextAt(pod, {"metadata", "name"})) return true;
  return run.ended() ? IsRecorded(status, run) : WasTakenAway(pod);
}

}  // namespace

std::vector<JobRef> PodsToFree(const std::vector<json>& pods, const std::vector<JobRun>& runs, const api::TargetStatus& status) {
  std::vector<JobRef> free;
  for (const json& pod : pods) {
    const api::ObjectMeta meta = api::ReadMeta(pod);
    if (!HasResultFinalizer(meta) || !IsOver(pod)) continue;
    const auto run = std::find_if(runs.begin(), runs.end(), [&](const JobRun& one) { return BelongsTo(pod, one.job.uid); });
    if (run == runs.end() || IsRead(pod, *run, status)) free.push_back({meta.name, meta.uid});
  }
  return free;
}

std::vector<JobRun> AccusingPods(const std::vector<json>& pods) {
  std::vector<JobRun> accusing;
  for (const json& pod : pods) {
    if (!HasResultFinalizer(api::ReadMeta(pod))) continue;
    JobRun told = ReadPod(pod);
    if (told.failure && Accuses(told.failure->reason)) accusing.push_back(std::move(told));
  }
  return accusing;
}

}  // namespace borgop::controller
