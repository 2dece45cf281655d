#include "engine/report/sizes.h"

#include <array>
#include <cstdio>

#include "engine/base/rfc3339.h"

namespace borgop {

std::string HumanBytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 7> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  // 1023.95 and more would print as 1024.0.
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  (void)std::snprintf(text.data(), text.size(), "%.1f %s", value, kUnits.at(unit));
  return text.data();
}

std::string HumanDuration(std::chrono::milliseconds duration) {
  const long long ms = duration.count() < 0 ? 0 : duration.count();
  std::array<char, 48> text{};
  const long long seconds = ms / 1000;
  if (seconds < 60) {
    (void)std::snprintf(text.data(), text.size(), "%lld.%llds", seconds, ms % 1000 / 100);
  } else if (seconds < 3600) {
    (void)std::snprintf(text.data(), text.size(), "%lldm%02llds", seconds / 60, seconds % 60);
  } else {
    (void)std::snprintf(text.data(), text.size(), "%lldh%02lldm", seconds / 3600, seconds % 3600 / 60);
  }
  return text.data();
}

std::string Rfc3339(WallTime time) { return FormatRfc3339(time, 3); }

}  // namespace borgop
