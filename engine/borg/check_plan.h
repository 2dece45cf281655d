// What borg cannot take, found in a plan before anything connects.
//
// Thread safety: pure functions.
#pragma once

#include "engine/base/result.h"
#include "engine/plan/plan.h"

namespace borgop {

// Errors: kInvalidConfig, all problems at once, a line each that names the target and says what to do.
Status CheckPlan(const Plan& plan);

}  // namespace borgop
