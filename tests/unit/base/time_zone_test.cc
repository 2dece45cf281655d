#include "engine/base/time_zone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/rfc3339.h"

namespace borgop {
namespace {

using testing::HasSubstr;

std::chrono::seconds OffsetAt(const char* zone, const char* time) {
  return TimeZone::Find(zone).value().At(std::chrono::floor<std::chrono::seconds>(ParseRfc3339(time).value())).offset;
}

TEST(TimeZoneTest, Offsets) {
  using std::chrono::hours;
  using std::chrono::minutes;
  EXPECT_EQ(OffsetAt("", "2026-07-01T00:00:00Z"), hours(0));
  EXPECT_EQ(OffsetAt("Europe/Amsterdam", "2026-03-29T00:59:59Z"), hours(1));
  EXPECT_EQ(OffsetAt("Europe/Amsterdam", "2026-03-29T01:00:00Z"), hours(2));
  EXPECT_EQ(OffsetAt("Australia/Lord_Howe", "2026-04-04T15:00:00Z"), minutes(630));
}

TEST(TimeZoneTest, Unknown) {
  for (const char* name : {"Local", "Europe/Nowhere", "../etc/passwd", "europe amsterdam"}) {
    const auto zone = TimeZone::Find(name);
    ASSERT_FALSE(zone) << name;
    EXPECT_THAT(zone.error(), HasSubstr("tz database"));
  }
}

}  // namespace
}  // namespace borgop
