// Findings stop a target until a person has judged the very one; and what runs hand on is put back by hand.
#include "controller/api/names.h"
#include "controller/reconcile/names.h"
#include "engine/base/finding.h"
#include "engine/retention/ledger_changes.h"
#include "tests/api/operator_fixture.h"

namespace borgop::api_tests {
namespace {

using ::testing::HasSubstr;

class Findings : public OperatorTest {
 protected:
  Json Carried(const std::string& target, const char* key = "state.json") const {
    const auto map = Api().Get(kube::ConfigMaps(), Key(controller::StateName(target)));
    return Json::parse(map.at("data").at(key).get<std::string>());
  }
  Json Ledger(const std::string& target) const { return Carried(target, "ledger.json"); }
  // Ends a Job with a report that is none of this engine's.
  void EndWith(const std::string& target, const kube::ObjectKey& job, const Json& report) const {
    PlayedPod::Of(job).End(1, report.dump());
    AwaitResult(target, job);
  }
  bool Waits(const kube::ObjectKey& job) const { return IsSuspended(JobObject(job)); }
};

TEST_F(Findings, AnAccusationHoldsUntilItsIdIsAcknowledged) {
  AddServer();
  AddTarget("web");
  EndWith("web", RunNow("web", "1"), AccusingReport("TargetMisbehaved"));
  AwaitReady("web", "False", "FindingNotAcknowledged");
  EXPECT_EQ(HealthOf("web"), kStopped);
  EXPECT_EQ(Condition("web", "RepositoryTrusted").at("status"), "False");
  const auto id = Carried("web").at("finding").at("id").get<std::string>();
  EXPECT_THAT(Condition("web", "RepositoryTrusted").at("message").get<std::string>(), HasSubstr(id));

  // A wish waits; a wrong word does not help, nor does a restart.
  const auto waiting = RunNow("web", "2");
  Annotate("web", api::kAcknowledgeAnnotation, "all of them");
  StopOperator();
  StartOperator();
  Annotate("web", "example.org/touched", "1");
  AwaitReady("web", "False", "FindingNotAcknowledged");
  EXPECT_TRUE(Waits(waiting));

  Annotate("web", api::kAcknowledgeAnnotation, id);
  Until("the Job is released", [&] { return !Waits(waiting); });
  EXPECT_FALSE(Carried("web").contains("finding"));
  PlayedPod::Of(waiting).End(GoodReport());
  AwaitResult("web", waiting);
  EXPECT_EQ(HealthOf("web"), kHealthy);
  ExpectEvents("web", ::testing::IsSupersetOf({"TargetMisbehaved", "FindingAcknowledged"}));
}

TEST_F(Findings, AnotherRepositoryInThePlaceOfTheKnownOne) {
  AddServer();
  AddTarget("web");
  Backup("web", "1", GoodReport());
  const auto job = Backup("web", "2", GoodReport({.archive = 'b', .repository = std::string(64, 'f')}));
  AwaitReady("web", "False", "FindingNotAcknowledged");
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Failed");
  EXPECT_EQ(At("web", "/lastBackup/reason"), "RepositoryTampered");
  EXPECT_EQ(At("web", "/lastSuccessfulBackup/archive"), "played-a");
  auto carried = Carried("web");
  EXPECT_EQ(Ledger("web").at("repositoryID"), std::string(64, 'e'));
  EXPECT_EQ(carried.at("finding").at("job"), job.name);
  // Acknowledged, it is the known one, and it is tried again with nobody asking.
  Annotate("web", api::kAcknowledgeAnnotation, carried.at("finding").at("id"));
  Until("another Job", [&] { return Jobs("web").size() == 3; });
  carried = Carried("web");
  EXPECT_EQ(Ledger("web").at("repositoryID"), std::string(64, 'f'));
  EXPECT_FALSE(carried.contains("finding"));
}

// What a run hands on is in a ConfigMap that its pod has as a file, to read; and what a run held against it is acknowledged in the plan.
TEST_F(Findings, TheLedgerGoesFromRunToRun) {
  AddServer();
  AddTarget("web");
  auto report = GoodReport();
  const std::string repository = report.targets.front().repository.id;
  borgop::Ledger ledger{repository, {}, "repokey", 7, std::string(64, 'd')};
  const LedgerTime seen = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  ledger.archives = {{std::string(64, '1'), "adopted", seen, true, std::nullopt},
                     {std::string(64, 'a'), "played-a", seen, false, seen}};
  report.targets.front().ledger = WriteLedgerChanges(ChangesBetween(std::nullopt, ledger)).value();
  Backup("web", "1", report);
  const auto map = Api().Get(kube::ConfigMaps(), Key(controller::StateName("web")));
  EXPECT_EQ(ReadLedger(map.at("data").at("ledger.json").get<std::string>()).value(), ledger);

  const auto job = RunNow("web", "2");
  Json mounted;
  const auto made = JobObject(job);
  for (const auto& volume : made.at("spec").at("template").at("spec").at("volumes"))
    if (volume.at("name") == "state") mounted = volume.at("configMap");
  EXPECT_EQ(mounted.at("name"), controller::StateName("web"));

  auto accused = BadReport(Reason::kRepositoryTampered);
  accused.targets.front().error->finding = FindingId({"archives", "gone"});
  PlayedPod::Of(job).End(accused);
  AwaitResult("web", job);
  AwaitReady("web", "False", "FindingNotAcknowledged");
  EXPECT_EQ(Carried("web").at("finding").at("id"), FindingId({"archives", "gone"}));
  const auto plan = [&] {
    const auto data = Api().Get(kube::ConfigMaps(), Key(controller::PlanName("web"))).at("data");
    return Json::parse(data.at("backup.yaml").get<std::string>()).at("targets").at(0).at("repository");
  };
  EXPECT_FALSE(plan().contains("acknowledge"));
  Annotate("web", api::kAcknowledgeAnnotation, FindingId({"archives", "gone"}));
  Until("another Job", [&] { return Jobs("web").size() == 3; });
  EXPECT_EQ(plan().at("acknowledge"), FindingId({"archives", "gone"}));
}

TEST_F(Findings, AStateThatCannotBeReadStopsRunsUntilAnOlderIsPutBack) {
  AddServer();
  AddTarget("web");
  Backup("web", "1", GoodReport());
  const auto name = controller::StateName("web");
  const auto saved = Plane().Output({"get", "configmap", name, "-n", ns(), "-o", "yaml"});
  Api().Patch(kube::ConfigMaps(), Key(name), {{"data", {{"state.json", "{"}}}});
  AwaitReady("web", "False", "CarriedStateInvalid");
  EXPECT_EQ(HealthOf("web"), kStopped);
  // By kubectl alone, as docs/architecture.md says.
  const std::string of_then = R"([{"op": "remove", "path": "/metadata/resourceVersion"}, {"op": "remove", "path": "/metadata/uid"},
                                  {"op": "remove", "path": "/metadata/ownerReferences"}])";
  const auto free = Plane().Output({"patch", "--local", "-f", "-", "--type", "json", "-p", of_then, "-o", "yaml"}, saved);
  Plane().Output({"apply", "--server-side", "--force-conflicts", "-f", "-"}, free);
  AwaitReady("web", "True", "Unscheduled");
  EXPECT_EQ(Ledger("web").at("repositoryID"), std::string(64, 'e'));
  Backup("web", "2", GoodReport({.archive = 'b'}));
  EXPECT_EQ(Ledger("web").at("archives").size(), 2U);
}

