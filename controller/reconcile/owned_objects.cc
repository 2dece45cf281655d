#include "controller/reconcile/owned_objects.h"

#include <utility>

#include "controller/reconcile/json_view.h"
#include "controller/reconcile/owned_meta.h"

namespace borgop::controller {
namespace {

using nlohmann::json;

bool SameAt(const json& a, const json& b, const char* pointer) {
  const json::json_pointer place(pointer);
  const auto at = [&place](const json& object) {
    // False is what an absent flag means.
    const json value = object.value(place, json());
    return value == json(false) ? json() : value;
  };
  return at(a) == at(b);
}

void ApplyWhereChanged(ObjectChanges& changes, const json& observed, json wanted, std::initializer_list<const char*> pointers) {
  Seal(wanted);
  bool same = observed.is_object() && SameSeal(observed, wanted);
  for (const char* pointer : pointers) same = same && SameAt(observed, wanted, pointer);
  if (!same) changes.apply.push_back(std::move(wanted));
}

void DecideCronJob(ObjectChanges& changes, const json& observed, const TargetSetup& setup, const EngineSettings& settings,
                   RunKind kind, const std::string& schedule) {
  if (!schedule.empty()) {
    ApplyWhereChanged(
        changes, observed, BuildCronJob(*setup.inputs, settings, kind, schedule),
        {"/spec/schedule", "/spec/timeZone", "/spec/suspend", "/spec/concurrencyPolicy", "/spec/jobTemplate/spec/suspend"});
  } else if (observed.is_object() && !api::ReadMeta(observed).deleting()) {
    changes.delete_cron_jobs.push_back(TextAt(observed, {"metadata", "name"}));
  }
}

}  // namespace

ObjectChanges DecideObjects(const Observed& observed, const TargetSetup& setup, const EngineSettings& settings) {
  ObjectChanges changes;
  const bool refused = observed.refusal.has_value();
  if (!setup.inputs || (refused && !ObstacleOf(*observed.refusal).passes)) {
    // What is there was made from something else, so nothing of it may start. A run missed meanwhile is caught up within its starting deadline.
    for (const json* cron : {&observed.backup_cron_job, &observed.maintenance_cron_job}) {
      if (cron->is_object() && !TrueAt(*cron, {"spec", "suspend"}))
        changes.hold_cron_jobs.push_back(TextAt(*cron, {"metadata", "name"}));
    }
    return changes;
  }
  if (refused) return changes;
  ApplyWhereChanged(changes, observed.plan, BuildPlanConfigMap(*setup.inputs, settings), {"/data"});
  DecideCronJob(changes, observed.backup_cron_job, setup, settings, RunKind::kBackup, setup.schedule);
  DecideCronJob(changes, observed.maintenance_cron_job, setup, settings, RunKind::kMaintenance, setup.maintenance_schedule);
  return changes;
}

}  // namespace borgop::controller
