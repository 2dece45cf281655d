// What stands in the way of runs: missing and wrong things, findings, an unreadable state.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "controller/reconcile/carried_state.h"
#include "controller/reconcile/decide.h"
#include "controller/reconcile/new_runs.h"
#include "tests/unit/reconcile/world.h"

namespace borgop::controller {
namespace {

using nlohmann::json;
using test::World;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Blocked {
  const char* name;
  void (*change)(World&);
  const char* ready;
  const char* message;
  bool holds_cron_job;  // else its Jobs wait
};
void PrintTo(const Blocked& row, std::ostream* out) { *out << row.name; }

class ObstacleDecisionTest : public testing::TestWithParam<Blocked> {};

TEST_P(ObstacleDecisionTest, HoldsRunsUntilItIsGone) {
  World world;
  world.Settle();
  const json cron = world.observed.backup_cron_job;
  const World before = world;
  GetParam().change(world);
  world.reasons.clear();
  world.Settle();
  EXPECT_EQ(world.Ready(), GetParam().ready);
  EXPECT_THAT(api::Find(world.Status().conditions, "Ready")->message, HasSubstr(GetParam().message));
  EXPECT_TRUE(HoldsRuns(world.observed.target));
  EXPECT_EQ(world.observed.backup_cron_job["spec"]["suspend"], GetParam().holds_cron_job);
  EXPECT_EQ(world.TemplateSuspended(), !GetParam().holds_cron_job);
  EXPECT_THAT(world.reasons, ElementsAre(std::string(GetParam().ready).substr(6)));
  // And back.
  world.observed.server = before.observed.server;
  world.observed.secrets = before.observed.secrets;
  world.observed.claims = before.observed.claims;
  world.observed.carried_state = before.observed.carried_state;
  world.ChangeSpec("/spec", before.observed.target["spec"]);
  world.Settle();
  EXPECT_EQ(world.Ready(), "True Scheduled");
  EXPECT_FALSE(HoldsRuns(world.observed.target));
  EXPECT_EQ(world.observed.backup_cron_job, cron);
  EXPECT_EQ(world.reasons.back(), "ObstacleGone");
}

const Blocked kBlocked[] = {
    {"Secret", [](World& world) { world.observed.secrets.erase("web-01-ssh"); }, "False SecretMissing",
     "spec.connection.sshSecretRef.name: the Secret web-01-ssh", false},
    {"SecretKey", [](World& world) { world.observed.secrets["web-01-borg"].keys.clear(); }, "False SecretKeyMissing", "no key pass",
     false},
    {"ServersSecret", [](World& world) { world.observed.secrets.erase("vault-ssh"); }, "False SecretMissing",
     "BorgServer vault, spec.sshSecretRef.name: the Secret vault-ssh", false},
    {"Server", [](World& world) { world.observed.server = nullptr; }, "False ServerMissing",
     "spec.serverRef.name: the BorgServer vault", true},
    {"ServerInvalid", [](World& world) { world.observed.server["spec"]["port"] = 0; }, "False ServerInvalid",
     "BorgServer vault: spec.port", true},
    {"Spec", [](World& world) { world.ChangeSpec("/spec/source/paths", {"relative"}); }, "False SpecInvalid",
     "spec.source.paths[0]", true},
    {"WholePath", [](World& world) { world.ChangeSpec("/spec/repository/path", "web::01"); }, "False SpecInvalid",
     "spec.repository.path holds `::`", true},
    {"TimeZone", [](World& world) { world.ChangeSpec("/spec/timeZone", "Europe/Atlantis"); }, "False SpecInvalid", "spec.timeZone",
     true},
    {"Shared",
     [](World& world) {
       world.observed.claims = {{"web-01", "web/01", test::At("2026-11-24T02:00:00Z")}, {"old", "web/01/", {}}};
     },
     "False RepositoryShared", "the BorgBackupTarget old", false},
    {"State",
     [](World& world) {
       world.observed.carried_state = {{"data", {{"state.json", "{"}}}};
     },
     "False CarriedStateInvalid", "The ConfigMap web-01-state-", false},
};
INSTANTIATE_TEST_SUITE_P(Table, ObstacleDecisionTest, testing::ValuesIn(kBlocked), [](const auto& row) { return row.param.name; });

TEST(CarriedStateDecisionTest, AnUnreadableOneIsNotOverwrittenAndResultsWait) {
  World world;
  world.RunOnce("web-01-1", test::GoodTargetReport());
  const json good = world.observed.carried_state;
  world.Fire("web-01-2");
  world.Settle();
  world.observed.carried_state["data"]["state.json"] = "oops";
  world.End("web-01-2", test::GoodTargetReport());
  world.Settle();
  EXPECT_EQ(world.observed.carried_state["data"]["state.json"], "oops");
  EXPECT_TRUE(world.Job("web-01-2")["metadata"].contains("finalizers"));
  world.observed.carried_state = good;  // put back by hand
  world.Settle();
  EXPECT_EQ(world.Status().last_backup->phase, "Completed");
  EXPECT_EQ(world.Status().last_backup->job, "web-01-2");
  EXPECT_FALSE(world.Job("web-01-2")["metadata"].contains("finalizers"));
}

TEST(CarriedStateDecisionTest, IsWrittenOverWhatWasReadOnly) {
  World world;
  world.RunOnce("web-01-1", test::GoodTargetReport());
  EXPECT_FALSE(world.observed.carried_state["metadata"].contains("resourceVersion"));
  world.observed.carried_state["metadata"]["resourceVersion"] = "12";
  world.Fire("web-01-2");
  world.Settle();
  TargetReport report = test::GoodTargetReport();
  report.archive->id = std::string(64, 'e');
  report.archive->name = "snapshot-2";
  world.End("web-01-2", report);
  EXPECT_EQ((*world.Decide().carried_state)["metadata"]["resourceVersion"], "12");
}

// The backup counts, and it is told that what made it cannot be kept.
TEST(CarriedStateDecisionTest, WhatDoesNotFitIntoTheLedgerIsTold) {
  World world;
  TargetReport report = test::GoodTargetReport();
  report.ledger = R"({"version": 1})";
  world.RunOnce("web-01-1", report);
  EXPECT_EQ(world.Status().last_backup->phase, "Completed");
  EXPECT_THAT(world.reasons, Contains("LedgerNotKept"));
  // And from the next on as if it were the first that is known of.
  EXPECT_EQ(ReadCarriedState(world.observed.carried_state)->repository_id(), world.Status().repository.id);
}

// A summary leaves out what is for the ledger, and the log that has the whole may be cut at its front.
TEST(CarriedStateDecisionTest, AReportThatIsInNoLogWholeIsTold) {
  TargetReport report = test::GoodTargetReport();
  report.warnings = {std::string(9000, 'w')};
  const std::string whole = ToJson(test::ReportOf(report));
  for (const bool cut : {false, true}) {
    World world;
    world.Settle();
    world.Fire("web-01-1");
    world.Settle();
    world.End("web-01-1", report);
    world.observed.pods.back() = test::EndedPod(0, ToSummaryJson(test::ReportOf(report), 4096), "", "web-01-1");
    world.observed.logs.clear();
    EXPECT_THAT(world.Decide().logs, ElementsAre(LogRequest{"web-01-1-pod", kReportTail}));
    world.observed.logs["web-01-1-pod"] = cut ? whole.substr(100) : whole;
    world.Settle();
    EXPECT_EQ(world.Status().last_backup->phase, "Completed");
    EXPECT_EQ(std::ranges::count(world.reasons, "LedgerNotKept"), cut ? 1 : 0);
  }
}

// As where somebody else has changed the target meanwhile: the state is written, the status is not, and all is decided anew.
TEST(FindingTest, IsToldAlsoWhereOnlyTheStateWasWritten) {
  World world;
  world.RunOnce("web-01-1", test::GoodTargetReport());
  TargetReport swapped = test::GoodTargetReport();
  swapped.repository.id = std::string(64, 'c');
  world.Fire("web-01-2");
  world.Settle();
  world.End("web-01-2", swapped);
  const auto write_state_only = [&world] {
    const Decisions decisions = world.Decide();
    ASSERT_TRUE(decisions.carried_state);
    world.observed.carried_state = *decisions.carried_state;
  };
  write_state_only();
  world.Settle();
  EXPECT_EQ(std::count(world.reasons.begin(), world.reasons.end(), "RepositoryTampered"), 1);

  world.Annotate("borg-operator.dev/acknowledge", ReadCarriedState(world.observed.carried_state)->finding->id);
  write_state_only();
  world.Settle();
  EXPECT_EQ(std::count(world.reasons.begin(), world.reasons.end(), "FindingAcknowledged"), 1);
  EXPECT_EQ(world.Status().repository.id, std::string(64, 'c'));
}

TEST(FindingTest, StopsAllUntilItIsAcknowledged) {
  World world;
  world.RunOnce("web-01-1", test::GoodTargetReport());
  TargetReport swapped = test::GoodTargetReport();
  swapped.repository.id = std::string(64, 'c');
  world.RunOnce("web-01-2", swapped);
  const std::string id = ReadCarriedState(world.observed.carried_state)->finding->id;
  EXPECT_EQ(world.Ready(), "False FindingNotAcknowledged");
  EXPECT_TRUE(api::IsTrue(world.Status().conditions, "Stalled"));
  EXPECT_FALSE(api::IsTrue(world.Status().conditions, "RepositoryTrusted"));
  EXPECT_THAT(api::Find(world.Status().conditions, "Ready")->message, HasSubstr("borg-operator.dev/acknowledge=" + id));
  // The run counts as a failure, whatever it says of itself.
  EXPECT_EQ(world.Status().last_backup->phase, "Failed");
  EXPECT_EQ(world.Status().last_backup->reason, "RepositoryTampered");
  EXPECT_EQ(world.Status().last_successful_backup->job, "web-01-1");
  EXPECT_TRUE(world.TemplateSuspended());
  EXPECT_TRUE(HoldsRuns(world.observed.target));
  EXPECT_THAT(world.reasons, Contains("RepositoryTampered"));
  // What is asked for waits, what runs is stopped.
  world.Annotate("borg-operator.dev/run-now", "a");
  world.Settle();
  ASSERT_THAT(world.created, SizeIs(1));
  world.Start(world.created[0]);
  world.Settle();
  EXPECT_EQ(world.Job(world.created[0])["spec"]["suspend"], true);
  world.Annotate("borg-operator.dev/acknowledge", "another");
  world.Settle();
  EXPECT_EQ(world.Ready(), "False FindingNotAcknowledged");
  world.Annotate("borg-operator.dev/acknowledge", id);
  world.Settle();
  EXPECT_FALSE(HoldsRuns(world.observed.target));
  EXPECT_TRUE(api::IsTrue(world.Status().conditions, "RepositoryTrusted"));
  EXPECT_THAT(world.reasons, Contains("FindingAcknowledged"));
  EXPECT_EQ(ReadCarriedState(world.observed.carried_state)->repository_id(), std::string(64, 'c'));
  EXPECT_FALSE(world.TemplateSuspended());
}

TEST(FindingTest, DeletingTheStateAcknowledgesNothing) {
  World world;
  world.RunOnce("web-01-1", test::GoodTargetReport());
  TargetReport swapped = test::GoodTargetReport();
  swapped.repository.id = std::string(64, 'c');
  swapped.repository.archives = 99;
  world.RunOnce("web-01-2", swapped);
  EXPECT_EQ(world.Status().repository.id, std::string(64, 'a')) << "what is accused is not taken for the target's";
  EXPECT_EQ(world.Status().repository.archives, 5U);
  const CarriedState before = *ReadCarriedState(world.observed.carried_state);
  // By way of one that cannot be read, too.
  for (const json& instead : {json(), json::parse(R"({"data": {"state.json": "{"}})")}) {
    world.observed.carried_state = instead;
    world.Settle();
    world.observed.carried_state = nullptr;
    world.Settle();
    EXPECT_EQ(world.Ready(), "False FindingNotAcknowledged");
    const auto state = ReadCarriedState(world.observed.carried_state);
    ASSERT_TRUE(state && state->finding);
    EXPECT_EQ(state->repository_id(), before.repository_id());
    EXPECT_EQ(state->finding->id, before.finding->id);
    EXPECT_EQ(state->finding->reason, before.finding->reason);
    EXPECT_EQ(state->finding->message, before.finding->message);
    EXPECT_EQ(state->finding->repository_id, before.finding->repository_id);
  }
  world.Annotate("borg-operator.dev/acknowledge", before.finding->id);
  world.Settle();
  EXPECT_EQ(ReadCarriedState(world.observed.carried_state)->repository_id(), std::string(64, 'c'));
  EXPECT_EQ(world.Status().repository.id, std::string(64, 'c'));
  EXPECT_FALSE(world.Status().repository.archives);
}

TEST(FindingTest, HowToAcknowledgeIsToldAfterALongMessageToo) {
  World world;
  TargetReport accused = test::FailedTargetReport(Reason::kTargetMisbehaved, std::string(5000, 'x'));
  world.RunOnce("web-01-1", accused);
  const std::string id = ReadCarriedState(world.observed.carried_state)->finding->id;
  for (const char* type : {"Ready", "RepositoryTrusted"})
    EXPECT_THAT(api::Find(world.Status().conditions, type)->message, HasSubstr("borg-operator.dev/acknowledge=" + id)) << type;
}

TEST(FindingTest, AnAcknowledgementIsAChangeThatIsTried) {
  World world;
  world.RunOnce("web-01-1", test::GoodTargetReport());
  TargetReport swapped = test::GoodTargetReport();
  swapped.repository.id = std::string(64, 'c');
  world.RunOnce("web-01-2", swapped);
  EXPECT_THAT(world.created, IsEmpty());
  world.Annotate("borg-operator.dev/acknowledge", ReadCarriedState(world.observed.carried_state)->finding->id);
  world.Settle();
  ASSERT_THAT(world.created, SizeIs(1));
  world.Start(world.created[0]);
  world.End(world.created[0], swapped);
  world.Settle();
  EXPECT_EQ(world.Ready(), "True Scheduled");
}

}  // namespace
}  // namespace borgop::controller
