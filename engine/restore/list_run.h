// The archives of each target's repository, as borg on C lists them. T is not asked.
//
// Threading: the loop's thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/time_zone.h"
#include "engine/borg/output.h"
#include "engine/plan/plan.h"
#include "engine/restore/point_in_time.h"
#include "engine/retention/ledger.h"
#include "engine/run/target_run.h"

namespace borgop {

struct ArchiveEntry {
  std::string name, id;
  PointInTime start;
  std::optional<LedgerTime> seen = {};  // by C, where there is a ledger; nothing: no run saw it made
};

struct TargetListing {
  std::string target;
  std::string path;  // of the repository, on B
  std::string repository_id, encryption;
  std::vector<ArchiveEntry> archives;  // oldest first
  bool known = false;                  // they were held against a ledger
  std::optional<Error> error;
};

// The targets of `plan` at these places, in this order, so many at a time. Whatever becomes of one, the others are listed.
Task<std::vector<TargetListing>> ListPlan(Context context, const Plan& plan, const std::vector<std::size_t>& targets,
                                          std::size_t parallel, const RunEnvironment& environment);

// The places in the plan of the targets of these names; no names: of all. Errors: kInvalidConfig.
Result<std::vector<std::size_t>> FindTargets(const Plan& plan, const std::vector<std::string>& names);

// A table for people; one line without a newline for programs. Bytes that are not UTF-8 become U+FFFD.
std::string ToTable(const std::vector<TargetListing>& listings, const TimeZone& zone);
std::string ToJson(const std::vector<TargetListing>& listings);

// What main returns, as of a run in which each of these was what a target came to (report.h).
int ExitCodeOf(const std::vector<std::optional<Error>>& errors);

}  // namespace borgop
