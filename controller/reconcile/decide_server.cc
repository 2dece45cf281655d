#include "controller/reconcile/decide_server.h"

#include <algorithm>
#include <utility>

#include "controller/api/object_meta.h"
#include "controller/reconcile/conditions.h"
#include "controller/reconcile/json_view.h"

namespace borgop::controller {

using nlohmann::json;

ServerDecisions DecideServer(const ObservedServer& observed, WallTime now) {
  const api::ObjectMeta meta = api::ReadMeta(observed.server);
  ServerDecisions decisions;
  if (meta.deleting()) return decisions;

  std::vector<SharedObject> targets;
  for (const SharedObject& target : observed.targets) {
    if (TextAt(*target, {"spec", "serverRef", "name"}) == meta.name) targets.push_back(target);
  }
  const std::vector<UnfinishedJob> jobs = UnfinishedJobs(observed.jobs, targets);
  std::optional<Obstacle> obstacle;
  if (const auto spec = api::ReadServer(observed.server); !spec) {
    obstacle = Obstacle{std::string(obstacle_reason::kSpecInvalid), ToString(spec.error())};
  } else {
    obstacle = SecretObstacle(SecretsOf(*spec), observed.secrets);
    if (!obstacle) decisions.release = JobsToRelease(jobs, spec->max_concurrent_backups);
  }

  const api::ServerStatus before = api::ReadServerStatus(observed.server);
  api::ServerStatus status = before;
  status.targets = targets.size();
  const auto waiting = std::count_if(jobs.begin(), jobs.end(), [](const UnfinishedJob& job) { return job.suspended; });
  status.waiting = static_cast<std::uint64_t>(waiting) - decisions.release.size();
  status.running = jobs.size() - status.waiting;
  SetConditions(status, meta.generation, obstacle, now);
  if (ToJson(status) != ToJson(before)) decisions.status = std::move(status);
  return decisions;
}

}  // namespace borgop::controller
