// Conditions of targets and servers, and the word in the column State: all of it here.
//
// Ready says that a target is set up and that its last finished backup was good. `kubectl wait`, Flux and Argo CD (both by kstatus) must
// never disagree about it, and kstatus takes Ready=False alone for "still going on". So:
//
// | state | Ready | with | kstatus |
// | --- | --- | --- | --- |
// | set up; no backup yet, or the last was good; also while one runs, and suspended | True | | Current |
// | a Secret or the BorgServer is not there (yet) | False | Reconciling | InProgress |
// | a pod has been unable to start for kPatience | False | Reconciling | InProgress |
// | the last backup failed; another runs, waits or will be tried | False | Reconciling | InProgress |
// | the last backup failed, and nothing will be tried before the next one is due | False | Stalled | Failed |
// | the spec is wrong, the repository is another target's, a finding waits for a person | False | Stalled | Failed |
//
// - A new target is Ready before its first backup, which may be a day away: whoever deploys it must not wait for that.
// - A running backup is no Reconciling: it is what the target is for, and would show each target as in progress for hours.
// - A backup that somebody cancelled says nothing about the target, so what was before it holds.
// - Reconciling and Stalled are there only while they are True (never both), as kstatus wants it.
//
// BackupSucceeded tells of the last finished backup, Checked of the last check of the repository, RepositoryTrusted whether a finding
// waits (carried_state.h). They are absent until there is something to tell.
//
// Thread safety: pure functions. Sources: kstatus (cli-utils), Kubernetes API conventions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "controller/api/server_status.h"
#include "controller/api/target_status.h"
#include "controller/reconcile/carried_state.h"
#include "controller/reconcile/obstacle.h"
#include "controller/reconcile/run_result.h"

namespace borgop::controller {

inline constexpr std::string_view kReady = "Ready";
inline constexpr std::string_view kReconciling = "Reconciling";
inline constexpr std::string_view kStalled = "Stalled";
inline constexpr std::string_view kBackupSucceeded = "BackupSucceeded";
inline constexpr std::string_view kRepositoryTrusted = "RepositoryTrusted";
inline constexpr std::string_view kChecked = "Checked";

// Reasons that conditions have of their own. Beside them stand those of obstacles (obstacle.h), of findings (carried_state.h) and of
// failed runs (failure_reasons.h, engine/base/error.h).
namespace condition_reason {
inline constexpr std::string_view kScheduled = "Scheduled";
inline constexpr std::string_view kUnscheduled = "Unscheduled";
inline constexpr std::string_view kSuspended = "Suspended";
inline constexpr std::string_view kBackupFailed = "BackupFailed";
inline constexpr std::string_view kSetUp = "SetUp";  // of a server
inline constexpr std::string_view kKnown = "Known";
inline constexpr std::string_view kCheckPassed = "CheckPassed";
}  // namespace condition_reason

// Every reason that a condition of this type may have, of targets and servers. Reconciling and Stalled have those of Ready.
std::set<std::string_view> ReasonsOf(std::string_view type);
// The types that ReasonsOf knows.
inline constexpr std::array kConditionTypes = {kReady, kBackupSucceeded, kRepositoryTrusted, kChecked};

// How long a pod may take to start before that counts as a problem.
inline constexpr std::chrono::minutes kPatience{5};

struct TargetFacts {
  std::int64_t generation = 0;
  std::optional<Obstacle> obstacle;
  std::optional<RunFailure> stuck;  // what keeps a pod from starting since longer than kPatience
  bool scheduled = false, suspended = false;
  bool running = false, queued = false;
  bool starting = false;             // what runs has not begun
  std::optional<WallTime> retry_at;  // also where a retry is made now
  const CarriedState* carried = nullptr;
};

// From `facts` and what `status` says of runs. Sets conditions and state.
void SetConditions(api::TargetStatus& status, const TargetFacts& facts, WallTime now);
// Of a run that ended just now.
void SetChecked(api::TargetStatus& status, const JobRun& run, std::int64_t generation, WallTime now);

void SetConditions(api::ServerStatus& status, std::int64_t generation, const std::optional<Obstacle>& obstacle, WallTime now);

}  // namespace borgop::controller
