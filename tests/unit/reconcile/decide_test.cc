#include "controller/reconcile/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/reconcile/carried_state.h"
#include "tests/unit/reconcile/world.h"

namespace borgop::controller {
namespace {

using nlohmann::json;
using test::World;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(DecideTest, ANewTargetGetsItsObjectsAndNoRun) {
  World world;
  world.Settle();
  EXPECT_EQ(world.observed.plan["metadata"]["name"], PlanName("web-01"));
  EXPECT_EQ(world.observed.backup_cron_job["spec"]["schedule"], "0 2 * * *");
  EXPECT_TRUE(world.observed.maintenance_cron_job.is_null());
  EXPECT_TRUE(world.observed.carried_state.is_null());
  EXPECT_FALSE(world.TemplateSuspended());
  EXPECT_THAT(world.created, IsEmpty());
  EXPECT_EQ(world.Ready(), "True Scheduled");
  EXPECT_EQ(world.Status().effective_schedule, "0 2 * * *");
  EXPECT_EQ(world.Status().next_backup_time, test::At("2026-11-25T02:00:00Z"));
  EXPECT_EQ(world.Status().observed_generation, 3);
  EXPECT_EQ(world.Decide().look_again, test::At("2026-11-25T02:00:00Z"));
  EXPECT_THAT(world.reasons, ElementsAre("ScheduleChanged"));
}

TEST(DecideTest, AScheduledRunFromStartToEnd) {
  World world;
  world.Settle();
  world.Fire("web-01-1");
  Decisions decisions = world.Decide();
  EXPECT_THAT(decisions.logs, ElementsAre(LogRequest{"web-01-1-pod", kProgressTail, true}));
  world.observed.logs["web-01-1-pod"] =
      R"({"time":"2026-11-24T02:00:05Z","event":"progress","phase":"create","files":5,"originalSize":6,"bytesBridged":7})";
  world.Settle();
  EXPECT_EQ(world.Job("web-01-1")["metadata"]["finalizers"], json::array({"borg-operator.dev/unread-result"}));
  EXPECT_EQ(world.Status().last_backup->phase, "Running");
  EXPECT_EQ(world.Status().progress->files, 5U);
  EXPECT_EQ(world.Status().state, "Running");
  EXPECT_EQ(world.Ready(), "True Scheduled");
  world.observed.logs.clear();
  EXPECT_THAT(world.Decide().logs, IsEmpty());
  EXPECT_EQ(world.Decide().look_again, world.now + std::chrono::seconds(30));

  world.End("web-01-1", test::GoodTargetReport());
  decisions = world.Decide();
  ASSERT_TRUE(decisions.status && decisions.carried_state);
  EXPECT_THAT(decisions.mark_recorded, ElementsAre(JobRef{"web-01-1", "u-web-01-1"}));
  world.Settle();
  const api::TargetStatus status = world.Status();
  EXPECT_EQ(status.last_backup->phase, "Completed");
  EXPECT_EQ(status.last_backup->job, "web-01-1");
  EXPECT_EQ(status.last_backup->original_size, 3000U);
  EXPECT_EQ(status.last_successful_backup, status.last_backup);
  EXPECT_EQ(status.last_maintenance, status.last_backup);  // it checked
  EXPECT_EQ(status.repository.id, std::string(64, 'a'));
  EXPECT_EQ(status.repository.archives, 5U);
  EXPECT_EQ(status.repository.encryption, "repokey-blake2");  // what there is, not what the target asks for
  EXPECT_EQ(status.repository.original_size, 9000U);
  EXPECT_EQ(status.repository.deduplicated_size, 700U);
  EXPECT_FALSE(status.progress);
  EXPECT_EQ(status.state, "Scheduled");
  EXPECT_TRUE(api::IsTrue(status.conditions, "BackupSucceeded"));
  EXPECT_TRUE(api::IsTrue(status.conditions, "Checked"));
  EXPECT_TRUE(api::IsTrue(status.conditions, "RepositoryTrusted"));
  EXPECT_FALSE(world.Job("web-01-1")["metadata"].contains("finalizers"));
  EXPECT_THAT(world.reasons, ElementsAre("ScheduleChanged", "BackupStarted", "BackupCompleted"));
  EXPECT_EQ(ReadCarriedState(world.observed.carried_state)->ledger.value().archives.size(), 1U);
}

TEST(DecideTest, ACrashAfterTheStatusCountsNothingTwice) {
  World world;
  world.Settle();
  world.Fire("web-01-1");
  world.Settle();
  world.End("web-01-1", test::FailedTargetReport(Reason::kPassphraseWrong));
  const Decisions decisions = world.Decide();
  EXPECT_EQ(decisions.status->consecutive_failures, 1U);
  world.observed.target["status"] = ToJson(*decisions.status);  // and there it crashed
  const Decisions again = world.Decide();
  EXPECT_FALSE(again.status);
  EXPECT_THAT(again.events, IsEmpty());
  EXPECT_EQ(again.mark_recorded, decisions.mark_recorded);
}

TEST(DecideTest, AllThatEndedWhileNobodyWasThereIsRead) {
  World world;
  world.ChangeSpec("/spec/failedJobsHistoryLimit", 3);
  world.Settle();
  for (const char* name : {"web-01-1", "web-01-2", "web-01-3"}) {
    world.Fire(name);
    world.End(name, test::FailedTargetReport(Reason::kPassphraseWrong));
    world.now += std::chrono::hours(24);
  }
  world.Fire("web-01-4");
  world.reasons.clear();
  world.Settle();
  EXPECT_EQ(world.Status().consecutive_failures, 3U);
  EXPECT_EQ(world.Status().last_backup->job, "web-01-4");
  EXPECT_EQ(world.Status().last_backup->phase, "Running");
  EXPECT_THAT(world.reasons, ElementsAre("BackupFailed", "BackupFailed", "BackupFailed", "BackupStarted"));
  // A status that was lost is built anew from the Jobs that are left.
  world.observed.target.erase("status");
  world.Settle();
  EXPECT_EQ(world.Status().consecutive_failures, 3U);
}

TEST(DecideTest, RunsThatEndInOneSecondAreCountedOnce) {
  World world;
  world.Settle();
  for (const char* name : {"web-01-1", "web-01-2"}) {
    world.Fire(name);
    world.End(name, test::FailedTargetReport(Reason::kPassphraseWrong), std::chrono::minutes(0));
  }
  world.Settle();
  EXPECT_EQ(world.Status().consecutive_failures, 2U);
}

TEST(DecideTest, NothingIsWrittenWhereNothingChanges) {
  World world;
  world.RunOnce("web-01-1", test::GoodTargetReport());
  world.now += std::chrono::hours(1);
  const Decisions decisions = world.Decide();
  EXPECT_FALSE(decisions.status);
  EXPECT_FALSE(decisions.carried_state);
  EXPECT_THAT(decisions.apply, IsEmpty());
  EXPECT_THAT(decisions.events, IsEmpty());
}

TEST(DecideTest, WhatSomebodyChangedByHandIsPutRight) {
  World world;
  world.Settle();
  world.observed.backup_cron_job["spec"]["suspend"] = true;
  EXPECT_THAT(world.Decide().apply, SizeIs(1));
  world.Settle();
  world.observed.plan["data"]["backup.yaml"] = "{}";
  EXPECT_THAT(world.Decide().apply, SizeIs(1));
  world.Settle();
  // What the API server adds by itself is no change.
  world.observed.backup_cron_job["spec"]["jobTemplate"]["spec"]["suspend"] = false;
  world.observed.backup_cron_job["status"] = json::object();
  EXPECT_THAT(world.Decide().apply, IsEmpty());
  world.ChangeSpec("/spec/podTemplate/priorityClassName", "high");
  EXPECT_THAT(world.Decide().apply, SizeIs(1));
  world.ChangeSpec("/spec/schedule", nullptr);
  EXPECT_THAT(world.Decide().delete_cron_jobs, ElementsAre("web-01"));
  world.Settle();
  EXPECT_EQ(world.Ready(), "True Unscheduled");
}

TEST(DecideTest, SuspendHoldsTheScheduleAndWhatIsAskedFor) {
  World world;
  world.ChangeSpec("/spec/suspend", true);
  world.Annotate("borg-operator.dev/run-now", "a");
  world.Settle();
  EXPECT_EQ(world.observed.backup_cron_job["spec"]["suspend"], true);
  EXPECT_FALSE(world.Status().next_backup_time);
  EXPECT_EQ(world.Ready(), "True Suspended");
  EXPECT_THAT(world.created, SizeIs(1));
  EXPECT_EQ(world.Job(world.created[0])["spec"]["suspend"], true);
  EXPECT_TRUE(HoldsRuns(world.observed.target));
  world.ChangeSpec("/spec/suspend", false);
  world.Settle();
  EXPECT_FALSE(HoldsRuns(world.observed.target));
  EXPECT_EQ(world.Status().state, "Queued");
}

TEST(DecideTest, AFullServersTargetsStartSuspended) {
  World world;
  world.observed.server_targets = 5;
  world.Settle();
  EXPECT_TRUE(world.TemplateSuspended());
  world.observed.server_targets = 4;
  world.Settle();
  EXPECT_FALSE(world.TemplateSuspended());
}

TEST(DecideTest, OneRunAtATime) {
  World world;
  world.Settle();
  world.Fire("web-01-1");
  world.now += std::chrono::seconds(20);
  world.Fire("web-01-2");
  const auto suspended = [&](const char* name) { return world.Job(name)["spec"]["suspend"].get<bool>(); };
  world.Settle();
  EXPECT_FALSE(suspended("web-01-1"));
  EXPECT_TRUE(suspended("web-01-2"));
  EXPECT_EQ(world.Status().last_backup->job, "web-01-1");
  world.End("web-01-1", test::GoodTargetReport());
  world.Settle();
  world.Start("web-01-2");
  world.Settle();
  EXPECT_FALSE(suspended("web-01-2"));
  EXPECT_EQ(world.Status().last_backup->job, "web-01-2");
}

TEST(DecideTest, OfTwoRunsOfOneSecondTheOneThatHasBegunGoesOn) {
  World world;
  world.Settle();
  world.Fire("web-01-9");
  world.Fire("web-01-1");  // its name is the first
  world.observed.pods.back()["status"]["phase"] = "Pending";
  world.Settle();
  EXPECT_EQ(world.Job("web-01-9")["spec"]["suspend"], false);
  EXPECT_EQ(world.Job("web-01-1")["spec"]["suspend"], true);
}

TEST(DecideTest, APodThatCannotStartIsTold) {
  World world;
  world.Settle();
  world.Fire("web-01-1");
  world.observed.pods = {test::WaitingPod("ImagePullBackOff", "no such image")};
  world.Settle();
  EXPECT_EQ(world.Ready(), "True Scheduled");
  EXPECT_EQ(world.Status().last_backup->reason, "ImagePullFailed");
  EXPECT_EQ(world.Status().state, "Starting");
  EXPECT_EQ(world.Status().last_backup->phase, "Starting");
  world.now += std::chrono::minutes(6);
  world.Settle();
  EXPECT_EQ(world.Ready(), "False ImagePullFailed");
  EXPECT_EQ(world.Status().state, "Waiting");
  world.observed.pods = {test::WaitingPod("ContainerCreating", "")};
  world.Settle();
  EXPECT_EQ(world.Ready(), "False PodNotStarted");
  EXPECT_EQ(world.Status().last_backup->phase, "Starting");
  world.observed.pods = {test::Pod("Running")};
  world.Settle();
  EXPECT_EQ(world.Ready(), "True Scheduled");
  EXPECT_EQ(world.Status().last_backup->phase, "Running");
  EXPECT_THAT(world.reasons, ElementsAre("ScheduleChanged", "BackupStarted"));
}

TEST(DecideTest, ARunWhosePodHasEndedIsNotAskedHowFarItIs) {
  World world;
  world.Settle();
  world.Fire("web-01-1");
  ASSERT_THAT(world.Decide().logs, SizeIs(1));
  world.observed.pods = {test::EndedPod(0, "", "", "web-01-1")};
  EXPECT_THAT(world.Decide().logs, IsEmpty());
}

struct Going {
  const char* name;
  void (*change)(World&);
};
void PrintTo(const Going& row, std::ostream* out) { *out << row.name; }

class GoingTargetTest : public testing::TestWithParam<Going> {};

TEST_P(GoingTargetTest, LetsItsJobsGo) {
  World world;
  world.Settle();
  world.Fire("web-01-1");
  world.Settle();
  GetParam().change(world);
  const Decisions decisions = world.Decide();
  EXPECT_THAT(decisions.remove_finalizer, ElementsAre(JobRef{"web-01-1", "u-web-01-1"}));
  EXPECT_FALSE(decisions.status);
  EXPECT_THAT(decisions.apply, IsEmpty());
  EXPECT_THAT(decisions.logs, IsEmpty());
}

const Going kGoing[] = {
    {"Gone", [](World& world) { world.observed.target = nullptr; }},
    {"Deleting", [](World& world) { world.observed.target["metadata"]["deletionTimestamp"] = "2026-11-24T02:00:00Z"; }},
    {"NamespaceTerminating", [](World& world) { world.observed.namespace_terminating = true; }},
};
INSTANTIATE_TEST_SUITE_P(Table, GoingTargetTest, testing::ValuesIn(kGoing), [](const auto& row) { return row.param.name; });

TEST(DecideTest, AJobThatWaitsHoldsUpNobody) {
  World world;
  world.Annotate("borg-operator.dev/run-now", "a");
  world.Settle();
  const std::string job = world.created.at(0);
  EXPECT_FALSE(world.Job(job)["metadata"].contains("finalizers"));
  world.Start(job);
  world.Settle();
  EXPECT_EQ(world.Job(job)["metadata"]["finalizers"], json::array({"borg-operator.dev/unread-result"}));
}

TEST(DecideTest, ADeletedJobIsACancelledRunIfItBegan) {
  World world;
  world.Settle();
  world.Fire("web-01-1");
  world.Settle();
  world.Delete("web-01-1");
  world.Settle();
  EXPECT_EQ(world.Status().last_backup->phase, "Running") << "its pod has not ended";
  world.EndPod("web-01-1", 130, test::FailedTargetReport(Reason::kCancelled));
  world.Settle();
  EXPECT_EQ(world.Status().last_backup->phase, "Cancelled");
  EXPECT_EQ(world.Status().last_backup->reason, "JobDeleted");
  EXPECT_THAT(world.observed.jobs, IsEmpty());
  EXPECT_EQ(world.Ready(), "True Scheduled");
  world.Annotate("borg-operator.dev/run-now", "a");
  world.Settle();
  world.Delete(world.created.at(0));
  world.Settle();
  EXPECT_EQ(world.Status().last_backup->job, "web-01-1");
  EXPECT_THAT(world.observed.jobs, IsEmpty());
}

}  // namespace
}  // namespace borgop::controller
