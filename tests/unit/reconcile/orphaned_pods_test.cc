// Runs whose Job goes before their pods have told what there is to tell.
#include "controller/reconcile/orphaned_pods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/reconcile/carried_state.h"
#include "tests/unit/reconcile/world.h"

namespace borgop::controller {
namespace {

using nlohmann::json;
using test::World;
using testing::IsEmpty;
using testing::SizeIs;

struct DeletedRow {
  const char* name;
  json pod;  // null: none
  RunState state;
  Outcome outcome;     // of one that ended
  const char* reason;  // "": no failure
};
void PrintTo(const DeletedRow& row, std::ostream* out) { *out << row.name; }

class DeletedJobTest : public testing::TestWithParam<DeletedRow> {};

TEST_P(DeletedJobTest, IsWhatItsPodTells) {
  const DeletedRow& row = GetParam();
  json job = test::StartedJob();
  job["metadata"]["deletionTimestamp"] = "2026-11-24T02:05:00Z";
  std::vector<json> pods;
  if (!row.pod.is_null()) pods.push_back(row.pod);
  const JobRun run = ReadRun(job, pods, "", test::At("2026-11-24T02:20:00Z"));
  EXPECT_EQ(run.state, row.state);
  EXPECT_EQ(run.failure ? run.failure->reason : "", row.reason);
  if (run.ended()) {
    EXPECT_EQ(run.outcome, row.outcome);
  }
}

json OfNobody(json pod) {
  pod["metadata"].erase("finalizers");
  return pod;
}
json Stopping(json pod) { return test::DeletedPod(std::move(pod), 30, "2026-11-24T02:20:20Z"); }
std::string Summary(const TargetReport& target) { return ToSummaryJson(test::ReportOf(target), 4096); }

constexpr auto kEnd = RunState::kEnded;
const DeletedRow kDeletedRows[] = {
    {"NoPod", nullptr, kEnd, Outcome::kCancelled, "JobDeleted"},
    {"Runs", test::Pod("Running"), RunState::kRunning, {}, ""},
    {"Stops", Stopping(test::Pod("Running")), RunState::kRunning, {}, ""},
    {"StopsForAMinuteTooLong", test::DeletedPod(test::Pod("Running"), 30), kEnd, Outcome::kCancelled, "JobDeleted"},
    {"GoneByForce", test::DeletedPod(test::Pod("Running"), 0, "2026-11-24T02:20:20Z"), kEnd, Outcome::kCancelled, "JobDeleted"},
    {"NobodyKeepsThePod", OfNobody(test::Pod("Running")), kEnd, Outcome::kCancelled, "JobDeleted"},
    {"Stopped", Stopping(test::EndedPod(130, Summary(test::FailedTargetReport(Reason::kCancelled)))), kEnd, Outcome::kCancelled,
     "JobDeleted"},
    {"StoppedWithoutAWord", Stopping(test::EndedPod(137)), kEnd, Outcome::kCancelled, "JobDeleted"},
    {"EndedWell", Stopping(test::EndedPod(0, Summary(test::GoodTargetReport()))), kEnd, Outcome::kCompleted, ""},
    {"Failed", Stopping(test::EndedPod(75, Summary(test::FailedTargetReport(Reason::kDiskFull)))), kEnd, Outcome::kFailed,
     "DiskFull"},
    {"HadEndedBefore", test::EndedPod(137), kEnd, Outcome::kFailed, "EngineKilled"},
};
INSTANTIATE_TEST_SUITE_P(Table, DeletedJobTest, testing::ValuesIn(kDeletedRows), [](const auto& row) { return row.param.name; });

// A run goes on.
struct RunningWorld : World {
  RunningWorld() {
    Settle();
    Fire("web-01-1");
    Settle();
    now += std::chrono::minutes(10);
  }
};

TEST(OrphanedPodsTest, ARunIsDeletedOnceItsPodIsOver) {
  RunningWorld world;
  world.Delete("web-01-1");
  world.Settle();
  EXPECT_THAT(world.observed.jobs, IsEmpty()) << "garbage collection waits for it";
  EXPECT_THAT(world.observed.pods, SizeIs(1));
  EXPECT_EQ(world.Status().last_backup->phase, "Running");
  world.Annotate("borg-operator.dev/run-now", "beside");
  world.Settle();
  EXPECT_THAT(world.created, SizeIs(1));
  EXPECT_TRUE(world.Job(world.created[0])["spec"]["suspend"].get<bool>()) << "never two at one repository";
  world.EndPod("web-01-1", 130, test::FailedTargetReport(Reason::kCancelled));
  world.Settle();
  EXPECT_EQ(world.Status().last_backup->phase, "Cancelled");
  EXPECT_EQ(world.Status().last_backup->reason, "JobDeleted");
  EXPECT_EQ(world.Status().consecutive_failures, 0U);
  EXPECT_THAT(world.observed.pods, IsEmpty());
}

TEST(OrphanedPodsTest, WhatEndedWellAllTheSameIsABackup) {
  RunningWorld world;
  world.Delete("web-01-1");
  world.Settle();
  world.EndPod("web-01-1", 0, test::GoodTargetReport());
  world.Settle();
  EXPECT_EQ(world.Status().last_backup->phase, "Completed");
  EXPECT_EQ(world.Status().last_successful_backup->archive, "snapshot-1");
  EXPECT_THAT(world.observed.pods, IsEmpty());
  EXPECT_EQ(std::count(world.reasons.begin(), world.reasons.end(), "BackupCompleted"), 1);
}

// A CronJob's Job that nobody gave a finalizer.
TEST(OrphanedPodsTest, AJobThatWentWhileNobodyWasThereIsReadFromItsPodOnce) {
  for (const bool well : {true, false}) {
    RunningWorld world;
    world.observed.jobs.clear();
    world.EndPod("web-01-1", well ? 0 : 75, well ? test::GoodTargetReport() : test::FailedTargetReport(Reason::kDiskFull));
    world.EndOrphans();
    world.Settle();
    EXPECT_EQ(world.Status().last_backup->phase, well ? "Completed" : "Failed");
    EXPECT_EQ(world.Status().last_backup->job, "web-01-1");
    EXPECT_EQ(world.Status().consecutive_failures, well ? 0U : 1U);
    EXPECT_EQ(std::count(world.reasons.begin(), world.reasons.end(), well ? "BackupCompleted" : "BackupFailed"), 1);
    EXPECT_THAT(world.observed.pods, IsEmpty());
  }
}

TEST(OrphanedPodsTest, APodThatNeverEndsIsNotWaitedForForever) {
  RunningWorld world;
  world.Delete("web-01-1");
  world.Settle();
  world.now += std::chrono::seconds(89);  // it was given thirty
  world.Settle();
  EXPECT_EQ(world.Status().last_backup->phase, "Running");
  world.now += std::chrono::seconds(2);
  world.Settle();
  EXPECT_EQ(world.Status().last_backup->phase, "Cancelled");
  EXPECT_THAT(world.observed.pods, SizeIs(1)) << "it may tell of a tampered repository";
  world.observed.pods[0]["metadata"]["deletionGracePeriodSeconds"] = 0;
  world.Settle();
  EXPECT_THAT(world.observed.pods, IsEmpty());
}

TEST(OrphanedPodsTest, NobodyLooksAtAPodThatNeverStarted) {
  RunningWorld world;
  world.observed.jobs.clear();
  world.observed.pods[0]["status"] = {{"phase", "Pending"}};
  world.observed.pods[0] = test::DeletedPod(world.observed.pods[0], 0);
  const std::string before = world.observed.target["status"].dump();
  world.Settle();
  EXPECT_THAT(world.observed.pods, IsEmpty());
  EXPECT_FALSE(world.Status().last_backup->completion_time) << before;
}

TEST(OrphanedPodsTest, AreTheJobAsFarAsTheyKnowIt) {
  json first = test::EndedPod(1), second = test::Pod("Running", "web-01-1", "2026-11-24T02:01:00Z");
  second["metadata"]["name"] = "later";
  second["metadata"]["annotations"] = {{"borg-operator.dev/attempt", "2"}};
  // `kubectl delete job --cascade=orphan`
  second["metadata"].erase("ownerReferences");
  second["metadata"]["labels"] = {{"batch.kubernetes.io/job-name", "web-01-1"},
                                  {"batch.kubernetes.io/controller-uid", "u-web-01-1"}};
  for (const bool turned : {false, true}) {
    const std::vector<json> pods = turned ? std::vector{second, first} : std::vector{first, second};
    const std::vector<json> jobs = JobsOfOrphans({}, pods);
    ASSERT_THAT(jobs, SizeIs(1));
    const JobRun run = ReadRun(jobs[0], pods, std::nullopt);
    EXPECT_EQ(run.job.name, "web-01-1");
    EXPECT_EQ(run.pod, "later");
    EXPECT_EQ(run.job.Annotation("borg-operator.dev/attempt"), "2");
    EXPECT_EQ(run.state, RunState::kRunning);
    EXPECT_THAT(JobsOfOrphans({test::StartedJob()}, pods), IsEmpty());
  }
  first["metadata"].erase("finalizers");
  EXPECT_THAT(JobsOfOrphans({}, {first}), IsEmpty()) << "it was read";
}

}  // namespace
}  // namespace borgop::controller
