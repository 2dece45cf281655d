// Reads a time as the report and Kubernetes write it.
//
// Thread safety: pure function. Source: RFC 3339, section 5.6 (a leap second counts as the second after it).
#pragma once

#include <optional>
#include <string_view>

#include "engine/report/report.h"

namespace borgop {

// "2026-11-24T05:37:14Z", with up to nine digits of a second's fraction, and "Z" or an offset such as "+01:00". Nothing where the text
// is anything else. Years 1970 to 2261, which is what WallTime holds in nanoseconds.
std::optional<WallTime> ParseRfc3339(std::string_view text);

}  // namespace borgop
