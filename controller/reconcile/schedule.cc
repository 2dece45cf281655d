#include "controller/reconcile/schedule.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "controller/reconcile/names.h"

namespace borgop::controller {
namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr days kHorizon{5 * 366};

struct FieldKind {
  const char* name = "";
  unsigned low = 0, high = 0;
  std::array<std::string_view, 12> names;  // of low and what follows
};
constexpr std::array<FieldKind, 5> kFields = {{
    {"minute", 0, 59, {}},
    {"hour", 0, 23, {}},
    {"day of month", 1, 31, {}},
    {"month", 1, 12, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
    {"day of week", 0, 6, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}};

struct Macro {
  std::string_view name, fields;
};
constexpr std::array<Macro, 7> kMacros = {{{"@yearly", "0 0 1 1 *"},
                                           {"@annually", "0 0 1 1 *"},
                                           {"@monthly", "0 0 1 * *"},
                                           {"@weekly", "0 0 * * 0"},
                                           {"@daily", "0 0 * * *"},
                                           {"@midnight", "0 0 * * *"},
                                           {"@hourly", "0 * * * *"}}};

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::optional<unsigned> Digits(std::string_view text) {
  if (text.empty() || text.size() > 9) return std::nullopt;
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

// A number, or a name of a month or a day.
std::optional<unsigned> Value(std::string_view text, const FieldKind& kind) {
  if (text.size() == 3) {
    std::string lower(text);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    for (std::size_t i = 0; i < kind.names.size(); ++i) {
      if (kind.names.at(i) == lower) return kind.low + static_cast<unsigned>(i);
    }
  }
  return Digits(text);
}

}  // namespace

tl::expected<Schedule::Field, std::string> Schedule::ParseField(std::string_view text, std::size_t field) {
  const FieldKind& kind = kFields.at(field);
  const auto fail = [&](std::string_view part, const std::string& why) {
    return tl::unexpected("has the " + std::string(kind.name) + " \"" + std::string(part) + "\", which " + why);
  };
  Field result;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    const std::size_t slash = part.find('/');
    const std::string_view range = part.substr(0, slash);
    const std::size_t dash = range.find('-');
    unsigned low = kind.low, high = kind.high, step = 1;
    const bool star = range == "*" || range == "?";
    if (!star) {
      const std::optional<unsigned> first = Value(range.substr(0, dash), kind);
      if (!first) return fail(part, "is not understood");
      low = high = *first;
      if (dash != std::string_view::npos) {
        const std::optional<unsigned> last = Value(range.substr(dash + 1), kind);
        if (!last) return fail(part, "is not understood");
        high = *last;
      } else if (slash != std::string_view::npos) {
        high = kind.high;  // "5/10" is every tenth from the fifth on
      }
    }
    if (slash != std::string_view::npos) {
      const std::optional<unsigned> given = Digits(part.substr(slash + 1));
      if (!given || *given == 0) return fail(part, "has no step from 1 after its slash");
      step = *given;
    }
    if (low < kind.low || high > kind.high)
      return fail(part, "is not from " + std::to_string(kind.low) + " to " + std::to_string(kind.high));
    if (low > high) return fail(part, "ends before it begins");
    for (unsigned value = low; value <= high; value += step) result.bits |= std::uint64_t{1} << value;
    // A star with a step restricts the field as numbers do.
    result.any = result.any || (star && step == 1);
    if (comma == std::string_view::npos) return result;
    text.remove_prefix(comma + 1);
  }
}

tl::expected<Schedule, std::string> Schedule::Parse(std::string_view text) {
  if (text.starts_with('@')) {
    const auto found = std::find_if(kMacros.begin(), kMacros.end(), [text](const Macro& macro) { return macro.name == text; });
    if (found == kMacros.end()) {
      return tl::unexpected("is \"" + std::string(text) +
                            "\", which is unknown (use @hourly, @daily, @weekly, @monthly, @yearly, or one of them with -random)");
    }
    text = found->fields;
  }
  const std::vector<std::string_view> words = Words(text);
  if (words.size() != kFields.size()) {
    return tl::unexpected("has " + std::to_string(words.size()) +
                          " fields instead of five (minute, hour, day of month, month, day of week)");
  }
  Schedule schedule;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const tl::expected<Field, std::string> field = ParseField(words[i], i);
    if (!field) return tl::unexpected(field.error());
    schedule.fields_.at(i) = *field;
  }
  if (!schedule.EverComes())
    return tl::unexpected("is \"" + std::string(text) + "\", which never comes: no month that it names has such a day");
  return schedule;
}

bool Schedule::EverComes() const {
  // Where both days are restricted the one of the week is enough.
  if (fields_[2].any || !fields_[4].any) return true;
  constexpr std::array<unsigned, 13> kLastDays = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const auto first_day = static_cast<unsigned>(std::countr_zero(fields_[2].bits));
  for (unsigned month = 1; month < kLastDays.size(); ++month) {
    if ((fields_[3].bits >> month & 1U) != 0 && first_day <= kLastDays.at(month)) return true;
  }
  return false;
}

bool Schedule::DayMatches(local_days day) const {
  const std::chrono::year_month_day date(day);
  const auto has = [this](std::size_t field, unsigned value) { return (fields_.at(field).bits >> value & 1U) != 0; };
  if (!has(3, static_cast<unsigned>(date.month()))) return false;
  const bool of_month = has(2, static_cast<unsigned>(date.day()));
  const bool of_week = has(4, std::chrono::weekday(day).c_encoding());
  return fields_[2].any || fields_[4].any ? of_month && of_week : of_month || of_week;
}

std::optional<minutes> Schedule::SeekInDay(minutes from, bool forward) const {
  constexpr minutes kDay{24 * 60};
  for (minutes at = from; at >= minutes(0) && at < kDay; at += minutes(forward ? 1 : -1)) {
    const auto hour = static_cast<unsigned>(at.count() / 60), minute = static_cast<unsigned>(at.count() % 60);
    if ((fields_[1].bits >> hour & 1U) != 0 && (fields_[0].bits >> minute & 1U) != 0) return at;
  }
  return std::nullopt;
}

// The nearest local time that matches, in a world without clock changes; from `from` (a whole minute, itself included) to `limit`.
std::optional<local_seconds> Schedule::Seek(local_seconds from, local_seconds limit, bool forward) const {
  local_days day = std::chrono::floor<days>(from);
  minutes start = std::chrono::duration_cast<minutes>(from - day);
  while (forward ? day <= limit : day + days(1) > limit) {
    if (DayMatches(day)) {
      if (const std::optional<minutes> at = SeekInDay(start, forward)) return day + *at;
    }
    day += days(forward ? 1 : -1);
    start = forward ? minutes(0) : minutes(24 * 60 - 1);
  }
  return std::nullopt;
}

// Both go from one period of the zone to the next: within one, local time and UTC differ by a constant.
std::optional<WallTime> Schedule::Next(WallTime time, const TimeZone& zone) const {
  sys_seconds from = std::chrono::floor<seconds>(time) + seconds(1);
  const sys_seconds horizon = from + kHorizon;
  while (from < horizon) {
    const TimeZone::Period period = zone.At(from);
    const local_seconds local = std::chrono::ceil<minutes>(local_seconds((from + period.offset).time_since_epoch()));
    const sys_seconds end = std::min(period.end, horizon);
    if (const std::optional<local_seconds> found = Seek(local, local_seconds((end + period.offset).time_since_epoch()), true)) {
      const sys_seconds at(found->time_since_epoch() - period.offset);
      if (at < end) return at;
    }
    from = end;
  }
  return std::nullopt;
}

std::optional<WallTime> Schedule::Previous(WallTime time, const TimeZone& zone) const {
  sys_seconds from = std::chrono::floor<seconds>(time);
  const sys_seconds horizon = from - kHorizon;
  while (from > horizon) {
    const TimeZone::Period period = zone.At(from);
    const local_seconds local = std::chrono::floor<minutes>(local_seconds((from + period.offset).time_since_epoch()));
    const sys_seconds begin = std::max(period.begin, horizon);
    if (const std::optional<local_seconds> found = Seek(local, local_seconds((begin + period.offset).time_since_epoch()), false)) {
      const sys_seconds at(found->time_since_epoch() - period.offset);
      if (at >= begin) return at;
    }
    from = begin - seconds(1);
  }
  return std::nullopt;
}

std::string EffectiveSchedule(std::string_view text, std::string_view identity) {
  constexpr std::string_view kSuffix = "-random";
  if (!text.starts_with('@') || !text.ends_with(kSuffix)) return std::string(text);
  const std::string_view period = text.substr(0, text.size() - kSuffix.size());
  std::uint64_t hash = StableHash(identity);
  const auto pick = [&hash](std::uint64_t count) {
    const std::uint64_t value = hash % count;
    hash /= count;
    return std::to_string(value);
  };
  const std::string minute = pick(60), hour = pick(24), weekday = pick(7);
  const std::string day = std::to_string(std::stoi(pick(28)) + 1), month = std::to_string(std::stoi(pick(12)) + 1);
  if (period == "@hourly") return minute + " * * * *";
  if (period == "@daily") return minute + ' ' + hour + " * * *";
  if (period == "@weekly") return minute + ' ' + hour + " * * " + weekday;
  if (period == "@monthly") return minute + ' ' + hour + ' ' + day + " * *";
  if (period == "@yearly") return minute + ' ' + hour + ' ' + day + ' ' + month + " *";
  return std::string(text);
}

}  // namespace borgop::controller
