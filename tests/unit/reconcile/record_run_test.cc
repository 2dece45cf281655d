#include "controller/reconcile/record_run.h"

#include <gtest/gtest.h>

#include "tests/unit/reconcile/run_fixture.h"

namespace borgop::controller {
namespace {

struct Row {
  const char* name;
  const char *last_job, *phase, *completed;  // of status.lastBackup; null: it is not there
  bool noted;                                // by the annotation of the Job
  bool recorded;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class IsRecordedTest : public testing::TestWithParam<Row> {};

TEST_P(IsRecordedTest, Tells) {
  const Row& row = GetParam();
  api::TargetStatus status;
  if (row.last_job != nullptr) {
    status.last_backup.emplace();
    status.last_backup->job = row.last_job;
    status.last_backup->phase = row.phase;
    if (row.completed != nullptr) status.last_backup->completion_time = test::At(row.completed);
  }
  JobRun run = ReadRun(test::EndedJob("Failed", "BackoffLimitExceeded"), {}, "");
  run.recorded = row.noted;
  EXPECT_EQ(IsRecorded(status, run), row.recorded);
}

// The Job ended at 2:10.
const Row kRows[] = {
    {"NothingIs", nullptr, "", nullptr, false, false},
    {"NotEvenWithANoteOfAnotherTarget", nullptr, "", nullptr, true, false},
    {"Itself", "web-01-1", "Failed", "2026-11-24T02:10:00Z", false, true},
    {"ItselfAtAnyTime", "web-01-1", "Failed", "2026-11-24T01:00:00Z", false, true},
    {"ItselfThatRan", "web-01-1", "Running", nullptr, false, false},
    {"ItselfThatRanWithATimeThatSomebodyLeft", "web-01-1", "Running", "2026-11-24T02:10:00Z", false, false},
    {"OneThatEndedLater", "web-01-2", "Failed", "2026-11-24T02:11:00Z", false, true},
    {"OneThatEndedEarlier", "web-01-0", "Failed", "2026-11-24T02:09:00Z", false, false},
    {"OneOfTheSameSecond", "web-01-0", "Failed", "2026-11-24T02:10:00Z", false, false},
    {"ByItsNote", "web-01-0", "Failed", "2026-11-24T01:00:00Z", true, true},
};
INSTANTIATE_TEST_SUITE_P(Table, IsRecordedTest, testing::ValuesIn(kRows), [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace borgop::controller
