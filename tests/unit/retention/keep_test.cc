// That borg decides the same: borg_test.cc.
#include "engine/retention/keep.h"

#include <gtest/gtest.h>

#include "ledgers.h"

namespace borgop {
namespace {

// Archives are named a, b, c, ... in the order of `times`. What becomes of them: "a: daily #1", "a: dropped", or "a: stays".
std::string Judged(const std::vector<const char*>& times, const Retention& retention, const char* zone_name = "",
                   const char* now = "2026-11-26T10:00:00Z") {
  const auto zone = TimeZone::Find(zone_name);
  if (!zone) return zone.error();
  std::vector<LedgerArchive> archives;
  for (const char* time : times) archives.push_back(Seen("a", std::string(1, static_cast<char>('a' + archives.size())), time));
  std::vector<const LedgerArchive*> pointers;
  for (const LedgerArchive& archive : archives) pointers.push_back(&archive);
  const std::vector<Judgement> judgements = Judge(pointers, retention, *zone, At(now));
  std::string text;
  for (std::size_t i = 0; i < judgements.size(); ++i) {
    const Judgement& judgement = judgements[i];
    EXPECT_EQ(judgement.kept.has_value(), judgement.fate == Fate::kKept);
    text += (i == 0 ? "" : ", ") + archives[i].name + ": " +
            (judgement.kept                     ? ToString(*judgement.kept)
             : judgement.fate == Fate::kDropped ? "dropped"
                                                : "stays");
  }
  return text;
}

Retention Keep(std::initializer_list<std::pair<std::optional<std::int64_t> Retention::*, std::int64_t>> counts,
               std::string within = "", std::string glob = "") {
  Retention retention;
  for (const auto& [count, value] : counts) retention.*count = value;
  retention.keep_within = std::move(within);
  retention.glob_archives = std::move(glob);
  return retention;
}

constexpr auto kLast = &Retention::keep_last;
constexpr auto kMinutely = &Retention::keep_minutely;
constexpr auto kHourly = &Retention::keep_hourly;
constexpr auto kDaily = &Retention::keep_daily;
constexpr auto kWeekly = &Retention::keep_weekly;
constexpr auto kMonthly = &Retention::keep_monthly;
constexpr auto kYearly = &Retention::keep_yearly;

struct KeepRow {
  const char* name;
  std::vector<const char*> times;
  Retention retention;
  const char* expected;
  const char* zone = "";
};
void PrintTo(const KeepRow& row, std::ostream* out) { *out << row.name; }

class KeepTest : public testing::TestWithParam<KeepRow> {};

TEST_P(KeepTest, Judges) {
  const KeepRow& row = GetParam();
  EXPECT_EQ(Judged(row.times, row.retention, row.zone), row.expected);
}

const std::vector<const char*> kThreeDays = {"2026-11-01T10:00:00Z", "2026-11-02T09:00:00Z", "2026-11-02T10:00:00Z",
                                             "2026-11-03T10:00:00Z"};

const KeepRow kKeepRows[] = {
    {"None", {}, Keep({{kDaily, 1}}), ""},
    {"OneADay", kThreeDays, Keep({{kDaily, 2}}), "a: dropped, b: dropped, c: daily #2, d: daily #1"},
    {"OrderDoesNotMatter",
     {"2026-11-03T10:00:00Z", "2026-11-01T10:00:00Z", "2026-11-02T10:00:00Z"},
     Keep({{kDaily, 2}}),
     "a: daily #1, b: dropped, c: daily #2"},
    {"OldestWhereTheNumberIsNotReached",
     {"2026-11-02T08:00:00Z", "2026-11-02T09:00:00Z", "2026-11-02T10:00:00Z", "2026-11-03T10:00:00Z"},
     Keep({{kDaily, 7}}),
     "a: daily[oldest] #3, b: dropped, c: daily #2, d: daily #1"},
    {"OldestIsOfItsPeriod", kThreeDays, Keep({{kDaily, 7}}), "a: daily #3, b: dropped, c: daily #2, d: daily #1"},
    {"NumberReachedAtTheLast", kThreeDays, Keep({{kDaily, 3}}), "a: daily #3, b: dropped, c: daily #2, d: daily #1"},
    {"All", kThreeDays, Keep({{kDaily, -1}}), "a: daily #3, b: dropped, c: daily #2, d: daily #1"},
    {"AllHasNoOldest", {"2026-11-02T08:00:00Z", "2026-11-02T09:00:00Z"}, Keep({{kDaily, -1}}), "a: dropped, b: daily #1"},
    {"ZeroIsNoRule", kThreeDays, Keep({{kDaily, 0}, {kYearly, 1}}), "a: dropped, b: dropped, c: dropped, d: yearly #1"},
    {"KeptByAnEarlierRuleIsNotCounted", kThreeDays, Keep({{kLast, 1}, {kDaily, 1}}),
     "a: dropped, b: dropped, c: daily #1, d: secondly #1"},
    {"AndStandsForItsPeriod",
     {"2026-11-02T08:00:00Z", "2026-11-03T09:00:00Z", "2026-11-03T10:00:00Z"},
     Keep({{kLast, 1}, {kDaily, 1}}),
     "a: daily #1, b: dropped, c: secondly #1"},
    {"OldestKeptByAnEarlierRule",
     {"2026-11-02T08:00:00Z", "2026-11-03T10:00:00Z"},
     Keep({{kDaily, 5}, {kWeekly, 5}, {kYearly, 5}}),
     "a: daily #2, b: daily #1"},
    {"LastIsOneASecond",
     {"2026-11-02T08:00:00.100Z", "2026-11-02T08:00:00.900Z", "2026-11-02T08:00:01Z"},
     Keep({{kLast, 2}}),
     "a: dropped, b: secondly #2, c: secondly #1"},
    {"Minutely",
     {"2026-11-02T08:00:00Z", "2026-11-02T08:00:59Z", "2026-11-02T08:01:00Z"},
     Keep({{kMinutely, 2}}),
     "a: dropped, b: minutely #2, c: minutely #1"},
    {"Hourly",
     {"2026-11-02T08:00:00Z", "2026-11-02T08:59:59Z", "2026-11-02T09:00:00Z"},
     Keep({{kHourly, 2}}),
     "a: dropped, b: hourly #2, c: hourly #1"},
    {"WeeksBeginOnMonday",
     {"2026-11-21T08:00:00Z", "2026-11-22T23:59:59Z", "2026-11-23T00:00:00Z"},
     Keep({{kWeekly, 2}}),
     "a: dropped, b: weekly #2, c: weekly #1"},
    {"AWeekOfTwoYears",
     {"2020-12-27T08:00:00Z", "2020-12-28T08:00:00Z", "2021-01-03T08:00:00Z"},
     Keep({{kWeekly, 2}}),
     "a: weekly #2, b: dropped, c: weekly #1"},
    {"Monthly",
     {"2025-11-30T08:00:00Z", "2026-10-31T23:00:00Z", "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"},
     Keep({{kMonthly, 3}}),
     "a: monthly #3, b: monthly #2, c: dropped, d: monthly #1"},
    {"Yearly",
     {"2024-12-31T08:00:00Z", "2025-01-01T08:00:00Z", "2025-12-31T23:00:00Z"},
     Keep({{kYearly, 2}}),
     "a: yearly #2, b: dropped, c: yearly #1"},
    {"LocalDays",
     {"2026-11-01T22:30:00Z", "2026-11-01T23:30:00Z", "2026-11-02T10:00:00Z"},
     Keep({{kDaily, 2}}),
     "a: daily #2, b: dropped, c: daily #1",
     "Europe/Amsterdam"},
    // 02:30 and 02:10 come twice, an hour apart: they are one hour, and each minute comes again.
    {"ClocksSetBack",
     {"2026-10-25T00:10:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:10:00Z", "2026-10-25T01:30:00Z"},
     Keep({{kHourly, -1}}),
     "a: dropped, b: dropped, c: dropped, d: hourly #1",
     "Europe/Amsterdam"},
    {"ClocksSetBackByMinutes",
     {"2026-10-25T00:10:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:10:00Z", "2026-10-25T01:30:00Z"},
     Keep({{kMinutely, -1}}),
     "a: minutely #4, b: minutely #3, c: minutely #2, d: minutely #1",
     "Europe/Amsterdam"},
    {"ClocksSetForward",
     {"2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:59:00Z"},
     Keep({{kHourly, -1}}),
     "a: hourly #2, b: dropped, c: hourly #1",
     "Europe/Amsterdam"},
    {"ClocksSetBackByHalfAnHour",
     {"2026-04-04T14:59:00Z", "2026-04-04T15:00:00Z", "2026-04-04T15:31:00Z"},
     Keep({{kHourly, -1}}),
     "a: dropped, b: hourly #2, c: hourly #1",
     "Australia/Lord_Howe"},
    {"ADayThatNeverWas",
     {"2011-12-30T09:59:00Z", "2011-12-30T10:00:00Z"},
     Keep({{kDaily, -1}}),
     "a: daily #2, b: daily #1",
     "Pacific/Apia"},
    {"Within",
     {"2026-11-24T10:00:00Z", "2026-11-24T10:00:00.001Z", "2026-11-25T10:00:00Z", "2026-12-25T10:00:00Z"},
     Keep({}, "48H"),
     "a: dropped, b: within #3, c: within #2, d: within #1"},
    {"WithinDays", {"2026-11-24T10:00:00Z", "2026-11-25T10:00:00Z"}, Keep({}, "2d"), "a: dropped, b: within #1"},
    {"WithinWeeks", {"2026-11-12T10:00:00Z", "2026-11-12T10:00:01Z"}, Keep({}, "2w"), "a: dropped, b: within #1"},
    {"AMonthIs31Days", {"2026-10-26T10:00:00Z", "2026-10-26T10:00:01Z"}, Keep({}, "1m"), "a: dropped, b: within #1"},
    {"AYearIs365Days", {"2024-11-26T10:00:00Z", "2024-11-26T10:00:01Z"}, Keep({}, "2y"), "a: dropped, b: within #1"},
    {"WithinEver", {"1970-01-01T00:00:00Z", "2026-11-12T10:00:01Z"}, Keep({}, "2147483647y"), "a: within #2, b: within #1"},
    {"WithinComesFirst", kThreeDays, Keep({{kDaily, 1}}, "25d"), "a: daily #1, b: within #3, c: within #2, d: within #1"},
    {"NeverAll", kThreeDays, Keep({}, "1H"), "a: dropped, b: dropped, c: dropped, d: newest #1"},
    {"TheGreaterNameIsNewer",
     {"2026-11-02T08:00:00Z", "2026-11-02T08:00:00Z", "2026-11-02T08:00:00Z"},
     Keep({{kLast, 1}}),
     "a: dropped, b: dropped, c: secondly #1"},
    {"Glob", kThreeDays, Keep({{kDaily, 1}}, "", "[a-b]"), "a: dropped, b: daily #1, c: stays, d: stays"},
    {"GlobOfNone", kThreeDays, Keep({{kDaily, 1}}, "", "x"), "a: stays, b: stays, c: stays, d: stays"},
    // What a plan refuses.
    {"GlobThatBorgRefuses", kThreeDays, Keep({{kDaily, 1}}, "", "[b-a]"), "a: stays, b: stays, c: stays, d: stays"},
    {"NoRule", kThreeDays, Keep({}), "a: stays, b: stays, c: stays, d: stays"},
    {"RulesThatKeepNothing", kThreeDays, Keep({{kDaily, 0}}), "a: stays, b: stays, c: stays, d: stays"},
    {"WithinThatIsNone", kThreeDays, Keep({}, "soon"), "a: within #4, b: within #3, c: within #2, d: within #1"},
    {"BelowAll", kThreeDays, Keep({{kDaily, -5}}), "a: daily #3, b: dropped, c: daily #2, d: daily #1"},
};
INSTANTIATE_TEST_SUITE_P(Table, KeepTest, testing::ValuesIn(kKeepRows), [](const auto& row) { return row.param.name; });

TEST(KeepTest, UnfinishedArchivesStayAndStandForNothing) {
  const LedgerArchive unfinished = Seen("a", "x.checkpoint", "2026-11-02T10:00:00Z");
  const LedgerArchive whole = Seen("b", "x", "2026-11-02T09:00:00Z");
  const auto judgements = Judge({&unfinished, &whole}, Keep({{kDaily, 1}}), *TimeZone::Find(""), At("2026-11-26T10:00:00Z"));
  EXPECT_EQ(judgements[0].fate, Fate::kNotConsidered);
  EXPECT_EQ(judgements[1].fate, Fate::kKept);
}

}  // namespace
}  // namespace borgop
