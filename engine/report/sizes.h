// Numbers as people read them.
//
// Thread safety: pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "engine/report/report.h"

namespace borgop {

std::string HumanBytes(std::uint64_t bytes);                    // "512 B", "1.5 KiB", "12.0 GiB"
std::string HumanDuration(std::chrono::milliseconds duration);  // "3.2s", "1m05s", "2h03m"
std::string Rfc3339(WallTime time);                             // "2026-11-24T05:37:14.123Z"

}  // namespace borgop