TEST_F(Findings, AStateMadeByHandWithoutLabelsCounts) {
  AddServer();
  const auto name = controller::StateName("web");
  Plane().Output({"create", "configmap", name, "-n", ns(), "--from-literal=state.json={"});
  AddTarget("web");
  PlayedPod::Of(RunNow("web")).End(GoodReport());
  AwaitReady("web", "False", "CarriedStateInvalid");
  EXPECT_EQ(Api().Get(kube::ConfigMaps(), Key(name)).at("data").at("state.json"), "{") << "it is not written over";
  Api().Delete(kube::ConfigMaps(), Key(name));
  AwaitReady("web", "True", "Unscheduled");
  EXPECT_EQ(Ledger("web").at("repositoryID"), std::string(64, 'e'));
}

TEST_F(Findings, AStateThatIsGoneIsMadeAnewFromTheStatus) {
  AddServer();
  AddTarget("web");
  Backup("web", "1", GoodReport());
  Api().Delete(kube::ConfigMaps(), Key(controller::StateName("web")));
  Until("it is there again", [&] { return !Api().Get(kube::ConfigMaps(), Key(controller::StateName("web"))).is_null(); });
  EXPECT_EQ(Ledger("web").at("repositoryID"), std::string(64, 'e'));
}

}  // namespace
}  // namespace borgop::api_tests
