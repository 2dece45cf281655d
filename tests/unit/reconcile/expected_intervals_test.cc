#include "controller/reconcile/expected_intervals.h"

#include <gtest/gtest.h>

#include "tests/unit/reconcile/run_fixture.h"

namespace borgop::controller {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

struct ExpectedIntervalsRow {
  const char *name, *schedule, *maintenance;  // `maintenance`: the spec's, as JSON
  const char* now;
  std::optional<seconds> backup, check;
};
void PrintTo(const ExpectedIntervalsRow& row, std::ostream* out) { *out << row.name; }

class ExpectedIntervalsTest : public testing::TestWithParam<ExpectedIntervalsRow> {};

TEST_P(ExpectedIntervalsTest, Table) {
  const ExpectedIntervalsRow& row = GetParam();
  const nlohmann::json target = {{"metadata", {{"namespace", "backups"}, {"name", "web-01"}}},
                                 {"spec", {{"maintenance", nlohmann::json::parse(row.maintenance)}}},
                                 {"status", {{"effectiveSchedule", row.schedule}}}};
  EXPECT_EQ(ExpectedIntervalsOf(target, test::At(row.now)), (ExpectedIntervals{row.backup, row.check}));
}

// 2026-11-24 is a Tuesday.
constexpr const char *kTuesday = "2026-11-24T12:00:00Z", *kWeekdays = "0 2 * * mon-fri";
const ExpectedIntervalsRow kExpectedIntervalsRows[] = {
    {"Daily", "0 2 * * *", "null", kTuesday, hours(24), hours(24)},
    {"AtTheVeryTime", "0 2 * * *", "null", "2026-11-24T02:00:00Z", hours(24), hours(24)},
    {"NoSchedule", "", "null", kTuesday, {}, {}},
    {"Nonsense", "soon", R"({"schedule": "later"})", kTuesday, {}, {}},
    {"NothingIsChecked", "0 2 * * *", R"({"check": "none", "schedule": "0 5 * * 0"})", kTuesday, hours(24), {}},
    {"CheckedByItsOwnSchedule", "0 2 * * *", R"({"schedule": "0 5 * * 0"})", kTuesday, hours(24), hours(7 * 24)},
    {"OnlyMaintenance", "", R"({"schedule": "@weekly-random"})", kTuesday, {}, hours(7 * 24)},
    {"TheWeekendIsAhead", kWeekdays, "null", "2026-11-20T12:00:00Z", hours(72), hours(72)},
    {"Weekend", kWeekdays, "null", "2026-11-22T12:00:00Z", hours(72), hours(72)},
    {"RightAfterTheWeekend", kWeekdays, "null", "2026-11-23T02:01:00Z", hours(72), hours(72)},
    {"LaterInTheWeek", kWeekdays, "null", "2026-11-24T02:01:00Z", hours(24), hours(24)},
    {"WithNothingToCome", "0 0 29 2 *", "null", "2097-01-01T00:00:00Z", hours(1461 * 24), hours(1461 * 24)},
};
INSTANTIATE_TEST_SUITE_P(Table, ExpectedIntervalsTest, testing::ValuesIn(kExpectedIntervalsRows),
                         [](const auto& row) { return row.param.name; });

TEST(ExpectedIntervalsTest, AreOfTheTargetsTimeZone) {
  const nlohmann::json target = {{"spec", {{"timeZone", "Europe/Amsterdam"}}}, {"status", {{"effectiveSchedule", "0 12 * * *"}}}};
  EXPECT_EQ(ExpectedIntervalsOf(target, test::At("2026-10-24T20:00:00Z")).backup, hours(25)) << "the night when clocks go back";
  EXPECT_EQ(ExpectedIntervalsOf({{"spec", {{"timeZone", "Nowhere"}}}, {"status", {{"effectiveSchedule", "0 12 * * *"}}}},
                                test::At("2026-10-24T20:00:00Z")),
            ExpectedIntervals{});
}

}  // namespace
}  // namespace borgop::controller
