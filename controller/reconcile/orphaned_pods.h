// Runs whose Job is gone while what they have to tell is not read: their pods are there still (pod_upkeep.h).
//
// A Job goes at once where it has no finalizer of ours yet (a CronJob's, made while no operator was there), and where a run was deleted that goes
// on: garbage collection ends its pod only after that. What the pod tells then decides as if the Job had been there.
//
// Thread safety: pure functions. Source: Kubernetes, "Garbage collection" (background and orphan deletion), batch/v1 (a pod's labels).
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

namespace borgop::controller {

// A Job for each that is not among `jobs` and has unread pods, as far as these know it: as one that was deleted.
std::vector<nlohmann::json> JobsOfOrphans(const std::vector<nlohmann::json>& jobs, const std::vector<nlohmann::json>& pods);

}  // namespace borgop::controller
