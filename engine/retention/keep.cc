#include "engine/retention/keep.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>

#include "engine/plan/archive_glob.h"
#include "engine/plan/rules.h"

namespace borgop {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::minutes;
using std::chrono::weeks;
using std::chrono::year_month_day;

struct RuleInfo {
  KeepRule rule;
  std::string_view name;
  std::optional<std::int64_t> Retention::*count;
  // A number that is the same for times of one period and another for those before and after.
  std::int64_t (*period)(local_seconds time);
};

constexpr auto kRules = std::to_array<RuleInfo>({
    {KeepRule::kSecondly, "secondly", &Retention::keep_last,
     [](local_seconds time) -> std::int64_t { return time.time_since_epoch().count(); }},
    {KeepRule::kMinutely, "minutely", &Retention::keep_minutely,
     [](local_seconds time) -> std::int64_t { return floor<minutes>(time).time_since_epoch().count(); }},
    {KeepRule::kHourly, "hourly", &Retention::keep_hourly,
     [](local_seconds time) -> std::int64_t { return floor<hours>(time).time_since_epoch().count(); }},
    {KeepRule::kDaily, "daily", &Retention::keep_daily,
     [](local_seconds time) -> std::int64_t { return floor<days>(time).time_since_epoch().count(); }},
    // ISO 8601: weeks begin on Monday; 1 January 1970 was a Thursday.
    {KeepRule::kWeekly, "weekly", &Retention::keep_weekly,
     [](local_seconds time) -> std::int64_t { return floor<weeks>(time.time_since_epoch() + days(3)).count(); }},
    {KeepRule::kMonthly, "monthly", &Retention::keep_monthly,
     [](local_seconds time) -> std::int64_t {
       const year_month_day date(floor<days>(time));
       return std::int64_t{12} * static_cast<int>(date.year()) + static_cast<unsigned>(date.month());
     }},
    {KeepRule::kYearly, "yearly", &Retention::keep_yearly,
     [](local_seconds time) -> std::int64_t { return static_cast<int>(year_month_day(floor<days>(time)).year()); }},
});

std::string_view NameOf(KeepRule rule) {
  if (rule == KeepRule::kWithin) return "within";
  const auto found = std::find_if(kRules.begin(), kRules.end(), [rule](const RuleInfo& info) { return info.rule == rule; });
  return found == kRules.end() ? "newest" : found->name;
}

// Since when archives are within; what cannot be read or is longer than anything keeps all.
LedgerTime StartOf(std::string_view within, LedgerTime now) {
  constexpr std::int64_t kLongest = std::int64_t{24} * 365 * 1000;
  std::int64_t count = kLongest;
  std::from_chars(within.data(), within.data() + within.size(), count);
  if (!KeepWithinProblem(within).empty()) return LedgerTime::min();
  static constexpr std::array<std::pair<char, std::int64_t>, 5> kUnits = {
      {{'H', 1}, {'d', 24}, {'w', 24 * 7}, {'m', 24 * 31}, {'y', 24 * 365}}};
  for (const auto& [letter, unit] : kUnits) {
    if (within.back() == letter) return count > kLongest / unit ? LedgerTime::min() : now - hours(count * unit);
  }
  return LedgerTime::min();
}

// The archives that are considered, from the newest to the oldest.
struct Considered {
  const LedgerArchive* archive;
  local_seconds local;
  Judgement* judgement;
  void Keep(KeepRule rule, std::size_t number, bool oldest) const { *judgement = {Fate::kKept, Kept{rule, number, oldest}}; }
  bool kept() const { return judgement->fate == Fate::kKept; }
};

void KeepWithin(std::vector<Considered>& archives, LedgerTime start) {
  std::size_t number = 0;
  for (Considered& archive : archives) {
    if (archive.archive->seen > start) archive.Keep(KeepRule::kWithin, ++number, false);
  }
}

void KeepByPeriod(std::vector<Considered>& archives, const RuleInfo& rule, std::int64_t count) {
  if (archives.empty() || count == 0) return;
  const auto wanted = count < 0 ? std::numeric_limits<std::uint64_t>::max() : static_cast<std::uint64_t>(count);
  std::size_t kept = 0;
  std::optional<std::int64_t> last;
  for (Considered& archive : archives) {
    const std::int64_t period = rule.period(archive.local);
    if (period == last) continue;
    last = period;
    if (archive.kept()) continue;
    archive.Keep(rule.rule, ++kept, false);
    if (kept == wanted) return;
  }
  if (count > 0 && !archives.back().kept()) archives.back().Keep(rule.rule, kept + 1, true);
}

}  // namespace

std::string ToString(const Kept& kept) {
  return std::string(NameOf(kept.rule)) + (kept.oldest ? "[oldest]" : "") + " #" + std::to_string(kept.number);
}

std::vector<Judgement> Judge(const std::vector<const LedgerArchive*>& archives, const Retention& retention, const TimeZone& zone,
                             LedgerTime now) {
  std::vector<Judgement> judgements(archives.size());
  if (retention.empty() || !RetentionProblem(retention).empty()) return judgements;
  const std::optional<ArchiveGlob> glob = ArchiveGlob::Parse(retention.glob_archives.empty() ? "*" : retention.glob_archives);
  if (!glob) return judgements;
  std::vector<Considered> considered;
  for (std::size_t i = 0; i < archives.size(); ++i) {
    const LedgerArchive& archive = *archives[i];
    if (!glob->Matches(archive.name) || IsUnfinished(archive.name)) continue;
    const auto seconds = floor<std::chrono::seconds>(archive.seen);
    considered.push_back({&archive, local_seconds((seconds + zone.At(seconds).offset).time_since_epoch()), &judgements[i]});
    judgements[i].fate = Fate::kDropped;
  }
  std::sort(considered.begin(), considered.end(), [](const Considered& a, const Considered& b) {
    return a.archive->seen != b.archive->seen ? a.archive->seen > b.archive->seen : a.archive->name > b.archive->name;
  });
  if (!retention.keep_within.empty()) KeepWithin(considered, StartOf(retention.keep_within, now));
  for (const RuleInfo& rule : kRules) KeepByPeriod(considered, rule, (retention.*(rule.count)).value_or(0));
  const bool any = std::any_of(considered.begin(), considered.end(), [](const Considered& archive) { return archive.kept(); });
  if (!any && !considered.empty()) considered.front().Keep(KeepRule::kNewest, 1, false);
  return judgements;
}

}  // namespace borgop
