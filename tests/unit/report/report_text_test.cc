#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/report/report.h"

namespace borgop {
namespace {

using testing::HasSubstr;
using testing::Not;

RunReport TextSample() {
  RunReport report;
  report.end = report.start + std::chrono::seconds(65);
  TargetReport good;
  good.name = "web\x1b[2J";
  good.outcome = Outcome::kCompleted;
  good.archive = Archive{"", "snapshot-1", "", "", 3 * 1024 * 1024, 0, 2048, 7};
  good.pruned = 3;
  good.end = good.start + std::chrono::milliseconds(2500);
  good.warnings.assign(8, "line\nbreak");
  TargetReport bad;
  bad.name = "db";
  bad.error = Error{Reason::kBorgMissing, "no borg on db", ""};
  report.targets = {good, bad};
  return report;
}

TEST(ReportTextTest, SaysWhatHappenedAndWhatToDo) {
  const std::string text = ToText(TextSample(), false);
  EXPECT_THAT(text, HasSubstr("archive snapshot-1: 7 files, 3.0 MiB, 2.0 KiB new\n"));
  EXPECT_THAT(text, HasSubstr("3 archives pruned"));
  EXPECT_THAT(text, HasSubstr("warning: line\\nbreak"));
  EXPECT_THAT(text, HasSubstr("and 3 more warnings"));
  EXPECT_THAT(text, HasSubstr("BorgMissing: no borg on db\n"));
  EXPECT_THAT(text, HasSubstr(std::string(InfoOf(Reason::kBorgMissing).advice)));
  EXPECT_THAT(text, HasSubstr("2 targets, 1 failed, 1m05s\n"));
}

TEST(ReportTextTest, ColorsOnlyWhenAsked) {
  EXPECT_THAT(ToText(TextSample(), false), Not(HasSubstr("\x1b")));
  const std::string text = ToText(TextSample(), true);
  EXPECT_THAT(text, HasSubstr("\x1b[31mFAILED"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b[2J")));
}

}  // namespace
}  // namespace borgop
