#include "controller/reconcile/pod_upkeep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/reconcile/carried_state.h"
#include "controller/reconcile/job_upkeep.h"
#include "tests/unit/reconcile/world.h"

namespace borgop::controller {
namespace {

using nlohmann::json;
using test::DeletedPod;
using test::World;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

std::string SummaryOf(const TargetReport& target) { return ToSummaryJson(test::ReportOf(target), 4096); }

json Changed(json document, const char* pointer, json value) {
  document[json::json_pointer(pointer)] = std::move(value);
  return document;
}

json Named(json pod, const std::string& name, const std::string& created) {
  pod["metadata"]["name"] = name;
  pod["metadata"]["uid"] = "u-" + name;
  pod["metadata"]["creationTimestamp"] = created;
  return pod;
}

// An older pod than the one that the fixtures make.
json Older(json pod) { return Named(std::move(pod), "older", "2026-11-24T01:59:00Z"); }

json TakenAway(json pod) {
  pod["status"]["conditions"] =
      json::array({{{"type", "DisruptionTarget"}, {"status", "True"}, {"reason", "EvictionByEvictionAPI"}}});
  return pod;
}

json Accusing(int exit_code = 1) {
  return test::EndedPod(exit_code, SummaryOf(test::FailedTargetReport(Reason::kTargetMisbehaved)));
}

struct PodUpkeepRow {
  const char* name;
  json job;  // null: it is gone
  std::vector<json> pods;
  bool recorded;
  std::vector<std::string> free;
};
void PrintTo(const PodUpkeepRow& row, std::ostream* out) { *out << row.name; }

class PodsToFreeTest : public testing::TestWithParam<PodUpkeepRow> {};

TEST_P(PodsToFreeTest, KnowsWhoIsRead) {
  const PodUpkeepRow& row = GetParam();
  std::vector<JobRun> runs;
  api::TargetStatus status;
  if (row.recorded) status.last_backup = api::RunStatus{};
  if (!row.job.is_null()) {
    runs.push_back(ReadRun(row.job, row.pods, ""));
    runs.back().recorded = row.recorded;
  }
  std::vector<std::string> free;
  for (const JobRef& pod : PodsToFree(row.pods, runs, status)) {
    EXPECT_EQ(pod.uid, "u-" + pod.name);
    free.push_back(pod.name);
  }
  EXPECT_EQ(free, row.free);
}

const json kEnded = test::EndedJob("Complete", "");
const json kRuns = test::StartedJob();
const json kDeletedEarly = Changed(test::QueuedJob(), "/metadata/deletionTimestamp", "2026-11-24T02:05:00Z");

const PodUpkeepRow kPodUpkeepRows[] = {
    {"Unread", kEnded, {test::EndedPod(0)}, false, {}},
    {"Read", kEnded, {test::EndedPod(0)}, true, {"web-01-1-pod"}},
    {"ReadBefore", kEnded, {Changed(test::EndedPod(0), "/metadata/finalizers", json::array({"x/y"}))}, true, {}},
    {"Runs", kRuns, {test::Pod("Running")}, false, {}},
    {"EndedBeforeItsJob", kRuns, {test::EndedPod(1)}, false, {}},
    {"DeletedByHand", kRuns, {DeletedPod(test::EndedPod(1), 0)}, false, {}},
    {"DeletedByHandAndAtItStill", kRuns, {DeletedPod(test::Pod("Running"), 30)}, false, {}},
    {"DeletedByForce", kRuns, {DeletedPod(test::Pod("Running"), 0)}, false, {}},
    {"TakenAway", kRuns, {TakenAway(test::EndedPod(143))}, false, {"web-01-1-pod"}},
    {"IsBeingTakenAway", kRuns, {TakenAway(test::Pod("Running"))}, false, {}},
    {"EndedWellAsItWasTakenAway", kRuns, {TakenAway(test::EndedPod(0))}, false, {}},
    {"TakenAwayAtTheEnd", kEnded, {TakenAway(test::EndedPod(143))}, false, {}},
    {"Replaced", kRuns, {Older(test::EndedPod(143)), test::Pod("Running")}, false, {"older"}},
    {"BeingReplaced", kRuns, {Older(test::Pod("Running")), test::Pod("Pending")}, false, {}},
    {"OfADeletedRunThatEnds",
     Changed(kRuns, "/metadata/deletionTimestamp", "2026-11-24T02:05:00Z"),
     {test::Pod("Running")},
     true,
     {}},
    {"OfAJobThatNeverRan", kDeletedEarly, {DeletedPod(test::Pod("Pending"), 0)}, false, {"web-01-1-pod"}},
    {"JobGone", nullptr, {test::EndedPod(1)}, true, {"web-01-1-pod"}},
    {"JobGoneAndAtItStill", nullptr, {DeletedPod(test::Pod("Running"), 30)}, true, {}},
    {"JobGoneAndNeverStarted", nullptr, {DeletedPod(test::Pod("Pending"), 0)}, true, {"web-01-1-pod"}},
};
INSTANTIATE_TEST_SUITE_P(Table, PodsToFreeTest, testing::ValuesIn(kPodUpkeepRows), [](const auto& row) { return row.param.name; });

TEST(PodUpkeepTest, ARunsPodIsKeptUntilItsReportIsRead) {
  World world;
  world.Settle();
  world.Fire("web-01-1");
  world.Settle();
  world.End("web-01-1", test::GoodTargetReport());
  // The TTL controller and `kubectl delete --cascade=foreground` take the pods first.
  world.Delete("web-01-1");
  world.observed.pods[0] = DeletedPod(world.observed.pods[0], 0);
  const Decisions decisions = world.Decide();
  EXPECT_TRUE(decisions.status) << "what is read comes before the pod goes, in one order";
  EXPECT_THAT(decisions.free_pods, ElementsAre(JobRef{"web-01-1-pod", "u-web-01-1-pod"}));
  world.Settle();
  EXPECT_EQ(world.Status().last_backup->phase, "Completed");
  EXPECT_THAT(world.observed.pods, IsEmpty());
  EXPECT_THAT(world.observed.jobs, IsEmpty());
}

TEST(PodUpkeepTest, PodsOfATargetThatGoesHoldNothingUp) {
  for (const bool namespace_goes : {false, true}) {
    World world;
    world.Settle();
    world.Fire("web-01-1");
    world.Settle();
    if (namespace_goes) {
      world.observed.namespace_terminating = true;
    } else {
      world.observed.target = nullptr;
    }
    world.observed.jobs.clear();
    EXPECT_THAT(world.Decide().free_pods, ElementsAre(JobRef{"web-01-1-pod", "u-web-01-1-pod"})) << "also one that runs";
  }
}

TEST(AccusationTest, APodThatWasTakenAwayIsHeard) {
  World world;
  world.Settle();
  world.Fire("web-01-1");
  world.Settle();
  world.observed.pods = {Older(TakenAway(Accusing())), world.observed.pods[0]};
  const Decisions decisions = world.Decide();
  ASSERT_TRUE(decisions.carried_state);
  EXPECT_EQ(ReadCarriedState(*decisions.carried_state)->finding->reason, "TargetMisbehaved");
  EXPECT_THAT(decisions.suspend, ElementsAre(JobRef{"web-01-1", "u-web-01-1"}));
  EXPECT_THAT(decisions.free_pods, ElementsAre(JobRef{"older", "u-older"}));
  world.Settle();
  EXPECT_EQ(world.Ready(), "False FindingNotAcknowledged");
  EXPECT_EQ(std::count(world.reasons.begin(), world.reasons.end(), "TargetMisbehaved"), 1);
  // The run that took its place may end well all the same.
  world.End("web-01-1", test::GoodTargetReport());
  world.Settle();
  EXPECT_EQ(world.Ready(), "False FindingNotAcknowledged");
}

TEST(AccusationTest, IsHeardAtOnceAndOnce) {
  World world;
  world.Settle();
  world.Fire("web-01-1");
  world.Settle();
  world.observed.pods = {Accusing()};  // its Job has not ended
  world.Settle();
  const auto state = ReadCarriedState(world.observed.carried_state);
  ASSERT_TRUE(state && state->finding);
  EXPECT_EQ(state->finding->job, "web-01-1");
  EXPECT_FALSE(world.Job("web-01-1")["spec"].value("suspend", false))
      << "there is nothing to stop, and its end would never be told";
  const std::string id = state->finding->id;
  world.Job("web-01-1")["status"]["conditions"] = test::EndedJob("Failed", "")["status"]["conditions"];
  world.Settle();
  EXPECT_EQ(world.Status().last_backup->reason, "TargetMisbehaved");
  EXPECT_EQ(ReadCarriedState(world.observed.carried_state)->finding->id, id) << "it is the same";
  EXPECT_EQ(std::count(world.reasons.begin(), world.reasons.end(), "TargetMisbehaved"), 1);
}

TEST(AccusationTest, OneThatWasAcknowledgedStaysSo) {
  World world;
  world.Settle();
  world.Fire("web-01-1");
  world.Settle();
  world.observed.pods = {Accusing()};
  world.Settle();
  world.Annotate("borg-operator.dev/acknowledge", ReadCarriedState(world.observed.carried_state)->finding->id);
  world.Settle();
  EXPECT_FALSE(ReadCarriedState(world.observed.carried_state)->finding);
}

TEST(AccusationTest, OfAPodWhoseJobIsGoneCountsToo) {
  World world;
  world.Settle();
  world.observed.pods = {DeletedPod(Accusing(), 0)};
  world.Settle();
  EXPECT_EQ(world.Ready(), "False FindingNotAcknowledged");
  EXPECT_THAT(world.observed.pods, IsEmpty());
  EXPECT_THAT(AccusingPods({Changed(Accusing(), "/metadata/finalizers", json::array())}), IsEmpty()) << "it was read before";
}

// What is found there is judged first.
TEST(AccusationTest, NoPodGoesWhileTheCarriedStateIsUnreadable) {
  World world;
  world.Settle();
  world.observed.carried_state = {{"data", {{"state.json", "{"}}}};
  world.observed.pods = {DeletedPod(Accusing(), 0)};
  world.Settle();
  EXPECT_THAT(world.observed.pods, Not(IsEmpty()));
}

}  // namespace
}  // namespace borgop::controller
