#include "controller/reconcile/status_events.h"

#include <optional>
#include <string>

#include "controller/reconcile/carried_state.h"
#include "controller/reconcile/conditions.h"
#include "engine/report/sizes.h"

namespace borgop::controller {
namespace {

bool Runs(const std::optional<api::RunStatus>& run) { return run && run->goes_on(); }

const api::Condition* ObstacleIn(const api::TargetStatus& status) {
  const api::Condition* ready = api::Find(status.conditions, kReady);
  return ready != nullptr && IsObstacle(ready->reason) ? ready : nullptr;
}

}  // namespace

Event EventOfEnd(const api::TargetStatus& status) {
  const api::RunStatus& run = *status.last_backup;
  const std::string job = " (Job " + run.job + ")";
  if (run.phase == ToString(Outcome::kFailed)) return {true, "BackupFailed", run.reason + ": " + run.message + job};
  if (run.phase == ToString(Outcome::kCancelled)) return {false, "BackupCancelled", run.message + job};
  std::string message = "Archive " + run.archive;
  if (run.original_size) message += ", " + HumanBytes(*run.original_size);
  const bool warned = run.phase == ToString(Outcome::kCompletedWithWarnings);
  if (warned && run.warnings > 0) message += ", " + std::to_string(run.warnings) + " warnings, the first: " + run.first_warning;
  return {warned, warned ? "BackupCompletedWithWarnings" : "BackupCompleted", message + job};
}

std::vector<Event> EventsOfChange(const api::TargetStatus& before, const api::TargetStatus& after) {
  std::vector<Event> events;
  if (before.effective_schedule != after.effective_schedule) {
    events.push_back({false, "ScheduleChanged",
                      after.effective_schedule.empty() ? std::string("Backups run when asked to.")
                                                       : "Backups run at " + after.effective_schedule + '.'});
  }
  const api::Condition *was = ObstacleIn(before), *is = ObstacleIn(after);
  if (is != nullptr && (was == nullptr || was->reason != is->reason || was->message != is->message))
    events.push_back({true, is->reason, is->message});
  if (is == nullptr && was != nullptr) events.push_back({false, "ObstacleGone", "Backups can run again."});
  const std::optional<Finding> known = FindingIn(before), found = FindingIn(after);
  if (found && !(known && known->id == found->id))
    events.push_back({true, found->reason, found->message + " (finding " + found->id + ')'});
  if (Runs(after.last_backup) && !(Runs(before.last_backup) && before.last_backup->job == after.last_backup->job))
    events.push_back({false, "BackupStarted", "Job " + after.last_backup->job});
  return events;
}

}  // namespace borgop::controller
