// What is due to a target's Jobs besides making them: the finalizer that keeps a Job until its result is in the status, the limits of
// history, Jobs that were overtaken by a change of the spec, and two that run at once.
//
// The finalizer is on each Job that was released and may still have something to tell: one that waits holds up nobody, not even a
// namespace that goes and takes the operator's rights in it along. It goes once the status has the result, where there is none to come (a Job
// deleted before it started), and where its pod will tell (one deleted while it runs). Jobs get it when they are seen: CronJobs pass none
// on. Until then only that Kubernetes keeps more of them than the target wants (job_builder.cc) holds them; so history is kept here, for
// all Jobs.
//
// Thread safety: pure functions. Source: Kubernetes, "Finalizers", CronJob (jobTemplate's metadata: labels and annotations only).
#pragma once

#include <vector>

#include "controller/reconcile/admission.h"
#include "controller/reconcile/job_builder.h"
#include "controller/reconcile/new_runs.h"
#include "controller/reconcile/run_result.h"

namespace borgop::controller {

// Whether a Job may get it at the next look.
bool WantsFinalizer(const nlohmann::json& job);

// A Job that was deleted before it began: it is no run.
bool NeverRan(const JobRun& run);

struct FinalizerChanges {
  std::vector<JobRef> add, remove;
  std::vector<JobRef> mark;  // remove it where it is, and annotate the Job as recorded
};
// `status` has all results that are known now.
FinalizerChanges DecideFinalizers(const std::vector<JobRun>& runs, const api::TargetStatus& status);
// Of a target that goes: of all Jobs, or of all pods.
std::vector<JobRef> AllFinalizers(const std::vector<nlohmann::json>& objects);

// Recorded Jobs beyond the limits, whoever made them: the oldest ones.
std::vector<JobRef> JobsPastHistory(const std::vector<JobRun>& runs, const api::TargetStatus& status, int successful, int failed);

// Active Jobs that must wait: all but the one that is at it longest (one whose engine has begun before one whose has not), or all
// (`stop_all`). Suspending ends their pods cleanly.
std::vector<JobRef> JobsToSuspend(const std::vector<JobRun>& runs, bool stop_all);

struct StaleJobs {
  std::vector<WantedJob> make;  // in their places
  std::vector<JobRef> remove;
};
// Waiting Jobs that were made from something else than `inputs`.
StaleJobs DecideStaleJobs(const std::vector<JobRun>& runs, const JobInputs& inputs, const EngineSettings& settings);

}  // namespace borgop::controller
