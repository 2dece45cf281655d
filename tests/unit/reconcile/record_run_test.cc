#include "controller/reconcile/record_run.h"

#include <gtest/gtest.h>

#include "tests/unit/reconcile/run_fixture.h"

namespace borgop::controller {
namespace {

struct RecordRunRow {
  const char* name;
  const char *last_job, *phase, *completed;  // of status.lastBackup; null: it is not there
  bool noted;                                // by the annotation of the Job
  bool recorded;
};
void PrintTo(const RecordRunRow& row, std::ostream* out) { *out << row.name; }

class IsRecordedTest : public testing::TestWithParam<RecordRunRow> {};

TEST_P(IsRecordedTest, Tells) {
  const RecordRunRow& row = GetParam();
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
const RecordRunRow kRecordRunRows[] = {
    {"NothingIs", nullptr, "", nullptr, false, false},
    {"NotEvenWithANoteOfAnotherTarget", nullptr, "", nullptr, true, false},
    {"Itself", "web-01-1", "Failed", "2026-11-24T02:10:00Z", false, true},
    {"ItselfAtAnyTime", "web-01-1", "Failed", "2026-11-24T01:00:00Z", false, true},
    {"ItselfThatWasToStart", "web-01-1", "Starting", nullptr, false, false},
    {"ItselfThatWasToStartWithATimeThatSomebodyLeft", "web-01-1", "Starting", "2026-11-24T02:10:00Z", false, false},
    {"ItselfThatRan", "web-01-1", "Running", nullptr, false, false},
    {"ItselfThatRanWithATimeThatSomebodyLeft", "web-01-1", "Running", "2026-11-24T02:10:00Z", false, false},
    {"OneThatEndedLater", "web-01-2", "Failed", "2026-11-24T02:11:00Z", false, true},
    {"OneThatEndedEarlier", "web-01-0", "Failed", "2026-11-24T02:09:00Z", false, false},
    {"OneOfTheSameSecond", "web-01-0", "Failed", "2026-11-24T02:10:00Z", false, false},
    {"ByItsNote", "web-01-0", "Failed", "2026-11-24T01:00:00Z", true, true},
};
INSTANTIATE_TEST_SUITE_P(Table, IsRecordedTest, testing::ValuesIn(kRecordRunRows), [](const auto& row) { return row.param.name; });

api::TargetStatus Noted(const RunFailure& failure) {
  api::TargetStatus status;
  JobRun run = ReadRun(test::StartedJob(), {test::WaitingPod("x", "")}, "");
  run.failure = failure;
  RecordRunning(status, run, "digest");
  return status;
}

// Whatever is left of its pod at the deadline.
TEST(RecordEndTest, ADeadlineBeforeAPodCouldStartTellsWhatKeptIt) {
  const RunFailure failure{ErrorKind::kWaiting, "ImagePullFailed", "no image"};
  const nlohmann::json job = test::EndedJob("Failed", "DeadlineExceeded");
  nlohmann::json never = test::EndedPod(137, "", "ContainerStatusUnknown");
  for (const std::vector<nlohmann::json>& pods :
       std::vector<std::vector<nlohmann::json>>{{}, {test::Pod("Failed")}, {std::move(never)}}) {
    api::TargetStatus status = Noted(failure);
    // Between the deadline and the Job's end the pod goes.
    RecordRunning(status, ReadRun(test::StartedJob(), pods, ""), "digest");
    RecordEnd(status, ReadRun(job, pods, ""), "digest");
    EXPECT_EQ(status.last_backup->phase, "Failed");
    EXPECT_EQ(status.last_backup->reason, "ImagePullFailed");
    EXPECT_EQ(status.last_backup->message, "no image");
    EXPECT_EQ(status.last_backup->kind, "Waiting");
  }
  api::TargetStatus status;
  RecordEnd(status, ReadRun(job, {test::WaitingPod("ImagePullBackOff", "x")}, ""), "digest");
  EXPECT_EQ(status.last_backup->reason, "ImagePullFailed") << "with no operator there before";
}

TEST(RecordEndTest, ADeadlineOfARunThatBeganIsOne) {
  const RunFailure failure{ErrorKind::kWaiting, "ImagePullFailed", "no image"};
  const nlohmann::json job = test::EndedJob("Failed", "DeadlineExceeded");
  api::TargetStatus status = Noted(failure);
  RecordEnd(status, ReadRun(job, {test::EndedPod(137)}, ""), "digest");
  EXPECT_EQ(status.last_backup->reason, "DeadlineExceeded");
  status = Noted(failure);
  RecordRunning(status, ReadRun(test::StartedJob(), {test::Pod("Running")}, ""), "digest");
  EXPECT_EQ(status.last_backup->reason, "");
  RecordEnd(status, ReadRun(job, {}, ""), "digest");
  EXPECT_EQ(status.last_backup->reason, "DeadlineExceeded");
  // Conditions of a pod may be old.
  nlohmann::json ran = test::Pod("Failed");
  ran["status"]["conditions"] =
      nlohmann::json::array({{{"type", "PodScheduled"}, {"status", "False"}, {"reason", "Unschedulable"}}});
  ran["status"]["containerStatuses"] =
      nlohmann::json::array({{{"name", "engine"}, {"state", {{"running", {{"startedAt", "x"}}}}}}});
  RecordEnd(status, ReadRun(job, {ran}, ""), "digest");
  EXPECT_EQ(status.last_backup->reason, "DeadlineExceeded");
  status = Noted(failure);
  status.last_backup->job = "web-01-0";
  RecordEnd(status, ReadRun(job, {}, ""), "digest");
  EXPECT_EQ(status.last_backup->reason, "DeadlineExceeded") << "another run's";
}

}  // namespace
}  // namespace borgop::controller
