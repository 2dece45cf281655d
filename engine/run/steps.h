// What a target's run does, in which order: pure.
#pragma once

#include <vector>

#include "engine/plan/plan.h"
#include "engine/report/report.h"

namespace borgop {

// The phases that follow once the archive was made and listed. Compact needs a check that passed, where a check is asked for:
// what a damaged or tampered repository still holds must not be freed. With a ledger nothing is dropped either, before the check passed;
// without one borg prune goes first, as the TOML's users know it.
std::vector<PhaseName> MaintenancePhases(const Target& target, bool ledger);

// Whether `phase` may still run after `failed` (the phases that failed so far).
bool MayRun(PhaseName phase, const std::vector<PhaseName>& failed);

// What the run came to.
Outcome OutcomeOf(const TargetReport& report);

}  // namespace borgop
