// The words that a plan and a BorgBackupTarget have in common: how check modes and the counts of a retention are spelled.
//
// Thread safety: constants.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/plan/plan.h"

namespace borgop {

inline constexpr std::array<std::pair<std::string_view, CheckMode>, 5> kCheckModes = {{{"full", CheckMode::kFull},
                                                                                       {"verifyData", CheckMode::kVerifyData},
                                                                                       {"repository", CheckMode::kRepository},
                                                                                       {"archives", CheckMode::kArchives},
                                                                                       {"none", CheckMode::kNone}}};

constexpr std::string_view CheckModeName(CheckMode mode) {
  for (const auto& [name, value] : kCheckModes) {
    if (value == mode) return name;
  }
  return "full";
}

// Nothing for a word that is none of them.
constexpr std::optional<CheckMode> CheckModeOf(std::string_view word) {
  for (const auto& [name, value] : kCheckModes) {
    if (name == word) return value;
  }
  return std::nullopt;
}

// In the order in which they are written.
inline constexpr std::array<std::pair<const char*, std::optional<std::int64_t> Retention::*>, 7> kKeepCounts = {
    {{"keepLast", &Retention::keep_last},
     {"keepMinutely", &Retention::keep_minutely},
     {"keepHourly", &Retention::keep_hourly},
     {"keepDaily", &Retention::keep_daily},
     {"keepWeekly", &Retention::keep_weekly},
     {"keepMonthly", &Retention::keep_monthly},
     {"keepYearly", &Retention::keep_yearly}}};

}  // namespace borgop
