#include "engine/restore/point_in_time.h"

#include <gtest/gtest.h>

#include "engine/base/rfc3339.h"

namespace borgop {
namespace {

struct PointInTimeRow {
  const char* name;
  const char* text;
  const char* zone;
  const char* expected;  // in UTC; empty: refused
};
void PrintTo(const PointInTimeRow& row, std::ostream* out) { *out << row.name; }

class PointInTimeTest : public testing::TestWithParam<PointInTimeRow> {};

TEST_P(PointInTimeTest, IsRead) {
  const auto zone = TimeZone::Find(GetParam().zone);
  ASSERT_TRUE(zone);
  const auto time = ParsePointInTime(GetParam().text, *zone);
  EXPECT_EQ(time ? FormatRfc3339(*time, 6) : "", GetParam().expected);
}

const PointInTimeRow kPointInTimeRows[] = {
    {"Utc", "2026-11-20T15:00:00Z", "Europe/Amsterdam", "2026-11-20T15:00:00.000000Z"},
    {"Offset", "2026-11-20T15:00:00+05:30", "Europe/Amsterdam", "2026-11-20T09:30:00.000000Z"},
    {"Fraction", "2026-11-20T15:00:00.25Z", "", "2026-11-20T15:00:00.250000Z"},
    {"LocalMinutes", "2026-11-20 15:00", "Europe/Amsterdam", "2026-11-20T14:00:00.000000Z"},
    {"LocalSeconds", "2026-07-20T15:00:30", "Europe/Amsterdam", "2026-07-20T13:00:30.000000Z"},
    {"LocalInUtc", "2026-11-20 15:00", "", "2026-11-20T15:00:00.000000Z"},
    {"Day", "2026-11-20", "", "2026-11-20T23:59:59.999999Z"},
    {"DayEast", "2026-11-20", "Asia/Tokyo", "2026-11-20T14:59:59.999999Z"},
    {"DayWest", "2026-11-20", "America/New_York", "2026-11-21T04:59:59.999999Z"},
    {"DayOfTheChangeBack", "2026-10-25", "Europe/Amsterdam", "2026-10-25T22:59:59.999999Z"},
    {"LastDayOfTheYear", "2026-12-31", "", "2026-12-31T23:59:59.999999Z"},
    // 02:30 comes twice on that day, at 00:30 and at 01:30 UTC.
    {"ShownTwice", "2026-10-25 02:30", "Europe/Amsterdam", "2026-10-25T01:30:00.000000Z"},
    // From 01:00 UTC on, 02:00 is 03:00.
    {"LeaptOver", "2026-03-29 02:30", "Europe/Amsterdam", "2026-03-29T01:30:00.000000Z"},
    {"BeforeTheLeap", "2026-03-29 01:59", "Europe/Amsterdam", "2026-03-29T00:59:00.000000Z"},
    {"AfterTheLeap", "2026-03-29 03:00", "Europe/Amsterdam", "2026-03-29T01:00:00.000000Z"},
    {"Nothing", "", "", ""},
    {"Word", "yesterday", "", ""},
    {"HourOnly", "2026-11-20 15", "", ""},
    {"NoSuchDay", "2026-02-30", "", ""},
    {"NoSuchHour", "2026-11-20 25:00", "", ""},
    {"OtherBlank", "2026-11-20_15:00", "", ""},
    {"Trailing", "2026-11-20 15:00 ", "", ""},
};
INSTANTIATE_TEST_SUITE_P(Rows, PointInTimeTest, testing::ValuesIn(kPointInTimeRows),
                         [](const auto& row) { return row.param.name; });

TEST(FormatInZoneTest, HasTheOffset) {
  const auto time = *ParseRfc3339("2026-11-20T15:00:00.9Z");
  EXPECT_EQ(FormatInZone(time, *TimeZone::Find("")), "2026-11-20T15:00:00Z");
  EXPECT_EQ(FormatInZone(time, *TimeZone::Find("Asia/Kolkata")), "2026-11-20T20:30:00+05:30");
  EXPECT_EQ(FormatInZone(time, *TimeZone::Find("America/St_Johns")), "2026-11-20T11:30:00-03:30");
}

}  // namespace
}  // namespace borgop
