#include "controller/reconcile/conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/api/fixture.h"
#include "tests/unit/reconcile/run_fixture.h"

namespace borgop::controller {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const WallTime kNow = test::At("2026-11-24T12:00:00Z");

// What kstatus makes of an object of a kind that it does not know: the words of its documentation, in its order.
std::string Kstatus(const json& object) {
  const json& status = object["status"];
  if (status["observedGeneration"] != object["metadata"]["generation"]) return "InProgress";
  const auto is = [&](const char* type, const char* value) {
    return std::ranges::any_of(status["conditions"],
                               [&](const json& condition) { return condition["type"] == type && condition["status"] == value; });
  };
  if (is("Reconciling", "True")) return "InProgress";
  if (is("Stalled", "True")) return "Failed";
  if (is("Ready", "False") || is("Ready", "Unknown")) return "InProgress";
  return "Current";
}

api::RunStatus Ended(const char* phase, const char* reason = "") {
  api::RunStatus run;
  run.phase = phase;
  run.reason = reason;
  run.message = *reason == '\0' ? "" : "it went wrong";
  run.archive = "snapshot-1";
  run.completion_time = kNow - std::chrono::hours(9);
  return run;
}

api::TargetStatus After(std::optional<api::RunStatus> last, std::uint64_t failures = 0) {
  api::TargetStatus status;
  if (last && failures == 0) status.last_successful_backup = last;
  status.last_backup = std::move(last);
  status.consecutive_failures = failures;
  return status;
}

const CarriedState kKnown{Ledger{std::string(64, 'a'), {}}, std::nullopt};

struct ConditionsRow {
  const char* name;
  api::TargetStatus status;
  TargetFacts facts;
  const char* ready;  // "STATUS REASON"
  const char* kstatus;
  const char* state;
  const char* message;  // a part of Ready's
};
void PrintTo(const ConditionsRow& row, std::ostream* out) { *out << row.name; }

class ConditionsTest : public testing::TestWithParam<ConditionsRow> {};

TEST_P(ConditionsTest, AgreeWithKstatus) {
  api::TargetStatus status = GetParam().status;
  TargetFacts facts = GetParam().facts;
  facts.generation = 3;
  // As if the last look had found the opposite, so that what must go is seen to go.
  for (const std::string_view type : {kReconciling, kStalled})
    api::Set(status.conditions, {std::string(type), api::Truth::kTrue, "Old", "", 2, {}}, kNow);
  SetConditions(status, facts, kNow);
  const api::Condition* ready = api::Find(status.conditions, "Ready");
  ASSERT_NE(ready, nullptr);
  EXPECT_EQ(std::string(ToString(ready->status)) + ' ' + ready->reason, GetParam().ready);
  EXPECT_THAT(ready->message, HasSubstr(GetParam().message));
  const std::string kstatus = Kstatus({{"metadata", {{"generation", 3}}}, {"status", ToJson(status)}});
  EXPECT_EQ(kstatus, GetParam().kstatus);
  EXPECT_EQ(status.state, GetParam().state);
  // `kubectl wait` looks at Ready alone.
  EXPECT_EQ(api::IsTrue(status.conditions, "Ready"), kstatus == "Current");
  for (const api::Condition& condition : status.conditions) {
    EXPECT_EQ(condition.observed_generation, 3) << condition.type;
    // docs/troubleshooting.md has those that are known to it.
    const bool as_ready = condition.type == kReconciling || condition.type == kStalled;
    EXPECT_THAT(ReasonsOf(as_ready ? kReady : condition.type), testing::Contains(condition.reason)) << condition.type;
    if (condition.type == "Reconciling" || condition.type == "Stalled") {
      EXPECT_EQ(condition.status, api::Truth::kTrue);
    }
  }
}

TargetFacts Facts(void (*change)(TargetFacts&) = nullptr) {
  TargetFacts facts;
  facts.scheduled = true;
  if (change != nullptr) change(facts);
  return facts;
}

const ConditionsRow kConditionsRows[] = {
    {"New", After({}), Facts(), "True Scheduled", "Current", "Scheduled", "There was no backup yet."},
    {"NewWithoutSchedule", After({}), TargetFacts{}, "True Unscheduled", "Current", "Idle", "run-now"},
    {"NewAndQueued", After({}), Facts([](TargetFacts& f) { f.queued = true; }), "True Scheduled", "Current", "Queued", ""},
    {"FirstRuns", After({}), Facts([](TargetFacts& f) { f.running = true; }), "True Scheduled", "Current", "Running", ""},
    {"Good", After(Ended("Completed")), Facts(), "True Scheduled", "Current", "Scheduled", "2026-11-24T03:00:00Z"},
    {"GoodWithWarnings", After(Ended("CompletedWithWarnings")), Facts(), "True Scheduled", "Current", "Scheduled", ""},
    {"Suspended", After(Ended("Completed")), Facts([](TargetFacts& f) { f.suspended = true; }), "True Suspended", "Current",
     "Suspended", "spec.suspend"},
    {"SuspendedWhileItRuns", After({}), Facts([](TargetFacts& f) { f.suspended = f.running = true; }), "True Suspended", "Current",
     "Running", ""},
    {"Cancelled", After(Ended("Cancelled", "Cancelled")), Facts(), "True Scheduled", "Current", "Scheduled", ""},
    {"CancelledAfterFailures", After(Ended("Cancelled", "Cancelled"), 2), Facts(), "False BackupFailed", "Failed", "Failed",
     "2 backups failed since"},
    {"FailedForGood", After(Ended("Failed", "PassphraseWrong"), 1), Facts(), "False BackupFailed", "Failed", "Failed",
     "1 backup failed since the last good one, the last with PassphraseWrong: it went wrong"},
    {"WillBeTriedAgain", After(Ended("Failed", "DiskFull"), 1), Facts([](TargetFacts& f) { f.retry_at = kNow; }),
     "False BackupFailed", "InProgress", "Retrying", "tried again at 2026-11-24T12:00:00Z"},
    {"IsTriedAgain", After(Ended("Failed", "DiskFull"), 1), Facts([](TargetFacts& f) { f.running = true; }), "False BackupFailed",
     "InProgress", "Running", ""},
    {"RetryIsQueued", After(Ended("Failed", "DiskFull"), 1), Facts([](TargetFacts& f) { f.queued = true; }), "False BackupFailed",
     "InProgress", "Queued", ""},
    {"FailedAndSuspended", After(Ended("Failed", "DiskFull"), 1), Facts([](TargetFacts& f) { f.suspended = f.queued = true; }),
     "False BackupFailed", "Failed", "Suspended", ""},
    {"SecretMissing", After({}), Facts([](TargetFacts& f) {
       f.obstacle = Obstacle{"SecretMissing", "web-01-ssh", true};
     }),
     "False SecretMissing", "InProgress", "Waiting", "web-01-ssh"},
    {"SpecInvalid", After(Ended("Completed")), Facts([](TargetFacts& f) {
       f.obstacle = Obstacle{"SpecInvalid", "spec.x", false};
     }),
     "False SpecInvalid", "Failed", "Blocked", "spec.x"},
    {"ObstacleWhileItRuns", After({}), Facts([](TargetFacts& f) {
       f.obstacle = Obstacle{"SpecInvalid", "spec.x", false};
       f.running = true;
     }),
     "False SpecInvalid", "Failed", "Running", ""},
    {"Starts", After({}), Facts([](TargetFacts& f) { f.running = f.starting = true; }), "True Scheduled", "Current", "Starting",
     ""},
    {"CannotStart", After({}), Facts([](TargetFacts& f) {
       f.running = true;
       f.starting = true;
       f.stuck = RunFailure{ErrorKind::kWaiting, "ImagePullFailed", "no image"};
     }),
     "False ImagePullFailed", "InProgress", "Waiting", "no image"},
    {"Finding", After(Ended("Completed")), Facts([](TargetFacts& f) {
       f.obstacle = Obstacle{"FindingNotAcknowledged", "look", false};
     }),
     "False FindingNotAcknowledged", "Failed", "Blocked", "look"},
};
INSTANTIATE_TEST_SUITE_P(Table, ConditionsTest, testing::ValuesIn(kConditionsRows), [](const auto& row) { return row.param.name; });

TEST(ConditionsOverTimeTest, TheTimeChangesWithTheStatusOnly) {
  api::TargetStatus status = After(Ended("Completed"));
  SetConditions(status, Facts(), kNow);
  SetConditions(status, Facts([](TargetFacts& f) { f.suspended = true; }), kNow + std::chrono::hours(1));
  EXPECT_EQ(api::Find(status.conditions, "Ready")->reason, "Suspended");
  EXPECT_EQ(api::Find(status.conditions, "Ready")->last_transition, kNow);
  status.consecutive_failures = 1;
  SetConditions(status, Facts(), kNow + std::chrono::hours(2));
  EXPECT_EQ(api::Find(status.conditions, "Ready")->last_transition, kNow + std::chrono::hours(2));
}

TEST(BackupSucceededTest, IsAboutTheLastThatEnded) {
  api::TargetStatus status;
  const auto told = [&](std::optional<api::RunStatus> last) {
    status.last_backup = std::move(last);
    SetConditions(status, Facts(), kNow);
    const api::Condition* found = api::Find(status.conditions, "BackupSucceeded");
    return found == nullptr ? std::string() : std::string(ToString(found->status)) + ' ' + found->reason;
  };
  api::RunStatus running;
  running.phase = "Running";
  EXPECT_EQ(told({}), "");
  EXPECT_EQ(told(running), "");
  EXPECT_EQ(told(Ended("Failed", "DiskFull")), "False DiskFull");
  EXPECT_EQ(told(running), "False DiskFull");
  EXPECT_EQ(told(Ended("CompletedWithWarnings")), "True CompletedWithWarnings");
  EXPECT_EQ(told(Ended("Cancelled", "Cancelled")), "True CompletedWithWarnings");
}

TEST(RepositoryTrustedTest, UntilThereIsAFinding) {
  api::TargetStatus status;
  CarriedState carried;
  TargetFacts facts;
  facts.carried = &carried;
  SetConditions(status, facts, kNow);
  EXPECT_EQ(api::Find(status.conditions, "RepositoryTrusted"), nullptr);
  carried = kKnown;
  SetConditions(status, facts, kNow);
  EXPECT_TRUE(api::IsTrue(status.conditions, "RepositoryTrusted"));
  carried.finding = Finding{"f00", "RepositoryTampered", "another.", "j", "", {}};
  SetConditions(status, facts, kNow);
  const api::Condition* trusted = api::Find(status.conditions, "RepositoryTrusted");
  EXPECT_EQ(trusted->status, api::Truth::kFalse);
  EXPECT_EQ(trusted->reason, "RepositoryTampered");
  EXPECT_THAT(trusted->message, HasSubstr("borg-operator.dev/acknowledge=f00"));
  // What cannot be read does not lift it.
  facts.carried = nullptr;
  SetConditions(status, facts, kNow);
  EXPECT_EQ(api::Find(status.conditions, "RepositoryTrusted")->status, api::Truth::kFalse);
}

// What the alert for an overdue check goes by.
TEST(CheckedTest, NotesWhenACheckLastPassed) {
  api::TargetStatus status;
  const auto told = [&](const TargetReport& target, WallTime now) {
    SetChecked(status, ReadRun(test::EndedJob("Complete", ""), {test::EndedPod(0, ToJson(test::ReportOf(target)))}, ""), 3, now);
    return status.last_check_time;
  };
  TargetReport bad = test::FailedTargetReport(Reason::kCheckFailed), good = test::GoodTargetReport();
  bad.phases.back().ok = false;
  EXPECT_EQ(told(bad, kNow), std::nullopt);
  auto& check = good.phases.back();
  check.start = kNow - std::chrono::minutes(30);
  check.duration = std::chrono::minutes(10);
  EXPECT_EQ(told(good, kNow), kNow - std::chrono::minutes(20));
  EXPECT_EQ(told(bad, kNow), kNow - std::chrono::minutes(20)) << "a failure takes nothing back";
  check.start = kNow + std::chrono::hours(9);
  EXPECT_EQ(told(good, kNow), kNow) << "by a pod's clock that is ahead";
  check.start = kNow - std::chrono::hours(9);
  EXPECT_EQ(told(good, kNow), kNow) << "of a run that ended earlier and is read later";
}

TEST(CheckedTest, IsAboutTheLastCheckThatSaidSomething) {
  api::TargetStatus status;
  const auto told = [&](const TargetReport& target) {
    SetChecked(status, ReadRun(test::EndedJob("Complete", ""), {test::EndedPod(0, ToJson(test::ReportOf(target)))}, ""), 3, kNow);
    const api::Condition* found = api::Find(status.conditions, "Checked");
    return found == nullptr ? std::string() : std::string(ToString(found->status)) + ' ' + found->reason;
  };
  TargetReport none = test::GoodTargetReport(), cut = test::FailedTargetReport(Reason::kConnectionLost),
               bad = test::FailedTargetReport(Reason::kCheckFailed);
  none.phases.pop_back();
  cut.phases.back().ok = bad.phases.back().ok = false;
  EXPECT_EQ(told(none), "");
  EXPECT_EQ(told(cut), "");
  EXPECT_EQ(told(bad), "False CheckFailed");
  EXPECT_EQ(told(cut), "False CheckFailed");
  EXPECT_EQ(told(test::GoodTargetReport()), "True CheckPassed");
  EXPECT_EQ(told(none), "True CheckPassed");
}

}  // namespace
}  // namespace borgop::controller
