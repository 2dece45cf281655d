// Events that follow from how a target's status changed: each change is told once, as the status that it was told from is written first.
//
// Thread safety: pure function.
#pragma once

#include <vector>

#include "controller/reconcile/decide.h"

namespace borgop::controller {

// Starts, obstacles that came and went, findings, schedules. The ends of runs are told by whoever records them, as there may be several at once.
std::vector<Event> EventsOfChange(const api::TargetStatus& before, const api::TargetStatus& after);
// Of the run that `status` has just recorded.
Event EventOfEnd(const api::TargetStatus& status);

}  // namespace borgop::controller
