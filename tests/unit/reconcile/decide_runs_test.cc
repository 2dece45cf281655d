// Which runs are made and tried again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "controller/reconcile/carried_state.h"
#include "controller/reconcile/decide.h"
#include "controller/reconcile/new_runs.h"
#include "tests/unit/reconcile/world.h"

namespace borgop::controller {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using test::World;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(RunNowTest, ANewValueIsOneRun) {
  World world;
  world.Annotate("borg-operator.dev/run-now", "2026-11-24T09:00");
  world.Settle();
  ASSERT_THAT(world.created, SizeIs(1));
  EXPECT_EQ(world.created[0], RunNowJobName("web-01", "2026-11-24T09:00"));
  EXPECT_EQ(world.Status().last_run_now, "2026-11-24T09:00");
  EXPECT_EQ(world.Job(world.created[0])["metadata"]["annotations"]["borg-operator.dev/triggered-by"], "2026-11-24T09:00");
  EXPECT_EQ(world.Job(world.created[0])["spec"]["suspend"], true);
  EXPECT_THAT(world.reasons, Contains("BackupRequested"));
  world.Start(world.created[0]);
  world.End(world.created[0], test::GoodTargetReport());
  world.Settle();
  EXPECT_EQ(world.Status().last_backup->phase, "Completed");
  EXPECT_THAT(world.created, SizeIs(1));
  world.Annotate("borg-operator.dev/run-now", "2026-11-24T10:00");
  world.Settle();
  EXPECT_THAT(world.created, SizeIs(2));
}

TEST(RunNowTest, ACrashAfterTheJobMakesNoOther) {
  World world;
  world.Settle();
  world.Annotate("borg-operator.dev/run-now", "a");
  Decisions decisions = world.Decide();
  ASSERT_THAT(decisions.create, SizeIs(1));
  decisions.status.reset();  // the crash
  decisions.events.clear();
  world.Carry(decisions);
  world.reasons.clear();
  world.Settle();
  EXPECT_THAT(world.created, SizeIs(1));
  EXPECT_EQ(world.Status().last_run_now, "a");
}

TEST(RunNowTest, AValueMayComeBack) {
  World world;
  world.ChangeSpec("/spec/successfulJobsHistoryLimit", 100);
  for (const char* value : {"a", "b", "a", "b", "a"}) {
    world.Annotate("borg-operator.dev/run-now", value);
    world.Settle();
    EXPECT_EQ(world.Status().last_run_now, value);
    world.Start(world.created.back());
    world.End(world.created.back(), test::GoodTargetReport());
    world.Settle();
  }
  EXPECT_EQ(std::set<std::string>(world.created.begin(), world.created.end()).size(), 5U);
}

TEST(RunNowTest, ARunThatEndedBeforeTheStatusKnewOfItIsNotMadeAgain) {
  World world;
  world.Settle();
  world.Annotate("borg-operator.dev/run-now", "a");
  Decisions decisions = world.Decide();
  decisions.status.reset();  // a crash, and then nobody is there for as long as the run takes
  world.Carry(decisions);
  world.Start(world.created.at(0));
  world.End(world.created[0], test::GoodTargetReport());
  world.Settle();
  EXPECT_THAT(world.created, SizeIs(1));
  EXPECT_EQ(world.Status().last_run_now, "a");
  EXPECT_EQ(world.Status().last_backup->job, world.created[0]);
}

TEST(RunNowTest, AnOldViewOfTheTargetMakesNoOther) {
  World world;
  world.RunOnce("web-01-1", test::GoodTargetReport());
  world.Annotate("borg-operator.dev/run-now", "a");
  const nlohmann::json old = world.observed.target;
  world.Settle();
  world.Start(world.created.at(0));
  world.End(world.created[0], test::GoodTargetReport());
  world.Settle();
  world.observed.target = old;
  EXPECT_THAT(world.Decide().create, IsEmpty());
}

TEST(RunNowTest, WaitsForASpecThatCanBeRead) {
  World world;
  world.ChangeSpec("/spec/schedule", "sometimes");
  world.Annotate("borg-operator.dev/run-now", "a");
  world.Settle();
  EXPECT_THAT(world.created, IsEmpty());
  EXPECT_EQ(world.Status().last_run_now, "");
  world.ChangeSpec("/spec/schedule", "@daily");
  world.Settle();
  EXPECT_THAT(world.created, SizeIs(1));
}

struct RetryRow {
  const char* name;
  const char* phase;
  const char* kind;
  std::uint64_t attempt;
  const char* inputs;  // that the run had
  minutes next_due;    // from the end of the run
  minutes now;
  bool planned, made;
};
void PrintTo(const RetryRow& row, std::ostream* out) { *out << row.name; }

class DecideRetryTest : public testing::TestWithParam<RetryRow> {};

TEST_P(DecideRetryTest, FollowsTheKind) {
  const RetryRow& row = GetParam();
  api::ObjectMeta target;
  target.name = "web-01";
  const WallTime end = test::At("2026-11-24T02:00:00Z");
  api::TargetStatus status;
  status.last_backup = api::RunStatus{};
  status.last_backup->job = "j";
  status.last_backup->phase = row.phase;
  status.last_backup->kind = row.kind;
  status.last_backup->attempt = row.attempt;
  status.last_backup->inputs = row.inputs;
  status.last_backup->run_id = "u-first";
  status.last_backup->completion_time = end;
  const Retry retry = DecideRetry(target, status, 3, "now", end + row.next_due, end + row.now);
  EXPECT_EQ(retry.at.has_value(), row.planned);
  ASSERT_EQ(retry.job.has_value(), row.made);
  if (!retry.job) return;
  EXPECT_LE(retry.at, end + row.now);
  EXPECT_EQ(retry.job->kind, RunKind::kBackup);
  status.last_maintenance = status.last_backup;
  EXPECT_EQ(DecideRetry(target, status, 3, "now", {}, end + row.now).job->kind, RunKind::kMaintenance);
}

const RetryRow kRetries[] = {
    {"TransientSoon", "Failed", "Transient", 0, "now", hours(24), minutes(0), true, false},
    {"TransientNow", "Failed", "Transient", 0, "now", hours(24), minutes(2), true, true},
    {"TransientSecondLater", "Failed", "Transient", 1, "now", hours(24), minutes(4), true, false},
    {"TransientLast", "Failed", "Transient", 2, "now", hours(24), minutes(18), true, true},
    {"TriedOftenEnough", "Failed", "Transient", 3, "now", hours(24), hours(10), false, false},
    {"WaitingSeldom", "Failed", "Waiting", 0, "now", hours(24), minutes(14), true, false},
    {"WaitingNow", "Failed", "Waiting", 0, "now", hours(24), minutes(18), true, true},
    {"TheScheduleIsFirst", "Failed", "Waiting", 0, "now", minutes(10), minutes(20), false, false},
    {"Terminal", "Failed", "Terminal", 0, "now", hours(24), hours(1), false, false},
    {"TerminalAndChanged", "Failed", "Terminal", 0, "then", hours(24), minutes(0), true, true},
    {"TriedOftenAndChanged", "Failed", "Transient", 3, "then", hours(24), minutes(0), true, true},
    {"InputsNotKnown", "Failed", "Terminal", 0, "", hours(24), hours(1), false, false},
    {"Cancelled", "Cancelled", "Cancelled", 0, "then", hours(24), hours(1), false, false},
    {"Good", "Completed", "", 0, "then", hours(24), hours(1), false, false},
    {"Starting", "Starting", "", 0, "then", hours(24), hours(1), false, false},
    {"Running", "Running", "", 0, "then", hours(24), hours(1), false, false},
};
INSTANTIATE_TEST_SUITE_P(Table, DecideRetryTest, testing::ValuesIn(kRetries), [](const auto& row) { return row.param.name; });

TEST(RetryDelayTest, GrowsAndIsBounded) {
  for (const ErrorKind kind : {ErrorKind::kTransient, ErrorKind::kWaiting}) {
    std::chrono::seconds last{0};
    for (std::uint64_t attempt = 1; attempt < 30; ++attempt) {
      const std::chrono::seconds delay = RetryDelay(kind, attempt, "u");
      EXPECT_GE(delay, last);
      EXPECT_LE(delay, minutes(72));
      last = delay;
    }
  }
  EXPECT_NE(RetryDelay(ErrorKind::kWaiting, 1, "a"), RetryDelay(ErrorKind::kWaiting, 1, "b"));
}

TEST(RetryTest, IsMadeOnceAndTellsWhatItIs) {
  World world;
  world.RunOnce("web-01-1", test::FailedTargetReport(Reason::kConnectionLost));
  EXPECT_THAT(world.created, IsEmpty());
  EXPECT_EQ(world.Ready(), "False BackupFailed");
  EXPECT_TRUE(api::IsTrue(world.Status().conditions, "Reconciling"));
  EXPECT_EQ(world.Status().state, "Retrying");
  const std::optional<WallTime> at = world.Decide().look_again;
  ASSERT_TRUE(at);
  EXPECT_EQ(world.Status().next_backup_time, at);
  world.now = *at;
  world.Settle();
  ASSERT_THAT(world.created, ElementsAre(RetryJobName("web-01", "u-web-01-1", 1)));
  world.Start(world.created[0]);
  world.Settle();
  EXPECT_EQ(world.Status().last_backup->attempt, 1U);
  EXPECT_EQ(world.Status().last_backup->run_id, "u-web-01-1");
  world.End(world.created[0], test::FailedTargetReport(Reason::kConnectionLost));
  world.Settle();
  world.now += hours(1);
  world.Settle();
  EXPECT_THAT(world.created, SizeIs(2));
  EXPECT_EQ(world.created.back(), RetryJobName("web-01", "u-web-01-1", 2));
  EXPECT_EQ(world.Status().consecutive_failures, 2U);
}

TEST(RetryTest, ATerminalFailureWaitsForAChange) {
  World world;
  world.RunOnce("web-01-1", test::FailedTargetReport(Reason::kPassphraseWrong));
  world.now += hours(5);
  world.Settle();
  EXPECT_THAT(world.created, IsEmpty());
  EXPECT_TRUE(api::IsTrue(world.Status().conditions, "Stalled"));
  world.observed.secrets["web-01-borg"].resource_version = "2";
  world.Settle();
  ASSERT_THAT(world.created, SizeIs(1));
  // It fails again: that change has had its run.
  world.Start(world.created[0]);
  world.End(world.created[0], test::FailedTargetReport(Reason::kPassphraseWrong));
  world.Settle();
  EXPECT_THAT(world.created, SizeIs(1));
  // A change that no run depends on makes none.
  world.ChangeSpec("/spec/schedule", "0 3 * * *");
  world.Settle();
  EXPECT_THAT(world.created, SizeIs(1));
  world.ChangeSpec("/spec/connection/user", "other");
  world.Settle();
  EXPECT_THAT(world.created, SizeIs(2));
}

TEST(RetryTest, NoneWhileSuspended) {
  World world;
  world.RunOnce("web-01-1", test::FailedTargetReport(Reason::kConnectionLost));
  world.ChangeSpec("/spec/suspend", true);
  world.now += hours(2);
  world.Settle();
  EXPECT_THAT(world.created, IsEmpty());
  EXPECT_TRUE(api::IsTrue(world.Status().conditions, "Stalled"));
}

TEST(StaleJobTest, AWaitingJobIsMadeAnewFromTheSpecOfNow) {
  World world;
  world.observed.secrets.erase("web-01-ssh");
  world.Settle();
  world.Fire("web-01-1");
  world.Settle();
  EXPECT_EQ(world.Status().state, "Waiting");
  world.ChangeSpec("/spec/connection/sshSecretRef/name", "hop-ssh");
  world.Settle();
  ASSERT_THAT(world.created, ElementsAre(RenewedJobName("web-01", "u-web-01-1")));
  ASSERT_THAT(world.observed.jobs, SizeIs(1));
  EXPECT_THAT(world.observed.jobs[0]["spec"].dump(), HasSubstr("hop-ssh"));
  EXPECT_FALSE(world.Status().last_backup);
  EXPECT_EQ(world.Status().state, "Queued");
  EXPECT_FALSE(HoldsRuns(world.observed.target));
}

TEST(StaleJobTest, ASecretThatAppearsLateLetsTheSameJobStart) {
  World world;
  const SecretFacts facts = world.observed.secrets["web-01-ssh"];
  world.observed.secrets.erase("web-01-ssh");
  world.Settle();
  world.Fire("web-01-1");
  world.Settle();
  EXPECT_EQ(world.Job("web-01-1")["spec"]["suspend"], true);
  world.observed.secrets["web-01-ssh"] = facts;
  world.Settle();
  EXPECT_THAT(world.created, IsEmpty());
  EXPECT_THAT(world.observed.jobs, SizeIs(1));
  EXPECT_FALSE(HoldsRuns(world.observed.target));
}

// As it is found by an operator that was away: all of it is read, and only then is history kept.
TEST(HistoryTest, JobsOfTheScheduleAreBoundedOnceRead) {
  for (const int limit : {0, 1, 2}) {
    SCOPED_TRACE(limit);
    World world;
    world.ChangeSpec("/spec/successfulJobsHistoryLimit", limit);
    world.Settle();
    const std::vector<std::string> fired = {"run-1", "run-2", "run-3", "run-4"};
    for (std::size_t i = 0; i < fired.size(); ++i) {
      world.Fire(fired[i]);
      TargetReport report = test::GoodTargetReport();
      report.archive->id = std::string(64, static_cast<char>('a' + i));
      report.archive->name = fired[i];
      world.End(fired[i], report);
      world.now += hours(1);
    }
    world.Settle();
    const auto state = ReadCarriedState(world.observed.carried_state);
    ASSERT_TRUE(state);
    EXPECT_THAT(state->ledger.value().archives, SizeIs(4)) << "each result is taken in";
    EXPECT_EQ(world.Status().last_backup->job, "run-4");
    EXPECT_THAT(world.observed.jobs, SizeIs(limit));
    for (std::size_t i = 0; i + static_cast<std::size_t>(limit) < fired.size(); ++i) EXPECT_THAT(world.deleted, Contains(fired[i]));
  }
}

TEST(HistoryTest, JobsOfTheTargetsOwnAreBoundedOnceRead) {
  World world;  // keeps 1 successful and 2 failed
  for (const char* value : {"a", "b", "c", "d", "e", "f"}) {
    world.Annotate("borg-operator.dev/run-now", value);
    world.Settle();
    world.Start(world.created.back());
    world.End(world.created.back(), *value < 'd' ? test::GoodTargetReport() : test::FailedTargetReport(Reason::kCheckFailed));
    world.Settle();
    world.now += hours(1);
  }
  const auto& made = world.created;
  EXPECT_THAT(world.deleted, ElementsAre(made.at(0), made.at(1), made.at(3)));
  EXPECT_THAT(world.observed.jobs, SizeIs(3));
  EXPECT_EQ(world.Status().consecutive_failures, 3U);
}

TEST(MaintenanceTest, ABackupThatFailedInItsMaintenanceIsTriedAgainAsABackup) {
  World world;
  world.Settle();
  TargetReport report = test::FailedTargetReport(Reason::kConnectionLost);
  report.phases.push_back({PhaseName::kPrune, world.now, std::chrono::seconds(3), false});
  world.RunOnce("web-01-1", std::move(report));
  EXPECT_EQ(world.Status().last_maintenance->job, "web-01-1");
  world.now += minutes(3);
  world.Settle();
  EXPECT_EQ(world.Job(world.created.at(0))["metadata"]["labels"]["borg-operator.dev/run"], "backup");
  EXPECT_EQ(world.observed.plan["data"].size(), 1U);  // what a maintenance Job would mount is not there
}

TEST(MaintenanceTest, HasACronJobOfItsOwnAndIsABackupToo) {
  World world;
  world.ChangeSpec("/spec/maintenance", {{"schedule", "0 5 * * 0"}});
  world.Settle();
  ASSERT_TRUE(world.observed.maintenance_cron_job.is_object());
  EXPECT_EQ(world.observed.maintenance_cron_job["spec"]["schedule"], "0 5 * * 0");
  world.Fire("web-01-m");
  world.Job("web-01-m")["metadata"]["labels"]["borg-operator.dev/run"] = "maintenance";
  world.Settle();
  world.End("web-01-m", test::FailedTargetReport(Reason::kConnectFailed));
  world.Settle();
  EXPECT_EQ(world.Status().last_maintenance->job, "web-01-m");
  EXPECT_EQ(world.Status().last_backup->job, "web-01-m");
  world.now += minutes(3);
  world.Settle();
  EXPECT_EQ(world.Job(world.created.at(0))["metadata"]["labels"]["borg-operator.dev/run"], "maintenance");
}

}  // namespace
}  // namespace borgop::controller
