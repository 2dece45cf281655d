// Jobs that have ended while the end of their pods is not known yet.
#include <gtest/gtest.h>

#include "controller/reconcile/decide.h"
#include "controller/reconcile/run_result.h"
#include "tests/unit/reconcile/world.h"

namespace borgop::controller {
namespace {

using nlohmann::json;
using test::EndedJob;
using test::EndedPod;
using test::Pod;
using test::World;

struct LagRow {
  const char* name;
  json job;
  std::vector<json> pods;
  const char* now;
  bool awaits_pod;
};
void PrintTo(const LagRow& row, std::ostream* out) { *out << row.name; }

class PodLagTest : public testing::TestWithParam<LagRow> {};

TEST_P(PodLagTest, IsWaitedForAWhile) {
  const LagRow& row = GetParam();
  const JobRun run = ReadRun(row.job, row.pods, std::nullopt, test::At(row.now));
  EXPECT_TRUE(run.ended());
  EXPECT_EQ(run.awaits_pod, row.awaits_pod);
}

json ByForce(json pod) {
  pod["metadata"]["deletionTimestamp"] = "2026-11-24T02:10:00Z";
  pod["metadata"]["deletionGracePeriodSeconds"] = 0;
  return pod;
}

json WithPhase(json pod, const char* phase) {
  pod["status"]["phase"] = phase;
  return pod;
}

constexpr const char* kJustNow = "2026-11-24T02:10:01Z";
constexpr const char* kTwoMinutesLater = "2026-11-24T02:12:00Z";
const json kCompleteJob = EndedJob("Complete", "");
const json kFailedJob = EndedJob("Failed", "BackoffLimitExceeded");

const LagRow kLagRows[] = {
    {"CompleteAndPodRunning", kCompleteJob, {Pod("Running")}, kJustNow, true},
    {"CompleteAndPodPending", kCompleteJob, {Pod("Pending")}, kJustNow, true},
    {"CompleteAndNoPodJustNow", kCompleteJob, {}, kJustNow, true},
    {"FailedAndPodRunning", kFailedJob, {Pod("Running")}, kJustNow, true},
    {"FailedAndNoPodJustNow", kFailedJob, {}, kJustNow, true},
    {"CompleteAndNoPodTwoMinutesAgo", kCompleteJob, {}, kTwoMinutesLater, false},
    {"CompleteAndPodRunningTwoMinutesAgo", kCompleteJob, {Pod("Running")}, kTwoMinutesLater, false},
    {"ClockFarBehind", kCompleteJob, {}, "2026-11-24T01:10:00Z", false},
    {"PodEnded", kCompleteJob, {EndedPod(0)}, kJustNow, false},
    {"EngineEnded", kCompleteJob, {WithPhase(EndedPod(0), "Running")}, kJustNow, false},
    {"PodDeletedByForce", kFailedJob, {ByForce(Pod("Running"))}, kJustNow, false},
    {"Deadline", EndedJob("Failed", "DeadlineExceeded"), {Pod("Pending")}, kJustNow, false},
};
INSTANTIATE_TEST_SUITE_P(Table, PodLagTest, testing::ValuesIn(kLagRows), [](const auto& row) { return row.param.name; });

// Runs, and Kubernetes says that its Job has ended; `pods` are as they were seen before.
struct LaggingWorld : World {
  explicit LaggingWorld(const char* verdict = "Complete") {
    Settle();
    Fire("web-01-1");
    Settle();
    before = observed.pods;
    TargetReport report = test::GoodTargetReport();
    if (std::string(verdict) == "Failed") report = test::FailedTargetReport(Reason::kDiskFull);
    End("web-01-1", report);
    after = observed.pods;
  }
  std::vector<json> before, after;
};

TEST(PodLagDecisionTest, AGoodRunWhosePodIsSeenLateIsGood) {
  for (const bool none : {false, true}) {
    LaggingWorld world;
    world.observed.pods = none ? std::vector<json>{} : world.before;
    EXPECT_EQ(world.Decide().look_again, world.now + kPodLag);
    world.Settle();
    EXPECT_EQ(world.Status().last_backup->phase, "Running");
    EXPECT_EQ(world.observed.target["status"]["state"], "Running");
    EXPECT_TRUE(world.Job("web-01-1")["metadata"].contains("finalizers"));
    world.now += std::chrono::seconds(10);
    world.observed.pods = world.after;
    world.Settle();
    EXPECT_EQ(world.Status().last_backup->phase, "Completed");
    EXPECT_EQ(world.Status().consecutive_failures, 0U);
  }
}

TEST(PodLagDecisionTest, AFailureIsWhatItsReportSays) {
  LaggingWorld world("Failed");
  world.observed.pods = world.before;
  world.Settle();
  world.observed.pods = world.after;
  world.Settle();
  EXPECT_EQ(world.Status().last_backup->reason, "DiskFull");
}

TEST(PodLagDecisionTest, APodThatNeverComesIsGone) {
  LaggingWorld world;
  world.observed.pods.clear();
  world.Settle();
  world.now += kPodLag;
  world.Settle();
  EXPECT_EQ(world.Status().last_backup->reason, "PodGone");
}

// A result is known by its end and by what was noted after it, so later runs are not noted before it.
TEST(PodLagDecisionTest, ALaterRunIsNotedAfterIt) {
  LaggingWorld world;
  world.observed.pods = world.before;
  world.Settle();
  world.now += std::chrono::seconds(5);
  world.Fire("web-01-2");
  world.Job("web-01-2")["spec"]["suspend"] = false;
  world.Start("web-01-2");
  world.Settle();
  EXPECT_EQ(world.Status().last_backup->job, "web-01-1");
  std::erase_if(world.observed.pods, [](const json& pod) { return pod["metadata"]["name"] == "web-01-1-pod"; });
  world.observed.pods.insert(world.observed.pods.end(), world.after.begin(), world.after.end());
  world.Settle();
  EXPECT_EQ(world.Status().last_successful_backup->job, "web-01-1");
  EXPECT_EQ(world.Status().last_backup->job, "web-01-2");
}

}  // namespace
}  // namespace borgop::controller
