#include "engine/restore/point_in_time.h"

#include <cstdio>
#include <optional>

#include "engine/base/rfc3339.h"

namespace borgop {
namespace {

using std::chrono::seconds;

// What a clock in the zone shows, read as if it were UTC.
using Shown = TimeZone::Seconds;

PointInTime WhenShown(Shown shown, const TimeZone& zone) {
  const seconds before = zone.At(shown - std::chrono::hours(24)).offset;
  const seconds after = zone.At(shown + std::chrono::hours(24)).offset;
  std::optional<Shown> found;
  for (const seconds offset : {before, after}) {
    const Shown time = shown - offset;
    if (zone.At(time).offset == offset && (!found || time > *found)) found = time;
  }
  return found.value_or(shown - before);
}

}  // namespace

tl::expected<PointInTime, std::string> ParsePointInTime(std::string_view text, const TimeZone& zone) {
  if (const auto exact = ParseRfc3339(text)) return *exact;
  const auto unknown = tl::unexpected(std::string("is no time (write it as 2026-11-20, 2026-11-20 15:00 or 2026-11-20T15:00:00Z)"));
  constexpr std::size_t kDate = 10, kMinute = 16, kSecond = 19;
  if (text.size() != kDate && text.size() != kMinute && text.size() != kSecond) return unknown;
  std::string whole(text);
  if (text.size() > kDate && text[kDate] != ' ' && text[kDate] != 'T') return unknown;
  if (text.size() == kDate) whole += "T00:00";
  if (text.size() <= kMinute) whole += ":00";
  whole[kDate] = 'T';
  const auto parsed = ParseRfc3339(whole + "Z");
  if (!parsed) return unknown;
  const Shown shown = std::chrono::floor<seconds>(*parsed);
  if (text.size() != kDate) return WhenShown(shown, zone);
  return WhenShown(shown + std::chrono::hours(24), zone) - std::chrono::microseconds(1);
}

std::string FormatInZone(PointInTime time, const TimeZone& zone) {
  const seconds offset = zone.At(std::chrono::floor<seconds>(time)).offset;
  std::string text = FormatRfc3339(time + offset, 0);
  if (offset.count() == 0) return text;
  text.pop_back();
  const long long minutes = std::chrono::abs(offset).count() / 60;
  char digits[16];
  static_cast<void>(std::snprintf(digits, sizeof digits, "%02lld:%02lld", (minutes / 60) % 100, minutes % 60));
  return text + (offset.count() < 0 ? '-' : '+') + digits;
}

}  // namespace borgop
