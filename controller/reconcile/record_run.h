// How runs get into a target's status, each once.
//
// A Job whose result is in the status gets an annotation that says so. Until it has that (a crash may come between), the times tell: a run
// that ended before the last that is recorded has been recorded itself, as runs of a target follow one another. So a Job may be
// looked at again without being counted twice, and one that ended while no operator was there is not missed. In a status that was lost,
// nothing is recorded, whatever the annotations say.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "controller/api/target_status.h"
#include "controller/reconcile/run_result.h"

namespace borgop::controller {

bool IsRecorded(const api::TargetStatus& status, const JobRun& run);

// Of a run that ended. `inputs`: digest of the spec and the Secrets as they are now; one noted when the run began stays.
void RecordEnd(api::TargetStatus& status, const JobRun& run, const std::string& inputs);
// Of a run that is under way: lastBackup says so, and progress where it is known.
void RecordRunning(api::TargetStatus& status, const JobRun& run, const std::string& inputs);

}  // namespace borgop::controller
