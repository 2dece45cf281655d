#include "engine/base/rfc3339.h"

#include <gtest/gtest.h>

namespace borgop {
namespace {

struct Rfc3339Row {
  const char* name;
  const char* text;
  const char* utc;  // as FormatRfc3339 writes it; null: refused
};

class Rfc3339Test : public testing::TestWithParam<Rfc3339Row> {};

TEST_P(Rfc3339Test, Reads) {
  const auto time = ParseRfc3339(GetParam().text);
  ASSERT_EQ(time.has_value(), GetParam().utc != nullptr) << GetParam().text;
  if (time) {
    EXPECT_EQ(FormatRfc3339(*time, 3), GetParam().utc);
  }
}

const Rfc3339Row kRfc3339Rows[] = {
    {"Seconds", "2026-11-24T05:37:14Z", "2026-11-24T05:37:14.000Z"},
    {"Milliseconds", "2026-11-24T05:37:14.123Z", "2026-11-24T05:37:14.123Z"},
    {"Microseconds", "2026-11-24T05:37:14.123999Z", "2026-11-24T05:37:14.123Z"},
    {"OneDigit", "2026-11-24T05:37:14.5Z", "2026-11-24T05:37:14.500Z"},
    {"East", "2026-11-24T05:37:14+01:30", "2026-11-24T04:07:14.000Z"},
    {"West", "2026-12-31T23:37:14-01:00", "2027-01-01T00:37:14.000Z"},
    {"Epoch", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
    {"LeapDay", "2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z"},
    {"LeapSecond", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
    {"NoLeapDay", "2027-02-29T00:00:00Z", nullptr},
    {"Empty", "", nullptr},
    {"NoZone", "2026-11-24T05:37:14", nullptr},
    {"DateOnly", "2026-11-24", nullptr},
    {"Month13", "2026-13-24T05:37:14Z", nullptr},
    {"Hour24", "2026-11-24T24:00:00Z", nullptr},
    {"Minute60", "2026-11-24T05:60:00Z", nullptr},
    {"Trailing", "2026-11-24T05:37:14Z ", nullptr},
    {"EmptyFraction", "2026-11-24T05:37:14.Z", nullptr},
    {"TenDigits", "2026-11-24T05:37:14.0123456789Z", nullptr},
    {"OffsetTooLarge", "2026-11-24T05:37:14+24:00", nullptr},
    {"BeforeTheEpoch", "1969-12-31T23:59:59Z", nullptr},
    {"BeyondNanoseconds", "2300-01-01T00:00:00Z", "2261-12-31T00:00:00.000Z"},
    {"Never", "9999-12-31T23:59:59.999999999-23:59", "2261-12-31T00:00:00.000Z"},
    {"InItsLastDay", "2261-12-31T23:59:59.999999-23:59", "2261-12-31T00:00:00.000Z"},
    {"BeforeTheEpochByItsOffset", "1970-01-01T00:00:00+00:01", nullptr},
    {"NoDayBeyond", "2300-02-29T00:00:00Z", nullptr},
    {"OffsetWithoutColon", "2026-11-24T05:37:14+0100", nullptr},
    {"Space", "2026-11-24 05:37:14Z", nullptr},
};
INSTANTIATE_TEST_SUITE_P(Table, Rfc3339Test, testing::ValuesIn(kRfc3339Rows), [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace borgop
