// Whether a regular expression, as borg's `re:` patterns have it, can be one at all: Python compiles it on T only when the backup begins.
//
// Only what Python's re (3.9 to 3.13, Lib/re/_parser.py) refuses in any case is a problem here, and not all of that: brackets that do not
// match, a backslash at the end, and something repeated where nothing is.
//
// Thread safety: pure function.
#pragma once

#include <string>
#include <string_view>

namespace borgop {

// A phrase as in rules.h; empty where nothing is wrong, as far as this sees.
std::string RegexProblem(std::string_view regex);

}  // namespace borgop
