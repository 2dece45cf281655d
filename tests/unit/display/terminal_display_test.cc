#include "engine/display/terminal_display.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/report/printable.h"
#include "recorder.h"

namespace borgop {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class TerminalDisplayTest : public testing::Test {
 protected:
  void Make(TerminalStyle style = {}, LogLevel level = LogLevel::kInfo) {
    display_ = std::make_unique<TerminalDisplay>(std::make_unique<RecordingOutput>(recorded_), ClockOf(recorded_), level, style);
  }
  std::vector<std::string> Screen() const { return ScreenOf(recorded_.text, recorded_.size.columns); }
  static Progress At(std::uint64_t files, std::uint64_t bytes, std::string path = "") {
    Progress progress;
    progress.phase = PhaseName::kCreate;
    progress.nfiles = files;
    progress.original_size = bytes;
    progress.path = std::move(path);
    return progress;
  }

  Recorded recorded_;
  std::unique_ptr<TerminalDisplay> display_;
};

TEST_F(TerminalDisplayTest, ALineATarget) {
  Make();
  display_->OnRunStart(2);
  display_->OnPhase("web", PhaseName::kConnect);
  recorded_.now += milliseconds(1000);
  display_->OnPhase("db", PhaseName::kInspect);
  recorded_.now += milliseconds(1000);
  display_->OnProgress("web", At(12345, 3 * 1024 * 1024, "home/x"));
  EXPECT_THAT(Screen(), ElementsAre("web                  create   12,345 files  3.0 MiB  1.5 MiB/s  home/x",
                                    "db                   inspect "));
}

TEST_F(TerminalDisplayTest, PercentOfACheck) {
  Make();
  Progress progress;
  progress.phase = PhaseName::kCheck;
  progress.percent = 45;
  display_->OnProgress("web", progress);
  EXPECT_THAT(Screen(), ElementsAre("web                  check    45%"));
}

TEST_F(TerminalDisplayTest, IsRedrawnFiveTimesASecondAtMost) {
  Make();
  display_->OnPhase("web", PhaseName::kCreate);
  for (int i = 0; i < 1000; ++i) {
    recorded_.now += milliseconds(1);
    display_->OnProgress("web", At(1, 1));
  }
  EXPECT_GE(recorded_.writes, 5);
  EXPECT_LE(recorded_.writes, 6);
}

TEST_F(TerminalDisplayTest, FinishedTargetsScrollUp) {
  Make();
  display_->OnRunStart(3);
  for (const char* name : {"a", "b", "c"}) {
    recorded_.now += milliseconds(300);
    display_->OnPhase(name, PhaseName::kCreate);
  }
  display_->OnTargetDone(DoneReport("b", Outcome::kCompleted));
  display_->OnTargetDone(DoneReport("a", Outcome::kFailed));
  EXPECT_THAT(Screen(), ElementsAre("ok b  snapshot-1: 12,345 files, 3.0 MiB, 2.0 KiB new, 1m05s",
                                    "FAILED a  DiskFull: no space on the repository server",
                                    "  Free space on the machine named, then run again.", "c                    create  "));
  display_->OnTargetDone(DoneReport("c", Outcome::kCompletedWithWarnings));
  EXPECT_THAT(Screen(), testing::SizeIs(5));
  EXPECT_THAT(Screen()[3], testing::StartsWith("! c  "));
}

TEST_F(TerminalDisplayTest, HidesTheCursorAndShowsItAgain) {
  Make();
  display_->OnPhase("a", PhaseName::kCreate);
  EXPECT_THAT(recorded_.text, testing::StartsWith("\x1b[?25l"));
  display_->OnTargetDone(DoneReport("a", Outcome::kCompleted));
  EXPECT_THAT(recorded_.text, testing::EndsWith("\x1b[?25h"));
  Make();
  recorded_.text.clear();
  display_->OnPhase("b", PhaseName::kCreate);
  display_.reset();
  EXPECT_THAT(recorded_.text, testing::EndsWith("\x1b[?25h"));
  EXPECT_THAT(ScreenOf(recorded_.text, 80), ElementsAre(""));
}

TEST_F(TerminalDisplayTest, MoreTargetsThanRows) {
  recorded_.size = {60, 5};
  Make();
  display_->OnRunStart(20);
  for (int i = 0; i < 20; ++i) {
    recorded_.now += milliseconds(300);
    display_->OnPhase("t" + std::to_string(i), PhaseName::kCreate);
  }
  EXPECT_THAT(Screen(), testing::SizeIs(4));
  EXPECT_EQ(Screen().back(), "17 more running, 0 of 20 done");
}

TEST_F(TerminalDisplayTest, NoLineIsLongerThanTheTerminal) {
  for (const std::size_t columns : {1U, 2U, 5U, 20U, 33U, 50U, 200U}) {
    SCOPED_TRACE(columns);
    recorded_ = {};
    recorded_.size = {columns, 24};
    Make();
    display_->OnPhase("a name that is far too long to be shown", PhaseName::kCreate);
    recorded_.now += milliseconds(2000);
    display_->OnProgress("a name that is far too long to be shown", At(1234567, 1ULL << 40, std::string(300, 'p') + "/end"));
    EXPECT_THAT(Screen(), testing::SizeIs(1));
    EXPECT_EQ(Screen()[0].ends_with("pp/end"), columns == 200);
    display_.reset();
  }
}

TEST_F(TerminalDisplayTest, ATerminalThatBecomesNarrowerIsWipedWhole) {
  recorded_.size = {80, 24};
  Make();
  display_->OnPhase("web", PhaseName::kCreate);
  recorded_.now += milliseconds(300);
  display_->OnProgress("web", At(5, 5, std::string(60, 'p')));  // fills the 79 columns that are used
  // The terminal wraps what is there: 79 columns now take 4 rows of 20.
  recorded_.size.columns = 20;
  recorded_.text.clear();
  recorded_.now += milliseconds(300);
  display_->OnProgress("web", At(6, 6));
  EXPECT_THAT(recorded_.text, testing::StartsWith("\r\x1b[3A\x1b[J"));
}

TEST_F(TerminalDisplayTest, NothingForeignIsWrittenRaw) {
  Make({true, true});
  const std::string evil = "x\x1b]0;title\x07\x9b\xff\n\r\x08\xe2\x80\xae";
  display_->OnPhase(evil, PhaseName::kCreate);
  recorded_.now += milliseconds(300);
  display_->OnProgress(evil, At(1, 1, evil));
  display_->OnLog(evil, LogLevel::kWarning, evil);
  TargetReport report = DoneReport(evil, Outcome::kFailed);
  report.error->message = evil;
  report.error->advice = evil;
  display_->OnTargetDone(report);
  report = DoneReport(evil, Outcome::kCompleted);
  report.archive->name = evil;
  display_->OnTargetDone(report);
  EXPECT_TRUE(IsUtf8(recorded_.text));
  EXPECT_THAT(recorded_.text, Not(HasSubstr("\x07")));
  EXPECT_THAT(recorded_.text, Not(HasSubstr("\x1b]")));
  EXPECT_THAT(recorded_.text, Not(HasSubstr("\x08")));
  EXPECT_THAT(recorded_.text, Not(HasSubstr("\xe2\x80\xae")));
}

TEST_F(TerminalDisplayTest, LogsScrollUpFromTheirLevelOn) {
  Make({}, LogLevel::kWarning);
  display_->OnPhase("web", PhaseName::kCreate);
  display_->OnLog("web", LogLevel::kInfo, "hidden");
  display_->OnLog("web", LogLevel::kWarning, "seen");
  display_->OnLog("", LogLevel::kError, "whole run");
  EXPECT_THAT(Screen(), ElementsAre("warning: web: seen", "error: whole run", "web                  create  "));
}

TEST_F(TerminalDisplayTest, ColorsAndMarks) {
  Make({true, true});
  display_->OnTargetDone(DoneReport("a", Outcome::kCompleted));
  display_->OnTargetDone(DoneReport("b", Outcome::kFailed));
  EXPECT_THAT(recorded_.text, HasSubstr("\x1b[32m\xE2\x9C\x93\x1b[0m a"));
  EXPECT_THAT(recorded_.text, HasSubstr("\x1b[31m\xE2\x9C\x97\x1b[0m b"));
  recorded_.text.clear();
  Make({false, false});
  display_->OnTargetDone(DoneReport("a", Outcome::kCompleted));
  EXPECT_THAT(recorded_.text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace borgop
