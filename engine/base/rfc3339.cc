#include "engine/base/rfc3339.h"

#include <array>
#include <cstdint>
#include <ctime>

namespace borgop {
namespace {

using WallTime = std::chrono::system_clock::time_point;

// Takes `digits` digits off the front; nothing where there are fewer.
std::optional<int> Number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool Take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::nanoseconds> Fraction(std::string_view& text) {
  if (!Take(text, '.')) return std::chrono::nanoseconds(0);
  std::int64_t value = 0, unit = 100'000'000;
  std::size_t digits = 0;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    if (++digits > 9) return std::nullopt;
    value += (text[0] - '0') * unit;
    unit /= 10;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  return std::chrono::nanoseconds(value);
}

std::optional<std::chrono::minutes> Offset(std::string_view& text) {
  if (Take(text, 'Z') || Take(text, 'z')) return std::chrono::minutes(0);
  const bool east = text.starts_with('+');
  if (!east && !text.starts_with('-')) return std::nullopt;
  text.remove_prefix(1);
  const std::optional<int> hours = Number(text, 2);
  if (!hours || *hours > 23 || !Take(text, ':')) return std::nullopt;
  const std::optional<int> minutes = Number(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return east ? offset : -offset;
}

}  // namespace

std::string FormatRfc3339(WallTime time, int fraction_digits) {
  const auto micros = std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(micros);
  const std::time_t whole = seconds.count();
  std::tm utc{};
  gmtime_r(&whole, &utc);
  std::array<char, 32> date{};
  std::string text(date.data(), std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc));
  if (fraction_digits > 0) {
    std::string fraction = std::to_string((micros - seconds).count());
    fraction.insert(0, 6 - fraction.size(), '0');
    text += '.' + fraction.substr(0, static_cast<std::size_t>(fraction_digits));
  }
  return text + 'Z';
}

std::optional<WallTime> ParseRfc3339(std::string_view text) {
  const std::optional<int> year = Number(text, 4);
  if (!year || !Take(text, '-')) return std::nullopt;
  const std::optional<int> month = Number(text, 2);
  if (!month || !Take(text, '-')) return std::nullopt;
  const std::optional<int> day = Number(text, 2);
  if (!day || (!Take(text, 'T') && !Take(text, 't'))) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const std::optional<int> hour = Number(text, 2);
  if (!hour || *hour > 23 || !Take(text, ':')) return std::nullopt;
  const std::optional<int> minute = Number(text, 2);
  if (!minute || *minute > 59 || !Take(text, ':')) return std::nullopt;
  const std::optional<int> second = Number(text, 2);
  if (!second || *second > 60) return std::nullopt;
  const std::optional<std::chrono::nanoseconds> fraction = Fraction(text);
  if (!fraction) return std::nullopt;
  const std::optional<std::chrono::minutes> offset = Offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  const auto local = std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
                     std::chrono::seconds(*second) - *offset;
  if (local.time_since_epoch().count() < 0) return std::nullopt;
  constexpr std::chrono::sys_days kLatest{std::chrono::year(2261) / std::chrono::December / 31};
  if (local > kLatest) return WallTime(kLatest);
  return WallTime(std::chrono::time_point_cast<WallTime::duration>(local) +
                  std::chrono::duration_cast<WallTime::duration>(*fraction));
}

}  // namespace borgop
