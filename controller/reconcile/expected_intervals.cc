#include "controller/reconcile/expected_intervals.h"

#include <algorithm>
#include <string>

#include "controller/reconcile/json_view.h"
#include "controller/reconcile/schedule.h"
#include "engine/base/time_zone.h"

namespace borgop::controller {
namespace {

using std::chrono::seconds;

std::optional<seconds> IntervalOf(const std::string& text, const TimeZone& zone, WallTime now) {
  const auto schedule = Schedule::Parse(text);
  if (!schedule) return std::nullopt;
  const auto next = schedule->Next(now, zone), last = schedule->Previous(now, zone);
  const auto after = next ? schedule->Next(*next, zone) : std::nullopt;
  // Previous() takes the time itself as well.
  const auto before = last ? schedule->Previous(*last - seconds(1), zone) : std::nullopt;
  std::optional<seconds> longest;
  const auto take = [&](const std::optional<WallTime>& from, const std::optional<WallTime>& to) {
    if (from && to) longest = std::max(longest.value_or(seconds(0)), std::chrono::duration_cast<seconds>(*to - *from));
  };
  take(before, last);
  take(last, next);
  take(next, after);
  return longest;
}

}  // namespace

ExpectedIntervals ExpectedIntervalsOf(const nlohmann::json& target, WallTime now) {
  const auto zone = TimeZone::Find(TextAt(target, {"spec", "timeZone"}));
  if (!zone) return {};
  ExpectedIntervals intervals;
  intervals.backup = IntervalOf(TextAt(target, {"status", "effectiveSchedule"}), *zone, now);
  if (TextAt(target, {"spec", "maintenance", "check"}) == "none") return intervals;
  const std::string own = TextAt(target, {"spec", "maintenance", "schedule"});
  const std::string identity =
      TextAt(target, {"metadata", "namespace"}) + '/' + TextAt(target, {"metadata", "name"}) + "/maintenance";
  intervals.check = own.empty() ? intervals.backup : IntervalOf(EffectiveSchedule(own, identity), *zone, now);
  return intervals;
}

}  // namespace borgop::controller
