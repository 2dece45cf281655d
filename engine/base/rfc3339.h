// Times as the report and Kubernetes write them.
//
// Thread safety: pure functions. Source: RFC 3339, section 5.6 (a leap second counts as the second after it).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace borgop {

// In UTC, cut to so many digits of a second's fraction (0 to 6): "2026-11-24T05:37:14.123Z" with 3, no point with 0.
std::string FormatRfc3339(std::chrono::system_clock::time_point time, int fraction_digits);

// "2026-11-24T05:37:14Z", with up to nine digits of a second's fraction, and "Z" or an offset such as "+01:00". Nothing where the text
// is anything else, or before 1970. What comes after the year 2261, which the clock cannot hold in nanoseconds, counts as its last day.
std::optional<std::chrono::system_clock::time_point> ParseRfc3339(std::string_view text);

}  // namespace borgop
