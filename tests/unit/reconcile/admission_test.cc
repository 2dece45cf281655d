#include "controller/reconcile/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "controller/reconcile/decide_server.h"
#include "tests/unit/api/fixture.h"
#include "tests/unit/reconcile/run_fixture.h"

namespace borgop::controller {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

// "s": waits, "h": waits and is held, "a": runs. Written as "TARGET STATE", in the order of creation.
struct AdmissionRow {
  const char* name;
  std::vector<std::pair<const char*, char>> jobs;
  int limit;
  std::vector<int> released;
};
void PrintTo(const AdmissionRow& row, std::ostream* out) { *out << row.name; }

class JobsToReleaseTest : public testing::TestWithParam<AdmissionRow> {};

TEST_P(JobsToReleaseTest, ReleasesInOrder) {
  std::vector<UnfinishedJob> jobs;
  std::vector<JobRef> expected;
  for (std::size_t i = 0; i < GetParam().jobs.size(); ++i) {
    const auto& [target, state] = GetParam().jobs[i];
    jobs.push_back({{std::to_string(i), ""}, target, WallTime(std::chrono::seconds(i)), state != 'a', state == 'h'});
  }
  for (const int i : GetParam().released) expected.push_back({std::to_string(i), ""});
  EXPECT_EQ(JobsToRelease(jobs, GetParam().limit), expected);
  std::reverse(jobs.begin(), jobs.end());
  EXPECT_EQ(JobsToRelease(jobs, GetParam().limit), expected);
}

const AdmissionRow kAdmissionRows[] = {
    {"None", {}, 2, {}},
    {"AllFit", {{"a", 's'}, {"b", 's'}}, 2, {0, 1}},
    {"TheOldestFirst", {{"a", 's'}, {"b", 's'}, {"c", 's'}}, 2, {0, 1}},
    {"RunningTakesAPlace", {{"a", 's'}, {"b", 'a'}, {"c", 's'}}, 2, {0}},
    {"Full", {{"a", 'a'}, {"b", 'a'}, {"c", 's'}}, 2, {}},
    {"LimitWasLowered", {{"a", 'a'}, {"b", 'a'}, {"c", 'a'}, {"d", 's'}}, 1, {}},
    {"OneAtATimeOfATarget", {{"a", 's'}, {"a", 's'}, {"b", 's'}}, 8, {0, 2}},
    {"NotBesideARunningOne", {{"a", 's'}, {"a", 'a'}, {"b", 's'}}, 8, {2}},
    {"HeldOnesLetOthersPass", {{"a", 'h'}, {"b", 's'}}, 1, {1}},
    {"HeldOneDoesNotBlockItsTarget", {{"a", 'h'}, {"a", 's'}}, 1, {1}},
};
INSTANTIATE_TEST_SUITE_P(Table, JobsToReleaseTest, testing::ValuesIn(kAdmissionRows),
                         [](const auto& row) { return row.param.name; });

TEST(JobsToReleaseOrderTest, NamesDecideWhatTimesDoNot) {
  const std::vector<UnfinishedJob> jobs = {{{"b", ""}, "x", {}, true, false}, {{"a", ""}, "y", {}, true, false}};
  EXPECT_THAT(JobsToRelease(jobs, 1), ElementsAre(JobRef{"a", ""}));
}

json ReadyTarget(const char* reason = "Scheduled") {
  json target = test::GoodTarget();
  target["status"] = {{"observedGeneration", 3},
                      {"conditions", json::array({{{"type", "Ready"}, {"status", "True"}, {"reason", reason}}})}};
  return target;
}

TEST(HoldsRunsTest, UntilTheStatusSaysThatTheyMayStart) {
  EXPECT_TRUE(HoldsRuns(test::GoodTarget()));
  EXPECT_FALSE(HoldsRuns(ReadyTarget()));
  EXPECT_FALSE(HoldsRuns(ReadyTarget("BackupFailed")));
  for (const char* reason : {"SpecInvalid", "ServerMissing", "ServerInvalid", "SecretMissing", "SecretKeyMissing",
                             "RepositoryShared", "CarriedStateInvalid", "FindingNotAcknowledged"}) {
    EXPECT_TRUE(HoldsRuns(ReadyTarget(reason))) << reason;
  }
  json changed = ReadyTarget();
  changed["metadata"]["generation"] = 4;
  EXPECT_TRUE(HoldsRuns(changed));
  json suspended = ReadyTarget();
  suspended["spec"]["suspend"] = true;
  EXPECT_TRUE(HoldsRuns(suspended));
  json deleted = ReadyTarget();
  deleted["metadata"]["deletionTimestamp"] = "2026-11-24T02:00:00Z";
  EXPECT_TRUE(HoldsRuns(deleted));
}

std::vector<SharedObject> Shared(const std::vector<json>& objects) {
  std::vector<SharedObject> shared;
  for (const json& object : objects) shared.push_back(std::make_shared<const json>(object));
  return shared;
}

ObservedServer ServerObserved() {
  ObservedServer observed;
  observed.server = test::GoodServer();
  for (const char* name : {"vault-ssh", "jump-ssh"}) observed.secrets[name] = {"1", {"ssh-privatekey", "known_hosts"}};
  json other = ReadyTarget();
  other["metadata"]["name"] = "elsewhere";
  other["spec"]["serverRef"]["name"] = "other";
  observed.targets = Shared({ReadyTarget(), other});
  return observed;
}

TEST(DecideServerTest, CountsAndReleases) {
  ObservedServer observed = ServerObserved();
  json of_other = test::QueuedJob("e-1");
  of_other["metadata"]["annotations"]["borg-operator.dev/target-name"] = "elsewhere";
  json deleted = test::QueuedJob("web-01-3");
  deleted["metadata"]["deletionTimestamp"] = "2026-11-24T02:00:00Z";
  observed.jobs = Shared({test::QueuedJob("web-01-2", "2026-11-24T03:00:00Z"), test::QueuedJob("web-01-1"), of_other, deleted,
                          test::EndedJob("Failed", "", "web-01-0")});
  const WallTime now = test::At("2026-11-24T03:00:01Z");
  const ServerDecisions decisions = DecideServer(observed, now);
  EXPECT_THAT(decisions.release, ElementsAre(JobRef{"web-01-1", "u-web-01-1"}));
  ASSERT_TRUE(decisions.status);
  EXPECT_EQ(decisions.status->targets, 1U);
  EXPECT_EQ(decisions.status->running, 1U);
  EXPECT_EQ(decisions.status->waiting, 1U);
  EXPECT_EQ(decisions.status->observed_generation, 2);
  EXPECT_TRUE(api::IsTrue(decisions.status->conditions, "Ready"));
  // Nothing to write where nothing changed.
  observed.server["status"] = ToJson(*decisions.status);
  EXPECT_FALSE(DecideServer(observed, now + std::chrono::hours(1)).status);
}

// What is deleted goes on until its pod is over.
TEST(DecideServerTest, ARunWithoutItsJobTakesAPlaceToo) {
  json target = test::GoodTarget();
  target["status"] = {{"state", "Running"},
                      {"observedGeneration", target["metadata"]["generation"]},
                      {"conditions", json::array({{{"type", "Ready"}, {"status", "True"}, {"reason", "Scheduled"}}})},
                      {"lastBackup", {{"job", "gone"}, {"phase", "Running"}}}};
  const auto releases = [&](const std::vector<json>& jobs) {
    ObservedServer observed = ServerObserved();
    observed.targets = Shared({target});
    observed.jobs = Shared(jobs);
    return DecideServer(observed, test::At("2026-11-24T02:00:00Z"));
  };
  const ServerDecisions held = releases({test::QueuedJob()});
  EXPECT_THAT(held.release, testing::IsEmpty());
  EXPECT_EQ(held.status->running, 1U);
  EXPECT_EQ(held.status->waiting, 1U);
  EXPECT_THAT(releases({test::QueuedJob(), test::EndedJob("Complete", "", "gone")}).release,
              ElementsAre(JobRef{"web-01-1", "u-web-01-1"}))
      << "that one has its Job";
  target["status"]["state"] = "Scheduled";
  EXPECT_THAT(releases({test::QueuedJob()}).release, ElementsAre(JobRef{"web-01-1", "u-web-01-1"}));
}

TEST(DecideServerTest, NamesWhatIsMissingAndReleasesNothing) {
  ObservedServer observed = ServerObserved();
  observed.jobs = Shared({test::QueuedJob()});
  observed.secrets["jump-ssh"].keys = {"ssh-privatekey"};
  ServerDecisions decisions = DecideServer(observed, {});
  EXPECT_TRUE(decisions.release.empty());
  const api::Condition* ready = api::Find(decisions.status->conditions, "Ready");
  EXPECT_EQ(ready->reason, "SecretKeyMissing");
  EXPECT_THAT(ready->message, HasSubstr("spec.jumpHost.sshSecretRef: the Secret jump-ssh has no key known_hosts"));
  EXPECT_TRUE(api::IsTrue(decisions.status->conditions, "Reconciling"));
  observed.secrets.erase("vault-ssh");
  EXPECT_EQ(api::Find(DecideServer(observed, {}).status->conditions, "Ready")->reason, "SecretMissing");
  observed.server["spec"].erase("host");
  decisions = DecideServer(observed, {});
  EXPECT_EQ(api::Find(decisions.status->conditions, "Ready")->message, "spec.host is missing");
  EXPECT_TRUE(api::IsTrue(decisions.status->conditions, "Stalled"));
  EXPECT_EQ(api::Find(decisions.status->conditions, "Reconciling"), nullptr);
  observed.server["metadata"]["deletionTimestamp"] = "2026-11-24T02:00:00Z";
  EXPECT_FALSE(DecideServer(observed, {}).status);
}

}  // namespace
}  // namespace borgop::controller
