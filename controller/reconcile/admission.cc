#include "controller/reconcile/admission.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "controller/api/names.h"
#include "controller/api/object_meta.h"
#include "controller/api/target_status.h"
#include "controller/reconcile/conditions.h"
#include "controller/reconcile/json_view.h"

namespace borgop::controller {

using nlohmann::json;

namespace {

// The run of a target that goes on without its Job, as its status tells.
std::optional<UnfinishedJob> OrphanOf(const json& target, const std::set<std::string>& jobs) {
  const std::string state = TextAt(target, {"status", "state"});
  if (state != api::kPhaseRunning && state != api::kPhaseStarting) return std::nullopt;
  std::string job = TextAt(target, {"status", "lastBackup", "job"});
  if (jobs.contains(job)) return std::nullopt;
  return UnfinishedJob{{std::move(job), {}}, TextAt(target, {"metadata", "name"}), {}, false, false};
}

}  // namespace

bool HoldsRuns(const json& target) {
  const api::ObjectMeta meta = api::ReadMeta(target);
  const api::TargetStatus status = api::ReadStatus(target);
  const api::Condition* ready = api::Find(status.conditions, kReady);
  if (meta.deleting() || ready == nullptr || status.observed_generation != meta.generation) return true;
  return TrueAt(target, {"spec", "suspend"}) || IsObstacle(ready->reason);
}

std::vector<UnfinishedJob> UnfinishedJobs(const std::vector<SharedObject>& jobs, const std::vector<SharedObject>& targets) {
  std::map<std::string, const json*> by_name;
  for (const SharedObject& target : targets) by_name.emplace(TextAt(*target, {"metadata", "name"}), target.get());
  std::vector<UnfinishedJob> unfinished;
  std::set<std::string> names;
  for (const SharedObject& shared : jobs) {
    const json& job = *shared;
    names.insert(TextAt(job, {"metadata", "name"}));
    if (TrueCondition(job, "Complete") != nullptr || TrueCondition(job, "Failed") != nullptr) continue;
    const api::ObjectMeta meta = api::ReadMeta(job);
    const auto target = by_name.find(meta.Annotation(api::kTargetNameAnnotation));
    if (target == by_name.end()) continue;
    const bool suspended = TrueAt(job, {"spec", "suspend"});
    if (meta.deleting() && suspended) continue;
    unfinished.push_back(
        {{meta.name, meta.uid}, target->first, meta.creation_time.value_or(WallTime{}), suspended, HoldsRuns(*target->second)});
  }
  for (const SharedObject& shared : targets) {
    if (std::optional<UnfinishedJob> orphan = OrphanOf(*shared, names)) unfinished.push_back(*std::move(orphan));
  }
  return unfinished;
}

std::vector<JobRef> JobsToRelease(std::vector<UnfinishedJob> jobs, int limit) {
  std::sort(jobs.begin(), jobs.end(), [](const UnfinishedJob& a, const UnfinishedJob& b) {
    return std::tie(a.created, a.job.name) < std::tie(b.created, b.job.name);
  });
  int active = 0;
  std::set<std::string> busy;
  for (const UnfinishedJob& job : jobs) {
    if (job.suspended) continue;
    ++active;
    busy.insert(job.target);
  }
  std::vector<JobRef> release;
  for (const UnfinishedJob& job : jobs) {
    if (active >= limit) break;
    if (!job.suspended || job.held || !busy.insert(job.target).second) continue;
    release.push_back(job.job);
    ++active;
  }
  return release;
}

}  // namespace borgop::controller
