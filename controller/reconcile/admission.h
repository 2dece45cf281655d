// Which waiting Jobs of a server may start: at most so many at a time over all of its targets, one at a time of a target, in the order
// in which they were made.
//
// Jobs that may have to wait are made suspended; releasing one is setting spec.suspend to false. What runs is never stopped to make
// room, so a lower limit holds once enough have ended. Deciding twice from the same (perhaps old) view releases the same Jobs.
//
// Thread safety: pure functions. Source: Kubernetes, "Suspending a Job".
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/report/report.h"

namespace borgop::controller {

// As caches keep them: a server may have thousands, and none is copied.
using SharedObject = std::shared_ptr<const nlohmann::json>;

struct JobRef {
  std::string name, uid;
  bool operator==(const JobRef&) const = default;
};

// A Job that has not ended.
struct UnfinishedJob {
  JobRef job;
  std::string target;
  WallTime created;
  bool suspended = true;
  bool held = false;  // its target must not start runs now
};

// From the Jobs of a server's targets, whose spec.serverRef names it. `targets` by name. Ended and deleted Jobs are left out; a run whose Job is
// gone, and whose pod is not over (orphaned_pods.h), is one that is not suspended.
std::vector<UnfinishedJob> UnfinishedJobs(const std::vector<SharedObject>& jobs, const std::vector<SharedObject>& targets);
// The target's status says that runs must wait, or is not about its present spec.
bool HoldsRuns(const nlohmann::json& target);

std::vector<JobRef> JobsToRelease(std::vector<UnfinishedJob> jobs, int limit);

}  // namespace borgop::controller
