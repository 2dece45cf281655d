// The times that people give to --as-of.
//
//     2026-11-20T15:00:00Z, 2026-11-20T15:00:00+01:00     RFC 3339
//     2026-11-20 15:00, 2026-11-20T15:00:30               local time in the zone
//     2026-11-20                                          the end of that day there
//
// A local time that a clock shows twice is the later one; one that it leaps over counts as if it had not leapt yet.
//
// Thread safety: pure. Errors: a phrase that follows what was given.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "engine/base/time_zone.h"

namespace borgop {

using PointInTime = std::chrono::system_clock::time_point;

tl::expected<PointInTime, std::string> ParsePointInTime(std::string_view text, const TimeZone& zone);

// "2026-11-20T15:00:00+01:00": in the zone, to the second.
std::string FormatInZone(PointInTime time, const TimeZone& zone);

}  // namespace borgop
