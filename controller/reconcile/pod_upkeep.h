// What is due to the pods of runs: the finalizer that keeps a pod until what it reported is read, and accusations in pods that no result
// looks at.
//
// A Job's finalizer keeps no pod of it: whoever deletes the Job in the foreground (the TTL controller does, and people who wait) or the pod
// takes the report away before it is read. So pods are born with the finalizer (job_builder.cc). It goes:
//
// | of | once |
// | --- | --- |
// | the newest pod of a Job, also of one that is gone (orphaned_pods.h) | the run's result is in the status |
// | an older one, or one that the cluster took away: the Job makes another in its place | it is over: a drain waits for it to be gone |
// | any pod of a target or a namespace that goes | at once (Decide) |
//
// Over is a pod that has ended, or that was deleted with no time left to end in (--force, or no node ever took it). None that goes on is let
// go, so that what it says at its end is heard, also after its Job was deleted. Job and kubelet do not wait for the finalizer: a Job
// counts a pod, and makes another, when it has ended.
//
// Thread safety: pure functions. Source: Kubernetes, "Job termination and cleanup", "Pod replacement policy", "Finalizers".
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "controller/api/target_status.h"
#include "controller/reconcile/admission.h"
#include "controller/reconcile/run_result.h"

namespace borgop::controller {

// Pods that have kResultFinalizer and need it no more. `status` has all results that are known now, and AccusingPods were heard.
std::vector<JobRef> PodsToFree(const std::vector<nlohmann::json>& pods, const std::vector<JobRun>& runs,
                               const api::TargetStatus& status);

// What unread pods whose report accuses somebody tell, whatever becomes of their Jobs.
std::vector<JobRun> AccusingPods(const std::vector<nlohmann::json>& pods);

}  // namespace borgop::controller
