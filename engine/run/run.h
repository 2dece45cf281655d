// A whole run: all targets of a plan, so many at a time.
//
// Threading: the loop's thread.
#pragma once

#include "engine/run/target_run.h"

namespace borgop {

// Every target is run, whatever becomes of the others; a stop of the context ends them all. The report has them in the plan's order.
Task<RunReport> RunPlan(Context context, const Plan& plan, std::size_t parallel, const RunEnvironment& environment);

}  // namespace borgop
