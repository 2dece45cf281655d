// Which Jobs the operator makes besides those of the CronJobs: one for each value of the run-now annotation, and retries.
//
// A run that failed in a way that may pass is tried again: soon and then less often where it is Transient, seldom where it is Waiting, at
// most spec.limits.retries times, and not where the schedule would be first. A Terminal failure, and one that was tried often enough, is
// tried again once the spec, a Secret or an acknowledgement has changed since that run began. A cancelled run is not tried again.
//
// Names are worked out from what asks for the Job, so that making one twice makes one.
//
// Thread safety: pure functions.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/api/borg_backup_target.h"
#include "controller/api/object_meta.h"
#include "controller/api/target_status.h"
#include "controller/reconcile/names.h"
#include "controller/reconcile/run_result.h"

namespace borgop::controller {

struct WantedJob {
  std::string name;
  RunKind kind = RunKind::kBackup;
  std::map<std::string, std::string> annotations;
  bool operator==(const WantedJob&) const = default;
};

// `target` is the target's metadata, `status` as it was read. A value that was used before, with another in between, is a new one: where the
// Job of then is still there, and the status is not older than its result, the name is another.
std::optional<WantedJob> RunNow(const api::ObjectMeta& target, const api::TargetStatus& status, const std::vector<JobRun>& runs);

struct Retry {
  std::optional<WallTime> at;    // nothing: none will be made
  std::optional<WantedJob> job;  // where it is time
};
// Of a target none of whose Jobs is unfinished and nothing of which stands in the way. `inputs` is the digest of now; `next_due` is when the
// schedule is due.
Retry DecideRetry(const api::ObjectMeta& target, const api::TargetStatus& status, int retries, const std::string& inputs,
                  std::optional<WallTime> next_due, WallTime now);

// How long to wait after a failure, for the attempt that follows it (from 1). Up to a fifth longer, by `run_id`, so that what failed
// at once is not tried again at once.
std::chrono::seconds RetryDelay(ErrorKind kind, std::uint64_t attempt, const std::string& run_id);

// In the place of a Job that has waited since before the spec changed: the same run, from what the target says now.
WantedJob Renewed(const api::ObjectMeta& target, const JobRun& stale);

}  // namespace borgop::controller
