#include "controller/reconcile/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "controller/api/object_meta.h"
#include "engine/base/rfc3339.h"

namespace borgop::controller {
namespace {

using testing::HasSubstr;

WallTime At(const char* text) { return ParseRfc3339(text).value(); }

std::string Text(const std::optional<WallTime>& time) { return time ? api::KubeTime(*time) : "never"; }

struct NextRow {
  const char* name;
  const char* schedule;
  const char* zone;
  const char* from;
  const char* next;
  const char* previous;  // of `next` less a second; null: not looked at
};
void PrintTo(const NextRow& row, std::ostream* out) { *out << row.name; }

class ScheduleTest : public testing::TestWithParam<NextRow> {};

TEST_P(ScheduleTest, Next) {
  const NextRow& row = GetParam();
  const auto schedule = Schedule::Parse(row.schedule);
  ASSERT_TRUE(schedule) << schedule.error();
  const auto zone = TimeZone::Find(row.zone);
  ASSERT_TRUE(zone) << zone.error();
  const std::optional<WallTime> next = schedule->Next(At(row.from), *zone);
  EXPECT_EQ(Text(next), row.next);
  if (!next) return;
  EXPECT_EQ(Text(schedule->Previous(*next, *zone)), row.next);
  EXPECT_EQ(Text(schedule->Next(*next - std::chrono::seconds(1), *zone)), row.next);
  if (row.previous != nullptr) {
    EXPECT_EQ(Text(schedule->Previous(*next - std::chrono::seconds(1), *zone)), row.previous);
  }
}

const NextRow kNext[] = {
    {"EveryMinute", "* * * * *", "", "2026-11-24T05:37:12Z", "2026-11-24T05:38:00Z", "2026-11-24T05:37:00Z"},
    {"AfterItself", "0 5 * * *", "", "2026-11-24T05:00:00Z", "2026-11-25T05:00:00Z", "2026-11-24T05:00:00Z"},
    {"ASecondBefore", "0 5 * * *", "", "2026-11-24T04:59:59Z", "2026-11-24T05:00:00Z", "2026-11-23T05:00:00Z"},
    {"WithinASecond", "0 5 * * *", "", "2026-11-24T04:59:59.999Z", "2026-11-24T05:00:00Z", nullptr},
    {"Zone", "30 2 * * *", "Europe/Amsterdam", "2026-11-24T00:00:00Z", "2026-11-24T01:30:00Z", "2026-11-23T01:30:00Z"},
    {"HalfHourZone", "0 0 * * *", "Asia/Kolkata", "2026-11-24T00:00:00Z", "2026-11-24T18:30:00Z", nullptr},
    {"MonthEnd", "0 0 31 * *", "", "2026-11-24T00:00:00Z", "2026-12-31T00:00:00Z", "2026-10-31T00:00:00Z"},
    {"LeapDay", "0 0 29 2 *", "", "2026-11-24T00:00:00Z", "2028-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
    {"NotBefore2100", "0 0 29 2 *", "", "2096-03-01T00:00:00Z", "never", nullptr},
    {"ThirtyFirst", "0 0 31 2,3 *", "", "2026-02-01T00:00:00Z", "2026-03-31T00:00:00Z", nullptr},
    {"ImpossibleDayOrWeekday", "0 0 30 2 1", "", "2026-01-31T00:00:00Z", "2026-02-02T00:00:00Z", nullptr},
    {"EitherDay", "0 0 13 * fri", "", "2026-11-07T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-06T00:00:00Z"},
    {"EitherDayByMonth", "0 0 10 * FRI", "", "2026-11-07T00:00:00Z", "2026-11-10T00:00:00Z", "2026-11-06T00:00:00Z"},
    {"StarWithStepIsNoStar", "0 0 */30 * fri", "", "2026-11-28T00:00:00Z", "2026-12-01T00:00:00Z", "2026-11-27T00:00:00Z"},
    {"StarWithStepOneIsAStar", "0 0 */1 * fri", "", "2026-11-28T00:00:00Z", "2026-12-04T00:00:00Z", "2026-11-27T00:00:00Z"},
    {"QuestionMark", "0 0 ? * 0", "", "2026-11-24T00:00:00Z", "2026-11-29T00:00:00Z", "2026-11-22T00:00:00Z"},
    {"Step", "5/20 * * * *", "", "2026-11-24T05:26:00Z", "2026-11-24T05:45:00Z", "2026-11-24T05:25:00Z"},
    {"RangeStep", "0 8-17/4 * * *", "", "2026-11-24T12:00:00Z", "2026-11-24T16:00:00Z", "2026-11-24T12:00:00Z"},
    {"List", "0 1,13 * * *", "", "2026-11-24T02:00:00Z", "2026-11-24T13:00:00Z", "2026-11-24T01:00:00Z"},
    {"MonthNames", "0 0 1 jan,Jul *", "", "2026-11-24T00:00:00Z", "2027-01-01T00:00:00Z", "2026-07-01T00:00:00Z"},
    {"Weekly", "@weekly", "", "2026-11-24T00:00:00Z", "2026-11-29T00:00:00Z", "2026-11-22T00:00:00Z"},
    {"Yearly", "@annually", "", "2026-11-24T00:00:00Z", "2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z"},
    {"Spaces", "  0\t5  * * * ", "", "2026-11-24T00:00:00Z", "2026-11-24T05:00:00Z", nullptr},
    // 29 March 2026, 02:00 becomes 03:00: there is no 02:30 that day.
    {"SkippedHour", "30 2 * * *", "Europe/Amsterdam", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z", "2026-03-28T01:30:00Z"},
    {"HourlyOverASkip", "30 * * * *", "Europe/Amsterdam", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T00:30:00Z"},
    // 25 October 2026, 03:00 becomes 02:00: 02:30 comes twice.
    {"RepeatedHourFirst", "30 2 * * *", "Europe/Amsterdam", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-24T00:30:00Z"},
    {"RepeatedHourSecond", "30 2 * * *", "Europe/Amsterdam", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z",
     "2026-10-25T00:30:00Z"},
    {"AfterTheRepeat", "30 2 * * *", "Europe/Amsterdam", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z", "2026-10-25T01:30:00Z"},
    // Midnight itself is skipped: 6 September 2026 in Santiago begins at 01:00.
    {"SkippedMidnight", "0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", "2026-09-07T03:00:00Z", "2026-09-05T04:00:00Z"},
    // Half an hour is skipped: 4 October 2026, 02:00 becomes 02:30.
    {"HalfHourSkip", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-04T15:15:00Z", "2026-10-02T15:45:00Z"},
};
INSTANTIATE_TEST_SUITE_P(Table, ScheduleTest, testing::ValuesIn(kNext), [](const auto& row) { return row.param.name; });

struct BadRow {
  const char* name;
  const char* schedule;
  const char* problem;
};
void PrintTo(const BadRow& row, std::ostream* out) { *out << row.name; }

class BadScheduleTest : public testing::TestWithParam<BadRow> {};

TEST_P(BadScheduleTest, SaysWhy) {
  const auto schedule = Schedule::Parse(GetParam().schedule);
  ASSERT_FALSE(schedule);
  EXPECT_THAT(schedule.error(), HasSubstr(GetParam().problem));
}

const BadRow kBad[] = {
    {"Empty", "", "has 0 fields"},
    {"FourFields", "0 0 * *", "has 4 fields"},
    {"SixFields", "0 0 0 * * *", "has 6 fields"},
    {"Every", "@every 1h", "is unknown"},
    {"Random", "@daily-random", "is unknown"},
    {"Zone", "TZ=UTC 0 0 * * *", "has 6 fields"},
    {"Minute60", "60 * * * *", "minute \"60\", which is not from 0 to 59"},
    {"Hour24", "0 24 * * *", "hour \"24\", which is not from 0 to 23"},
    {"Day0", "0 0 0 * *", "day of month \"0\", which is not from 1 to 31"},
    {"Month13", "0 0 1 13 *", "month \"13\", which is not from 1 to 12"},
    {"Weekday7", "0 0 * * 7", "day of week \"7\", which is not from 0 to 6"},
    {"Backwards", "0 17-8 * * *", "hour \"17-8\", which ends before it begins"},
    {"StepZero", "*/0 * * * *", "has no step from 1"},
    {"StepMissing", "*/ * * * *", "has no step from 1"},
    {"TwoSlashes", "*/2/2 * * * *", "has no step from 1"},
    {"EmptyPart", "1,,2 * * * *", "minute \"\", which is not understood"},
    {"Negative", "-1 * * * *", "is not understood"},
    {"OpenRange", "1- * * * *", "is not understood"},
    {"NameElsewhere", "0 0 mon * *", "is not understood"},
    {"Huge", "99999999999 * * * *", "is not understood"},
    {"ThirtiethOfFebruary", "0 0 30 2 *", "is \"0 0 30 2 *\", which never comes"},
    {"ThirtyFirstOfShortMonths", "0 0 31 feb,4,6-6,sep,11 ?", "which never comes"},
};
INSTANTIATE_TEST_SUITE_P(Table, BadScheduleTest, testing::ValuesIn(kBad), [](const auto& row) { return row.param.name; });

TEST(EffectiveScheduleTest, IsPickedOnceAndForAll) {
  // Written down: a change would move everybody's backups.
  EXPECT_EQ(EffectiveSchedule("@hourly-random", "backups/web-01"), "51 * * * *");
  EXPECT_EQ(EffectiveSchedule("@daily-random", "backups/web-01"), "51 5 * * *");
  EXPECT_EQ(EffectiveSchedule("@weekly-random", "backups/web-01"), "51 5 * * 5");
  EXPECT_EQ(EffectiveSchedule("@monthly-random", "backups/web-01"), "51 5 27 * *");
  EXPECT_EQ(EffectiveSchedule("@yearly-random", "backups/web-01"), "51 5 27 2 *");
}

TEST(EffectiveScheduleTest, OthersStay) {
  for (const char* text : {"30 2 * * *", "@daily", "@fortnightly-random", "", "-random"})
    EXPECT_EQ(EffectiveSchedule(text, "a/b"), text);
}

TEST(EffectiveScheduleTest, SpreadsOverThePeriodAndIsAlwaysASchedule) {
  std::set<std::string> minute_fields, hour_fields, weekday_fields;
  for (int i = 0; i < 2000; ++i) {
    const std::string identity = "backups/web-" + std::to_string(i);
    for (const char* text : {"@hourly-random", "@daily-random", "@weekly-random", "@monthly-random", "@yearly-random"}) {
      const std::string schedule = EffectiveSchedule(text, identity);
      const auto parsed = Schedule::Parse(schedule);
      ASSERT_TRUE(parsed) << schedule << ' ' << parsed.error();
    }
    const std::string weekly = EffectiveSchedule("@weekly-random", identity);
    const std::size_t space = weekly.find(' ');
    minute_fields.insert(weekly.substr(0, space));
    hour_fields.insert(weekly.substr(space + 1, weekly.find(' ', space + 1) - space - 1));
    weekday_fields.insert(weekly.substr(weekly.rfind(' ')));
  }
  EXPECT_EQ(minute_fields.size(), 60U);
  EXPECT_EQ(hour_fields.size(), 24U);
  EXPECT_EQ(weekday_fields.size(), 7U);
}

}  // namespace
}  // namespace borgop::controller
