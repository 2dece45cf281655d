#include "controller/reconcile/conditions.h"

#include <algorithm>
#include <utility>

#include "controller/api/names.h"
#include "controller/reconcile/failure_reasons.h"

namespace borgop::controller {
namespace {

using api::Conditions;
using api::Truth;

struct Statement {
  std::string reason, message;
};

// All conditions of one object, at one time.
class Writer {
 public:
  Writer(Conditions& conditions, std::int64_t generation, WallTime now)
      : conditions_(conditions), generation_(generation), now_(now) {}

  void Set(std::string_view type, Truth truth, Statement statement) {
    api::Set(conditions_, {std::string(type), truth, std::move(statement.reason), std::move(statement.message), generation_, {}},
             now_);
  }
  void Ready(Statement statement) {
    Set(kReady, Truth::kTrue, std::move(statement));
    api::Remove(conditions_, kReconciling);
    api::Remove(conditions_, kStalled);
  }
  void NotReady(bool passes, const Statement& statement) {
    Set(kReady, Truth::kFalse, statement);
    Set(passes ? kReconciling : kStalled, Truth::kTrue, statement);
    api::Remove(conditions_, passes ? kStalled : kReconciling);
  }

 private:
  Conditions& conditions_;
  std::int64_t generation_;
  WallTime now_;
};

bool Failed(const std::optional<api::RunStatus>& run) { return run && run->phase == ToString(Outcome::kFailed); }

Statement LastFailure(const api::TargetStatus& status) {
  std::string message = std::to_string(status.consecutive_failures) + (status.consecutive_failures == 1 ? " backup" : " backups") +
                        " failed since the last good one";
  if (Failed(status.last_backup)) message += ", the last with " + status.last_backup->reason + ": " + status.last_backup->message;
  return {std::string(condition_reason::kBackupFailed), std::move(message)};
}

Statement AllIsWell(const api::TargetStatus& status, const TargetFacts& facts) {
  std::string message =
      status.last_successful_backup && status.last_successful_backup->completion_time
          ? "The last good backup ended at " + api::KubeTime(*status.last_successful_backup->completion_time) + "."
          : "There was no backup yet.";
  if (facts.suspended) return {std::string(condition_reason::kSuspended), message + " No other starts while spec.suspend is true."};
  if (facts.scheduled) return {std::string(condition_reason::kScheduled), std::move(message)};
  return {std::string(condition_reason::kUnscheduled),
          message + " Backups run when asked to (annotation borg-operator.dev/run-now)."};
}

void SetReady(Writer& write, const api::TargetStatus& status, const TargetFacts& facts) {
  if (facts.obstacle) return write.NotReady(facts.obstacle->passes, {facts.obstacle->reason, facts.obstacle->message});
  if (facts.stuck) return write.NotReady(true, {facts.stuck->reason, facts.stuck->message});
  if (status.consecutive_failures == 0) return write.Ready(AllIsWell(status, facts));
  const bool goes_on = facts.running || (!facts.suspended && (facts.queued || facts.retry_at));
  Statement failure = LastFailure(status);
  if (goes_on && !facts.running && !facts.queued)
    failure.message += " It is tried again at " + api::KubeTime(*facts.retry_at) + ".";
  write.NotReady(goes_on, failure);
}

void SetBackupSucceeded(Writer& write, const api::TargetStatus& status) {
  if (!status.last_backup || !status.last_backup->completion_time) return;
  const api::RunStatus& run = *status.last_backup;
  if (run.phase == ToString(Outcome::kCancelled)) return;
  const bool failed = Failed(status.last_backup);
  write.Set(kBackupSucceeded, failed ? Truth::kFalse : Truth::kTrue,
            {failed && !run.reason.empty() ? run.reason : run.phase, failed ? run.message : "Archive " + run.archive + "."});
}

void SetTrusted(Writer& write, Conditions& conditions, const CarriedState* carried) {
  if (carried == nullptr) return;  // unreadable: what was known stays
  if (carried->finding) {
    const Finding& finding = *carried->finding;
    return write.Set(kRepositoryTrusted, Truth::kFalse,
                     {finding.reason, finding.message + std::string(kUntilAcknowledged) + std::string(api::kAcknowledgeAnnotation) +
                                          '=' + finding.id});
  }
  if (carried->ledger)
    return write.Set(kRepositoryTrusted, Truth::kTrue,
                     {std::string(condition_reason::kKnown), "The repository is the one that was seen first."});
  api::Remove(conditions, kRepositoryTrusted);
}

std::string StateOf(const api::TargetStatus& status, const TargetFacts& facts) {
  if (facts.running && facts.starting) return facts.stuck ? "Waiting" : "Starting";
  if (facts.running) return "Running";
  if (facts.obstacle) return facts.obstacle->passes ? "Waiting" : "Blocked";
  if (facts.suspended) return "Suspended";
  if (facts.queued) return "Queued";
  if (status.consecutive_failures > 0) return facts.retry_at ? "Retrying" : "Failed";
  return facts.scheduled ? "Scheduled" : "Idle";
}

}  // namespace

std::set<std::string_view> ReasonsOf(std::string_view type) {
  std::set<std::string_view> reasons;
  if (type == kReady) {
    reasons = {condition_reason::kScheduled, condition_reason::kUnscheduled, condition_reason::kSuspended,
               condition_reason::kBackupFailed, condition_reason::kSetUp};
    reasons.insert(AllObstacles().begin(), AllObstacles().end());
    for (const FailureReason& failure : AllFailureReasons()) {
      if (failure.kind == ErrorKind::kWaiting) reasons.insert(failure.name);  // what keeps a pod from starting
    }
  } else if (type == kRepositoryTrusted) {
    reasons = {condition_reason::kKnown, kRepositoryTampered, kTargetMisbehaved};
  } else if (type == kChecked) {
    reasons = {condition_reason::kCheckPassed, InfoOf(Reason::kCheckFailed).name};
  } else if (type == kBackupSucceeded) {
    reasons = {ToString(Outcome::kCompleted), ToString(Outcome::kCompletedWithWarnings)};
    for (const ReasonInfo& info : AllReasons()) reasons.insert(info.name);
    for (const FailureReason& failure : AllFailureReasons()) reasons.insert(failure.name);
  }
  return reasons;
}

void SetConditions(api::TargetStatus& status, const TargetFacts& facts, WallTime now) {
  Writer write(status.conditions, facts.generation, now);
  SetReady(write, status, facts);
  SetBackupSucceeded(write, status);
  SetTrusted(write, status.conditions, facts.carried);
  status.observed_generation = facts.generation;
  status.state = StateOf(status, facts);
}

void SetChecked(api::TargetStatus& status, const JobRun& run, std::int64_t generation, WallTime now) {
  const Phase* check = run.report ? run.report->Find(PhaseName::kCheck) : nullptr;
  if (check == nullptr) return;
  Writer write(status.conditions, generation, now);
  if (check->ok) {
    // The pod's clock may be wrong, and a time to come would keep the alert for an overdue check quiet.
    const WallTime time = std::chrono::floor<std::chrono::seconds>(std::min<WallTime>(check->start + check->duration, now));
    status.last_check_time = std::max(status.last_check_time.value_or(time), time);
    return write.Set(kChecked, Truth::kTrue,
                     {std::string(condition_reason::kCheckPassed), "The repository was whole at " + api::KubeTime(time) + "."});
  }
  // A check that was cut short says nothing about the repository.
  if (run.failure && run.failure->reason == InfoOf(Reason::kCheckFailed).name)
    write.Set(kChecked, Truth::kFalse, {run.failure->reason, run.failure->message});
}

void SetConditions(api::ServerStatus& status, std::int64_t generation, const std::optional<Obstacle>& obstacle, WallTime now) {
  Writer write(status.conditions, generation, now);
  if (obstacle) {
    write.NotReady(obstacle->passes, {obstacle->reason, obstacle->message});
  } else {
    write.Ready({std::string(condition_reason::kSetUp), "Backups can run."});
  }
  status.observed_generation = generation;
}

}  // namespace borgop::controller
