// What runs report stands in their pods: it is read, whoever takes a pod or its Job away, and a pod that was read goes.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "controller/api/names.h"
#include "controller/reconcile/names.h"
#include "tests/api/operator_fixture.h"
#include "tests/api/played_kubelet.h"

namespace borgop::api_tests {
namespace {

using std::chrono::seconds;

class PodsOfRuns : public OperatorTest {
 protected:
  void SetUp() override {
    OperatorTest::SetUp();
    AddServer();
    AddTarget("web");
  }
  // Of a run, on a node: one that no node has taken goes without a word.
  PlayedPod RunOn(const PlayedKubelet& kubelet, const kube::ObjectKey& job) const {
    auto pod = PlayedPod::Of(job);
    kubelet.Take(pod);
    pod.Run();
    Await("web", "/state", "Running");
    return pod;
  }
  void Delete(const PlayedPod& pod) const { Plane().Output({"delete", "pod", pod.key().name, "-n", ns(), "--wait=false"}); }
  // As a kubelet does at the very end.
  void LetGo(const PlayedPod& pod) const {
    Plane().Output({"delete", "pod", pod.key().name, "-n", ns(), "--wait=false", "--force", "--grace-period=0"});
  }
  void AwaitGone(const PlayedPod& pod) const {
    Until("the pod is gone", [&] { return pod.Object().is_null(); });
  }
  Json Carried() const {
    const auto map = Api().Get(kube::ConfigMaps(), Key(controller::StateName("web")));
    return map.is_null() ? Json::object() : Json::parse(map.at("data").at("state.json").get<std::string>());
  }
};

TEST_F(PodsOfRuns, OneThatWasDeletedByHandIsRead) {
  const PlayedKubelet kubelet;
  const auto job = RunNow("web");
  const auto pod = RunOn(kubelet, job);
  EXPECT_TRUE(HasUnreadFinalizer(pod.Object())) << "Kubernetes gives pods the finalizers of the template";
  Delete(pod);
  pod.End(1, AccusingReport("TargetMisbehaved").dump());
  LetGo(pod);
  AwaitResult("web", job);
  EXPECT_EQ(At("web", "/lastBackup/reason"), "TargetMisbehaved");
  AwaitReady("web", "False", "FindingNotAcknowledged");
  AwaitGone(pod);
}

TEST_F(PodsOfRuns, OneThatEndedWellAsItWasDeletedIsABackup) {
  const PlayedKubelet kubelet;
  const auto job = RunNow("web");
  const auto pod = RunOn(kubelet, job);
  StopOperator();
  Delete(pod);
  pod.End(GoodReport());
  LetGo(pod);
  AwaitEnd(job);
  EXPECT_FALSE(pod.Object().is_null());
  StartOperator();
  AwaitResult("web", job);
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Completed");
  AwaitGone(pod);
}

// Garbage collection tells the pod to end once the Job is gone.
TEST_F(PodsOfRuns, ARunWhoseJobIsDeletedIsWhatItsPodSaysAtItsEnd) {
  const PlayedKubelet kubelet;
  AddTarget("stopped");
  for (const bool well : {true, false}) {
    const std::string target = well ? "web" : "stopped";
    const auto job = RunNow(target);
    const auto pod = PlayedPod::Of(job);
    kubelet.Take(pod);
    pod.Run();
    Await(target, "/state", "Running");
    Plane().Output({"delete", "job", job.name, "-n", ns()});  // which waits for it
    Until("the pod is told to end", [&] { return pod.Object().at("metadata").contains("deletionTimestamp"); });
    EXPECT_EQ(At(target, "/lastBackup/phase"), "Running");
    pod.End(well ? GoodReport() : BadReport(Reason::kCancelled));
    LetGo(pod);
    AwaitResult(target, job);
    EXPECT_EQ(At(target, "/lastBackup/phase"), well ? "Completed" : "Cancelled");
    EXPECT_EQ(At(target, "/lastBackup/reason"), well ? Json() : Json("JobDeleted"));
    AwaitGone(pod);
  }
}

// The TTL controller deletes in the foreground.
TEST_F(PodsOfRuns, AJobPastItsTimeIsReadFirst) {
  const auto job = RunNow("web");
  const auto pod = PlayedPod::Of(job);
  pod.Run();
  StopOperator();
  Api().Patch(kube::Jobs(), job, {{"spec", {{"ttlSecondsAfterFinished", 0}}}});
  pod.End(GoodReport());
  Until("its time is over", [&] { return pod.Object().at("metadata").contains("deletionTimestamp"); });
  StartOperator();
  AwaitResult("web", job);
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Completed");
  AwaitGone(pod);
  Until("the Job is gone", [&] { return JobObject(job).is_null(); });
}

TEST_F(PodsOfRuns, OneThatWasDrainedGoesWhileItsJobGoesOn) {
  const PlayedKubelet kubelet;
  const auto job = RunNow("web");
  const auto first = RunOn(kubelet, job);
  Delete(first);
  first.Disrupt("EvictionByEvictionAPI");
  LetGo(first);
  AwaitGone(first);
  const auto second = PlayedPod::Of(job);
  second.End(GoodReport());
  AwaitResult("web", job);
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Completed");
}

// Its own result would never tell.
TEST_F(PodsOfRuns, AnAccusationOfOneThatWasTakenAwayHoldsTheJob) {
  const auto job = RunNow("web");
  const auto first = PlayedPod::Of(job);
  first.Run();
  Await("web", "/state", "Running");
  first.End(1, AccusingReport("RepositoryTampered").dump(), "Error", "EvictionByEvictionAPI");
  AwaitReady("web", "False", "FindingNotAcknowledged");
  Until("the Job waits", [&] { return IsSuspended(JobObject(job)); });
  const auto finding = Carried().at("finding");
  EXPECT_EQ(finding.at("reason"), "RepositoryTampered");
  EXPECT_EQ(finding.at("job"), job.name);
  Annotate("web", api::kAcknowledgeAnnotation, finding.at("id"));
  Until("the Job goes on", [&] { return !IsSuspended(JobObject(job)); });
  PlayedPod::Of(job).End(GoodReport());
  AwaitResult("web", job);
  AwaitReady("web", "True", "Unscheduled");
  EXPECT_FALSE(Carried().contains("finding")) << "it is told once";
}

TEST_F(PodsOfRuns, AnAccusationWithNobodyThereIsHeardLater) {
  const auto job = RunNow("web");
  const auto first = PlayedPod::Of(job);
  first.Run();
  Await("web", "/state", "Running");
  StopOperator();
  first.End(1, AccusingReport("TargetMisbehaved").dump(), "Error", "EvictionByEvictionAPI");
  Delete(first);
  PlayedPod::Of(job).End(GoodReport());
  AwaitEnd(job);
  StartOperator();
  AwaitReady("web", "False", "FindingNotAcknowledged");
  EXPECT_EQ(Carried().at("finding").at("reason"), "TargetMisbehaved");
  AwaitGone(first);
}

// docs/install.md, "Uninstalling".
std::string CommandWithoutOperator(const std::string& ns) {
  std::ifstream file(std::filesystem::path(BORGOP_SOURCE_DIR) / "docs/install.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t from = text.find("kubectl get jobs,pods -A -l app.kubernetes.io/managed-by=borg-operator -o yaml");
  if (from == std::string::npos) throw std::runtime_error("docs/install.md has no such command");
  auto command = text.substr(from, text.find("```", from) - from);
  return command.replace(command.find("-A"), 2, "-n " + ns);
}

TEST_F(PodsOfRuns, WithoutAnOperatorACommandLetsThemGo) {
  AddTarget("other");
  const auto ended = RunNow("web"), running = RunNow("other");
  const auto read = PlayedPod::Of(ended), runs = PlayedPod::Of(running);
  runs.Run();
  Await("other", "/state", "Running");
  StopOperator();
  read.End(GoodReport());
  AwaitEnd(ended);
  Plane().Output({"delete", "job", ended.name, "-n", ns(), "--wait=false", "--cascade=foreground"});
  const auto done =
      lab::RunToEnd({.argv = {"bash", "-c", "kubectl() { \"$KUBECTL\" \"$@\"; }; set -o pipefail; " + CommandWithoutOperator(ns())},
                     .env = {{"KUBECTL", Plane().kubectl()}, {"KUBECONFIG", Plane().kubeconfig().string()}}});
  EXPECT_TRUE(done.ok()) << done.out << done.err;
  AwaitGone(read);
  Until("the Job is gone", [&] { return JobObject(ended).is_null(); });
  EXPECT_FALSE(HasUnreadFinalizer(JobObject(running)));
  EXPECT_EQ(runs.Object().at("metadata").at("finalizers"), Json::array({"batch.kubernetes.io/job-tracking"})) << "not ours";
  StartOperator();
}

TEST_F(PodsOfRuns, OneWhoseJobIsGoneGoesToo) {
  AddTarget("scheduled", {{"schedule", "0 3 * * *"}});
  Until("its CronJob", [&] { return !Api().Get(kube::CronJobs(), Key("scheduled")).is_null(); });
  StopOperator();
  Plane().Output({"create", "job", "by-hand", "-n", ns(), "--from=cronjob/scheduled"});
  const auto pod = PlayedPod::Of(Key("by-hand"));
  pod.Run();
  Api().Delete(kube::Jobs(), Key("by-hand"));
  Until("the Job is gone", [&] { return JobObject(Key("by-hand")).is_null(); });
  EXPECT_FALSE(pod.Object().is_null());
  StartOperator();
  AwaitGone(pod);
}

}  // namespace
}  // namespace borgop::api_tests
