// What a Retention keeps, as `borg prune` works it out, but by the ledger's times.
//
// Archives are gone through from the newest to the oldest, rule by rule: within, secondly (keepLast), minutely, hourly, daily, weekly,
// monthly, yearly. A rule keeps the newest archive of each of its periods, in local time, until it has kept its number; one that an
// earlier rule keeps stands for its period and does not count. A rule that does not reach its number keeps the oldest archive as well.
//
// Where borg would drop all, the newest is kept. Of equally old archives that with the greater name counts as newer, as with borg.
//
// Thread safety: pure functions. Sources: borg 1.2.4 and 1.4.5, do_prune, prune_within and prune_split (the same decisions in both).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/time_zone.h"
#include "engine/plan/plan.h"
#include "engine/retention/ledger.h"

namespace borgop {

enum class KeepRule { kWithin, kSecondly, kMinutely, kHourly, kDaily, kWeekly, kMonthly, kYearly, kNewest };

struct Kept {
  KeepRule rule{};
  std::size_t number = 1;  // how many that rule has kept with it
  bool oldest = false;     // kept because the rule's number was not reached
};
// As borg prints it: "daily #3", "monthly[oldest] #2".
std::string ToString(const Kept& kept);

enum class Fate {
  kKept,
  kDropped,
  kNotConsidered,  // its name does not match, or no rule keeps anything: it stays
};

struct Judgement {
  Fate fate = Fate::kNotConsidered;
  std::optional<Kept> kept;  // kKept only
};

// One for each of `archives`, in their order. `retention` has passed RetentionProblem and its like; one that has not drops less, never
// more.
std::vector<Judgement> Judge(const std::vector<const LedgerArchive*>& archives, const Retention& retention, const TimeZone& zone,
                             LedgerTime now);

}  // namespace borgop
