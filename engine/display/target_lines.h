// The lines about a target that people read, shared by the terminal and the text log.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "engine/display/display.h"

namespace borgop {

struct TerminalStyle {
  bool color = false;
  bool unicode = false;  // marks as ✓ ✗ !, else as ok, FAILED, !
};

// What a finished target has to say: one line, and for a failure a second one that says what to do. Printable, without newlines.
std::vector<std::string> DoneLines(const TargetReport& report, const TerminalStyle& style);

// "12,345".
std::string Grouped(std::uint64_t number);

}  // namespace borgop
