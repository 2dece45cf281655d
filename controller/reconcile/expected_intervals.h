// How far apart a target's good backups, and its passed checks, are by its schedules: what the alerts measure lateness with.
//
// An interval is the longest of those around now: the two before and the two after the schedule's last time. So a weekend is not taken for
// lateness on the Monday after it, and one missed Tuesday is told as soon as in any other week.
//
// Thread safety: pure function.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/report/report.h"

namespace borgop::controller {

struct ExpectedIntervals {
  std::optional<std::chrono::seconds> backup;  // none: no schedule of its own, or one that cannot be read
  std::optional<std::chrono::seconds> check;   // none: as well, and where nothing is to be checked
  bool operator==(const ExpectedIntervals&) const = default;
};

// `target`: the whole object. Of its backups the schedule in effect counts, which is in its status.
ExpectedIntervals ExpectedIntervalsOf(const nlohmann::json& target, WallTime now);

}  // namespace borgop::controller
