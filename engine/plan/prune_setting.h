// The Go program's PruneSetting: a piece of a `borg prune` command line, which it hands to the target's shell.
//
// Thread safety: pure function. Sources: borg 1.2, `borg prune --help`; words as POSIX sh splits them (XCU 2.2), without expansions.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/plan/plan.h"

namespace borgop {

struct PruneSetting {
  Retention retention;
  std::optional<std::chrono::seconds> lock_wait;
  std::vector<std::string> problems;  // phrases, as in rules.h; empty: all is understood
};

// Options that only change what borg prints, or how fast it goes, are accepted and have no effect; options that would change what is
// pruned in a way that a Retention cannot say, or how, are problems that name the option. As with borg, the last of several equal
// options counts, several letters may stand behind one dash, and any beginning that only one long option has stands for it.
PruneSetting ParsePruneSetting(std::string_view text);

}  // namespace borgop
