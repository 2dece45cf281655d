// How runs end, with the real Job controller: what stands in the status, and what those who wait for the target are told.
#include "controller/api/names.h"
#include "controller/reconcile/names.h"
#include "tests/api/operator_fixture.h"

namespace borgop::api_tests {
namespace {

using std::chrono::minutes;
using ::testing::Contains;
using ::testing::HasSubstr;

class Endings : public OperatorTest {};

struct Ending {
  std::string name;  // of the target
  std::function<void(const PlayedPod& pod)> play;
  std::string phase, reason, kind;
  Health health;
};

std::vector<Ending> AllEndings() {
  const auto report = [](const RunReport& told) { return [told](const PlayedPod& pod) { pod.End(told); }; };
  return {
      {"completed", report(GoodReport()), "Completed", "", "", kHealthy},
      {"warned", report(GoodReport({.warnings = {"/etc/x: changed while it was read"}})), "CompletedWithWarnings", "", "",
       kHealthy},
      {"terminal", report(BadReport(Reason::kPassphraseWrong)), "Failed", "PassphraseWrong", "Terminal", kStopped},
      {"transient", report(BadReport(Reason::kConnectTimeout)), "Failed", "ConnectTimeout", "Transient", kGoingOn},
      {"waiting", report(BadReport(Reason::kRepositoryLocked)), "Failed", "RepositoryLocked", "Waiting", kGoingOn},
      // Says nothing about the target.
      {"cancelled", report(BadReport(Reason::kCancelled)), "Cancelled", "Cancelled", "Cancelled", kHealthy},
      {"silent", [](const PlayedPod& pod) { pod.End(0, ""); }, "Failed", "ReportMissing", "Transient", kGoingOn},
      {"no-json", [](const PlayedPod& pod) { pod.End(1, "Segmentation fault, or so"); }, "Failed", "RunFailed", "Terminal",
       kStopped},
      {"half-json", [](const PlayedPod& pod) { pod.End(0, ToJson(GoodReport()).substr(0, 400)); }, "Failed", "ReportMissing",
       "Transient", kGoingOn},
      {"refused", [](const PlayedPod& pod) { pod.End(3, "spec.server.host: no"); }, "Failed", "InvalidConfig", "Terminal",
       kStopped},
      {"may-pass", [](const PlayedPod& pod) { pod.End(75, ""); }, "Failed", "RunFailed", "Transient", kGoingOn},
      {"memory", [](const PlayedPod& pod) { pod.EndOutOfMemory(); }, "Failed", "OutOfMemory", "Terminal", kStopped},
      {"killed", [](const PlayedPod& pod) { pod.End(137, ""); }, "Failed", "EngineKilled", "Transient", kGoingOn},
      {"crashed", [](const PlayedPod& pod) { pod.End(139, ""); }, "Failed", "EngineCrashed", "Terminal", kStopped},
      {"no-engine", [](const PlayedPod& pod) { pod.End(128, "no such file", "StartError"); }, "Failed", "EngineNotStarted",
       "Terminal", kStopped},
      {"evicted", [](const PlayedPod& pod) { pod.Evict(); }, "Failed", "Evicted", "Transient", kGoingOn},
      {"node-lost", [](const PlayedPod& pod) { pod.LoseNode(); }, "Failed", "NodeLost", "Transient", kGoingOn},
  };
}

TEST_F(Endings, EachIsTold) {
  AddServer({{"maxConcurrentBackups", 100}});
  const auto endings = AllEndings();
  for (const auto& row : endings) AddTarget(row.name);
  std::vector<kube::ObjectKey> jobs;
  for (const auto& row : endings) {
    AwaitReady(row.name, "True", "Unscheduled");
    Annotate(row.name, api::kRunNowAnnotation, "1");
  }
  for (const auto& row : endings) jobs.push_back(AnotherJob(row.name, {}));
  for (std::size_t i = 0; i < endings.size(); ++i) endings[i].play(PlayedPod::Of(jobs[i]));
  for (std::size_t i = 0; i < endings.size(); ++i) {
    const auto& row = endings[i];
    SCOPED_TRACE(row.name);
    AwaitResult(row.name, jobs[i]);
    const auto last = At(row.name, "/lastBackup");
    EXPECT_EQ(last.value("phase", ""), row.phase) << last;
    EXPECT_EQ(last.value("reason", ""), row.reason) << last;
    EXPECT_EQ(last.value("kind", ""), row.kind) << last;
    EXPECT_EQ(HealthOf(row.name), row.health) << Target(row.name).at("status");
    const bool failed = row.phase == "Failed";
    EXPECT_EQ(At(row.name, "/consecutiveFailures"), failed ? 1 : 0);
    EXPECT_EQ(At(row.name, "/lastSuccessfulBackup").is_null(), failed || row.phase == "Cancelled");
    const auto succeeded = Condition(row.name, "BackupSucceeded");
    if (row.phase == "Cancelled") {
      EXPECT_TRUE(succeeded.is_null()) << succeeded;
    } else {
      EXPECT_EQ(succeeded.value("status", ""), failed ? "False" : "True");
      EXPECT_EQ(succeeded.value("reason", ""), failed ? row.reason : row.phase);
    }
  }
  EXPECT_EQ(At("warned", "/lastBackup/warnings"), 1);
  EXPECT_THAT(At("refused", "/lastBackup/message").get<std::string>(), HasSubstr("spec.server.host: no"));
}

// What only Kubernetes does.
TEST_F(Endings, ADeadlineIsAFailureThatMayPass) {
  AddServer();
  AddTarget("web");
  const auto job = RunNow("web");
  PlayedPod::Of(job).Run();
  Await("web", "/state", "Running");
  Api().Patch(kube::Jobs(), job, {{"spec", {{"activeDeadlineSeconds", 1}}}});
  AwaitResult("web", job);
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Failed");
  EXPECT_EQ(At("web", "/lastBackup/reason"), "DeadlineExceeded");
  EXPECT_EQ(HealthOf("web"), kGoingOn);
}

TEST_F(Endings, ADeadlineBeforeThePodCouldStartTellsWhy) {
  AddServer();
  AddTarget("web");
  const auto job = RunNow("web");
  PlayedPod::Of(job).Wait("ImagePullBackOff", "Back-off pulling image");
  Await("web", "/lastBackup/reason", "ImagePullFailed");
  EXPECT_EQ(At("web", "/state"), "Starting");
  Api().Patch(kube::Jobs(), job, {{"spec", {{"activeDeadlineSeconds", 1}}}});
  AwaitResult("web", job);
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Failed");
  EXPECT_EQ(At("web", "/lastBackup/reason"), "ImagePullFailed");
  EXPECT_EQ(At("web", "/lastBackup/kind"), "Waiting");
}

TEST_F(Endings, ADrainedNodeCostsNoRun) {
  AddServer();
  AddTarget("web");
  const auto job = RunNow("web");
  const auto first = PlayedPod::Of(job);
  first.Run();
  first.Disrupt("EvictionByEvictionAPI");
  const auto second = PlayedPod::Of(job);
  EXPECT_NE(second.key(), first.key());
  second.End(GoodReport());
  AwaitResult("web", job);
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Completed");
  EXPECT_EQ(Jobs("web").size(), 1U);
}

TEST_F(Endings, ADeletedJobIsACancelledRun) {
  AddServer();
  AddTarget("web");
  const auto job = RunNow("web");
  PlayedPod::Of(job).Run();
  Await("web", "/state", "Running");
  Api().Delete(kube::Jobs(), job);
  AwaitResult("web", job);
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Cancelled");
  EXPECT_EQ(At("web", "/lastBackup/reason"), "JobDeleted");
  EXPECT_EQ(HealthOf("web"), kHealthy);
  Until("the Job is gone", [&] { return JobObject(job).is_null(); });
}

TEST_F(Endings, APodThatCannotStartSaysWhy) {
  AddServer();
  AddTarget("web");
  const auto job = RunNow("web");
  const auto pod = PlayedPod::Of(job);
  pod.Wait("ImagePullBackOff", "Back-off pulling image");
  Await("web", "/lastBackup/reason", "ImagePullFailed");
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Starting");
  pod.Wait("CreateContainerConfigError", "secret \"x\" not found");
  Await("web", "/lastBackup/reason", "PodConfigInvalid");
  // It goes on by itself.
  pod.End(GoodReport());
  AwaitResult("web", job);
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Completed");
  EXPECT_EQ(At("web", "/lastBackup/reason"), Json());
}

TEST_F(Endings, WhatMayPassIsTriedAgainAndOnlySoOften) {
  AddServer();
  AddTarget("web", {{"limits", {{"retries", 2}}}});
  std::vector<kube::ObjectKey> jobs{RunNow("web")};
  for (int attempt = 1; attempt <= 3; ++attempt) {
    PlayedPod::Of(jobs.back()).End(BadReport(Reason::kConnectFailed));
    if (attempt < 3) {
      AwaitResult("web", jobs.back());
      LetTimePass("web", minutes(10));
      jobs.push_back(AnotherJob("web", jobs));
      const auto annotations = JobObject(jobs.back()).at("metadata").at("annotations");
      EXPECT_EQ(annotations.at(std::string(api::kAttemptAnnotation)), std::to_string(attempt));
      EXPECT_EQ(annotations.at(std::string(api::kRunIdAnnotation)), JobObject(jobs.front()).at("metadata").at("uid"));
    }
  }
  AwaitResult("web", jobs.back());
  AwaitReady("web", "False", "BackupFailed");
  EXPECT_EQ(At("web", "/consecutiveFailures"), 3);
  EXPECT_EQ(HealthOf("web"), kStopped);
  // A new wish begins anew, and a good run makes all well.
  const auto job = RunNow("web", "again");
  EXPECT_EQ(HealthOf("web"), kGoingOn);
  PlayedPod::Of(job).End(GoodReport());
  AwaitResult("web", job);
  AwaitReady("web", "True", "Unscheduled");
  EXPECT_EQ(At("web", "/consecutiveFailures"), 0);
}

TEST_F(Endings, ABackupThatFailedInItsMaintenanceIsTriedAgainAsABackup) {
  AddServer();
  AddTarget("web");
  auto report = BadReport(Reason::kConnectionLost);
  report.targets.front().phases.push_back({PhaseName::kPrune, report.start, std::chrono::seconds(3), false});
  const auto job = Backup("web", "1", report);
  LetTimePass("web", minutes(2));
  const auto retry = JobObject(AnotherJob("web", {job}));
  EXPECT_EQ(retry.at("metadata").at("labels").at(std::string(api::kRunLabel)), "backup");
  // It mounts what there is.
  const auto plan = Api().Get(kube::ConfigMaps(), Key(controller::PlanName("web")));
  for (const auto& volume : retry.at("spec").at("template").at("spec").at("volumes")) {
    if (volume.at("name") != "plan") continue;
    const auto& source = volume.at("configMap");
    EXPECT_EQ(source.at("name"), controller::PlanName("web"));
    for (const auto& item : source.at("items")) EXPECT_TRUE(plan.at("data").contains(item.at("key"))) << item;
  }
}

TEST_F(Endings, AHookThatFailedIsTriedAgainAndThePlanHoldsIt) {
  AddServer();
  AddTarget("web", {{"hooks", {{"before", Json::parse(R"([["sh", "-c", "pg_dump 'app'"]])")}}}});
  const auto job = Backup("web", "1", BadReport(Reason::kHookFailed));
  LetTimePass("web", minutes(2));
  const auto retry = AnotherJob("web", {job});
  const auto plan = Api().Get(kube::ConfigMaps(), Key(controller::PlanName("web"))).at("data").at("backup.yaml").get<std::string>();
  const auto target = Json::parse(plan).at("targets").at(0);
  EXPECT_EQ(target.at("hooks").at("before"), Json::parse(R"([["sh", "-c", "pg_dump 'app'"]])"));
  EXPECT_EQ(target.at("hooks").at("timeoutSeconds"), 600);
  PlayedPod::Of(retry).End(GoodReport());
  AwaitResult("web", retry);
  EXPECT_EQ(HealthOf("web"), kHealthy);
}

TEST_F(Endings, ATerminalFailureIsTriedAgainOnceSomebodyChangedSomething) {
  AddServer();
  AddTarget("web");
  const auto job = Backup("web", "1", BadReport(Reason::kPassphraseWrong));
  AwaitReady("web", "False", "BackupFailed");
  EXPECT_EQ(HealthOf("web"), kStopped);
  EXPECT_EQ(Jobs("web").size(), 1U);
  Api().Patch(kube::Secrets(), Key("web-01-borg"), {{"stringData", {{"passphrase", "the right one"}}}});
  const auto retry = AnotherJob("web", {job});
  PlayedPod::Of(retry).End(GoodReport());
  AwaitResult("web", retry);
  EXPECT_EQ(HealthOf("web"), kHealthy);
  ExpectEvents("web", Contains("BackupRetried"));
}

}  // namespace
}  // namespace borgop::api_tests
