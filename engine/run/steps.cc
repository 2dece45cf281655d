#include "engine/run/steps.h"

#include <algorithm>

namespace borgop {

std::vector<PhaseName> MaintenancePhases(const Target& target, bool ledger) {
  std::vector<PhaseName> phases;
  if (!target.retention.empty()) phases.push_back(PhaseName::kPrune);
  if (target.maintenance.check != CheckMode::kNone) phases.insert(ledger ? phases.begin() : phases.end(), PhaseName::kCheck);
  // What is freed is gone for ever: only where a check can have said that the rest is sound.
  if (target.maintenance.compact && target.maintenance.check != CheckMode::kNone) phases.push_back(PhaseName::kCompact);
  return phases;
}

bool MayRun(PhaseName phase, const std::vector<PhaseName>& failed) {
  switch (phase) {
    case PhaseName::kCleanup: return true;
    // A prune that failed changes nothing about whether the repository is sound.
    case PhaseName::kCheck:
      return std::all_of(failed.begin(), failed.end(), [](PhaseName other) { return other == PhaseName::kPrune; });
    default: return failed.empty();
  }
}

Outcome OutcomeOf(const TargetReport& report) {
  if (report.error) return report.error->kind() == ErrorKind::kCancelled ? Outcome::kCancelled : Outcome::kFailed;
  return report.warnings.empty() ? Outcome::kCompleted : Outcome::kCompletedWithWarnings;
}

}  // namespace borgop
