// Before a run: what is missing, schedules, and wishes.
#include <map>
#include <set>

#include "controller/api/names.h"
#include "controller/api/object_meta.h"
#include "controller/reconcile/names.h"
#include "tests/api/access.h"
#include "tests/api/operator_fixture.h"

namespace borgop::api_tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class Setup : public OperatorTest {
 protected:
  Json Cron(const std::string& name) const { return Api().Get(kube::CronJobs(), Key(name)); }
  void AwaitCron(const std::string& name, const std::string& pointer, const Json& value) const {
    const auto is = [&] {
      const auto cron = Cron(name);
      return !cron.is_null() && cron.value(Json::json_pointer(pointer), Json()) == value;
    };
    if (!Eventually(is, std::chrono::seconds(30))) throw std::runtime_error(pointer + " of " + Cron(name).dump(2));
  }
  // A CronJob that is nobody's of ours, but for its name.
  static Json Theirs() {
    return Json::parse(R"({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"schedule": "1 1 * * *", "jobTemplate": {"spec":
        {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "example.org/theirs"}]}}}}}})");
  }
  std::string ReadyMessage(const std::string& name) const { return Condition(name, "Ready").at("message").get<std::string>(); }
  lab::Ended Trigger(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"trigger", "--kubeconfig", Plane().kubeconfig().string(), "-n", ns()});
    return RunOperator(arguments);
  }
};

// A CronJob's name has 52 characters at most, a Job's and a label's value 63.
TEST_F(Setup, ATargetMayHaveTheLongestNameThatThereIs) {
  std::string name;
  while (name.size() < 253) name += "web-01.example.org.";
  name.resize(252);  // whatever it is cut at
  name += 'x';
  AddServer();
  AddTarget(name, {{"schedule", "0 3 * * *"}, {"maintenance", {{"schedule", "0 5 * * 0"}}}, {"repository", {{"path", "of/long"}}}});
  AwaitReady(name, "True", "Scheduled");
  using controller::RunKind;
  for (const RunKind kind : {RunKind::kBackup, RunKind::kMaintenance})
    AwaitCron(controller::CronJobName(name, kind), "/spec/suspend", false);
  EXPECT_EQ(At(name, "/effectiveSchedule"), "0 3 * * *");

  const auto asked = RunNow(name);
  EXPECT_EQ(asked.name, controller::RunNowJobName(name, "1"));
  PlayedPod::Of(asked).End(GoodReport());
  AwaitResult(name, asked);
  EXPECT_EQ(At(name, "/lastBackup/phase"), "Completed");
  EXPECT_EQ(At(name, "/lastBackup/job"), asked.name);
  // What the schedule makes is found as the target's, too.
  Plane().Output({"create", "job", "by-hand", "-n", ns(), "--from=cronjob/" + controller::CronJobName(name, RunKind::kBackup)});
  PlayedPod::Of(Key("by-hand")).End(GoodReport({.archive = 'b', .archives = 2}));
  AwaitResult(name, Key("by-hand"));
  EXPECT_EQ(At(name, "/lastSuccessfulBackup/archive"), "played-b");
  EXPECT_EQ(HealthOf(name), kHealthy);
}

TEST_F(Setup, WhatComesLateStartsWhatWaits) {
  // In the worst order: the target, a wish, the server, and the Secrets last, one of them without its key.
  AddTarget("web", {{"schedule", "0 3 * * *"}});
  AwaitReady("web", "False", "ServerMissing");
  EXPECT_THAT(ReadyMessage("web"), AllOf(HasSubstr("spec.serverRef.name"), HasSubstr("vault")));
  EXPECT_EQ(HealthOf("web"), kGoingOn);
  Annotate("web", api::kRunNowAnnotation, "early");

  AddServer(Json::object(), "web-01-borg");
  AwaitReady("web", "False", "SecretMissing");
  EXPECT_THAT(ReadyMessage("web"), AllOf(HasSubstr("spec.repository.passphraseSecretRef"), HasSubstr("web-01-borg")));
  EXPECT_EQ(HealthOf("web"), kGoingOn);
  const auto job = AnotherJob("web", {});
  EXPECT_TRUE(IsSuspended(JobObject(job)));
  // What the schedule asks for waits as well.
  AwaitCron("web", "/spec/jobTemplate/spec/suspend", true);

  AddSecret("web-01-borg", {{"password", "p"}});
  AwaitReady("web", "False", "SecretKeyMissing");
  EXPECT_THAT(ReadyMessage("web"), HasSubstr("has no key passphrase"));

  Api().Patch(kube::Secrets(), Key("web-01-borg"), {{"stringData", {{"passphrase", "p"}}}});
  AwaitReady("web", "True", "Scheduled");
  PlayedPod::Of(job).End(GoodReport());
  AwaitResult("web", job);
  AwaitCron("web", "/spec/jobTemplate/spec/suspend", Json());
  EXPECT_EQ(HealthOf("web"), kHealthy);
  ExpectEvents("web", ::testing::IsSupersetOf({"ServerMissing", "SecretMissing", "SecretKeyMissing", "ObstacleGone"}));
}

TEST_F(Setup, AStatusOfAnOlderSpecIsNotBelieved) {
  AddServer();
  AddTarget("web");
  AwaitReady("web", "True", "Unscheduled");
  auto target = Target("web");
  Health health = JudgeOf(target);
  health.kubectl = true;
  EXPECT_EQ(health, kHealthy);
  target["metadata"]["generation"] = 99;
  EXPECT_EQ(JudgeOf(target), kGoingOn);
  target.erase("status");
  EXPECT_EQ(JudgeOf(target).argo, "Progressing");
}

TEST_F(Setup, ATriggersPodThatIsTriedAgainMarksNothingAnew) {
  AddServer();
  AddTarget("web", {{"suspend", false}});
  const auto objects = Manifest(Plane(), "deploy/namespace-schedule/cron-job.yaml");
  ASSERT_EQ(objects.size(), 1U);
  const Json& container = objects[0].at("/spec/jobTemplate/spec/template/spec/containers/0"_json_pointer);
  std::map<std::string, std::string> labels;
  for (const Json& variable : container.at("env"))
    labels["$(" + variable.at("name").get<std::string>() + ")"] =
        variable.at("/valueFrom/fieldRef/fieldPath"_json_pointer).get<std::string>();
  // As the kubelet starts it, for a pod of that Job.
  const auto pod_of = [&](const std::string& job, const std::string& uid) {
    const std::map<std::string, std::string> values = {{"metadata.labels['batch.kubernetes.io/job-name']", job},
                                                       {"metadata.labels['batch.kubernetes.io/controller-uid']", uid}};
    auto arguments = container.at("args").get<std::vector<std::string>>();
    for (std::string& argument : arguments) {
      for (const auto& [variable, label] : labels) {
        if (const auto at = argument.find(variable); at != std::string::npos)
          argument.replace(at, variable.size(), values.at(label));
      }
    }
    arguments.erase(arguments.begin());
    EXPECT_TRUE(Trigger(arguments).ok());
    return Target("web").at("metadata").at("annotations").at(std::string(api::kRunNowAnnotation));
  };
  EXPECT_EQ(pod_of("borg-trigger-1", "u1"), "borg-trigger-1-u1");
  EXPECT_EQ(pod_of("borg-trigger-1", "u1"), "borg-trigger-1-u1") << "the next pod of the same Job";
  EXPECT_EQ(pod_of("borg-trigger-1", "u2"), "borg-trigger-1-u2") << "a Job of that name that was made later";
}

TEST_F(Setup, AServersSecretIsNamedInBoth) {
  AddServer();
  AddTarget("web");
  AwaitReady("web", "True", "Unscheduled");
  Api().Delete(kube::Secrets(), Key("vault-ssh"));
  AwaitReady("web", "False", "SecretMissing");
  EXPECT_THAT(ReadyMessage("web"), AllOf(HasSubstr("BorgServer vault, spec.sshSecretRef"), HasSubstr("vault-ssh")));
  EXPECT_FALSE(Plane().Kubectl({"wait", "bs/vault", "-n", ns(), "--for=condition=Ready", "--timeout=0"}).ok());
  EXPECT_EQ(JudgeOf(Api().Get(kube::BorgServers(), Key("vault"))), kGoingOn);
  AddSecret("vault-ssh", {{"ssh-privatekey", "k"}, {"known_hosts", "h"}});
  AwaitReady("web", "True", "Unscheduled");
  Plane().Output({"wait", "bs/vault", "-n", ns(), "--for=condition=Ready", "--timeout=30s"});
}

TEST_F(Setup, WhatKubernetesRefusesIsToldWithItsField) {
  AddServer();
  const Json pod{{"resources", {{"requests", {{"memory", "2Gi"}}}, {"limits", {{"memory", "1Gi"}}}}}};
  AddTarget("scheduled", {{"schedule", "0 3 * * *"}, {"podTemplate", pod}});
  AddTarget("asked", {{"podTemplate", pod}});
  Annotate("asked", api::kRunNowAnnotation, "1");
  for (const auto* name : {"scheduled", "asked"}) {
    AwaitReady(name, "False", "SpecRefused");
    EXPECT_THAT(ReadyMessage(name), HasSubstr("spec.podTemplate.resources.requests: Invalid value"));
    EXPECT_EQ(HealthOf(name), kStopped);
  }
  AddTarget("odd", {{"schedule", "0 3 * * *"}, {"podTemplate", {{"affinity", {{"node", "x"}}}}}});
  AwaitReady("odd", "False", "SpecRefused");
  EXPECT_THAT(ReadyMessage("odd"), HasSubstr("spec.podTemplate.affinity.node: field not declared"));
  AddTarget("odd-and-asked", {{"podTemplate", {{"affinity", {{"node", "x"}}}}}});
  Annotate("odd-and-asked", api::kRunNowAnnotation, "1");
  AwaitReady("odd-and-asked", "False", "SpecRefused");
  EXPECT_THAT(ReadyMessage("odd-and-asked"), HasSubstr("unknown field \"spec.podTemplate.affinity.node\""));
  // Mended, each gets what it asked for.
  const Json right{{"podTemplate", {{"resources", {{"requests", {{"memory", "1Gi"}}}}}}}};
  for (const auto* name : {"scheduled", "asked"}) ChangeSpec(name, right);
  AwaitCron("scheduled", "/spec/schedule", "0 3 * * *");
  AwaitReady("scheduled", "True", "Scheduled");
  PlayedPod::Of(AnotherJob("asked", {})).End(GoodReport());
  Await("asked", "/lastBackup/phase", "Completed");
}

TEST_F(Setup, ACronJobOfSomebodyElseIsLeftAlone) {
  AddServer();
  auto theirs = Theirs();
  theirs["metadata"] = {{"name", "web"}, {"namespace", ns()}};
  Api().Create(kube::CronJobs(), theirs);
  const auto spec = Cron("web").at("spec");
  AddTarget("web", {{"schedule", "0 3 * * *"}});
  AwaitReady("web", "False", "NameTaken");
  EXPECT_THAT(ReadyMessage("web"), HasSubstr("CronJob web"));
  EXPECT_EQ(HealthOf("web"), kStopped);
  EXPECT_EQ(Cron("web").at("spec"), spec);
  EXPECT_FALSE(Cron("web").at("metadata").contains("ownerReferences"));
  Api().Delete(kube::CronJobs(), Key("web"));
  ChangeSpec("web", {{"schedule", "0 4 * * *"}});
  AwaitCron("web", "/spec/schedule", "0 4 * * *");
  AwaitReady("web", "True", "Scheduled");
}

// Two cannot control one object.
TEST_F(Setup, ACronJobThatAnotherObjectControlsIsLeftAlone) {
  AddServer();
  const Json owner{{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "owner"}, {"namespace", ns()}}}};
  Json metadata{{"name", "web"}, {"namespace", ns()}};
  metadata["ownerReferences"] = Json::array({{{"apiVersion", "v1"},
                                              {"kind", "ConfigMap"},
                                              {"name", "owner"},
                                              {"uid", kube::UidOf(Api().Create(kube::ConfigMaps(), owner))},
                                              {"controller", true}}});
  auto theirs = Theirs();
  theirs["metadata"] = metadata;
  Api().Create(kube::CronJobs(), theirs);
  const auto before = Cron("web").at("spec");
  AddTarget("web", {{"schedule", "1 1 * * *"}});
  AwaitReady("web", "False", "NameTaken");
  EXPECT_EQ(Cron("web").at("spec"), before);
  EXPECT_EQ(Cron("web").at("metadata").at("ownerReferences").size(), 1U);
}

TEST_F(Setup, ARepositoryHasOneTarget) {
  AddServer();
  AddTarget("first", {{"repository", {{"path", "one/and/the/same"}}}});
  AwaitReady("first", "True", "Unscheduled");
  Until("a second has passed",
        [&] { return Target("first").at("metadata").at("creationTimestamp") != api::KubeTime(std::chrono::system_clock::now()); });
  AddTarget("second", {{"repository", {{"path", "one/and/the/same"}}}});
  AwaitReady("second", "False", "RepositoryShared");
  EXPECT_EQ(HealthOf("second"), kStopped);
  EXPECT_EQ(HealthOf("first"), kHealthy);
  EXPECT_TRUE(IsSuspended(JobObject(RunNow("second"))));
  // Its place falls free.
  Api().Delete(kube::BorgBackupTargets(), Key("first"));
  AwaitReady("second", "True", "Unscheduled");
}

TEST_F(Setup, SchedulesFollowTheSpec) {
  AddServer();
  AddTarget("web", {{"schedule", "0 3 * * *"}, {"timeZone", "America/New_York"}});
  AwaitCron("web", "/spec/schedule", "0 3 * * *");
  EXPECT_EQ(Cron("web").at("spec").at("timeZone"), "America/New_York");
  AwaitReady("web", "True", "Scheduled");
  // Three o'clock there is seven or eight in UTC.
  EXPECT_THAT(At("web", "/nextBackupTime").get<std::string>(), MatchesRegex("20..-..-..T0[78]:00:00Z"));

  ChangeSpec("web", {{"schedule", "30 4 * * *"}, {"timeZone", "UTC"}});
  AwaitCron("web", "/spec/schedule", "30 4 * * *");
  Await("web", "/effectiveSchedule", "30 4 * * *");
  EXPECT_THAT(At("web", "/nextBackupTime").get<std::string>(), HasSubstr("T04:30:00Z"));

  ChangeSpec("web", {{"suspend", true}});
  AwaitCron("web", "/spec/suspend", true);
  AwaitReady("web", "True", "Suspended");
  EXPECT_EQ(HealthOf("web"), kHealthy);
  EXPECT_EQ(At("web", "/nextBackupTime"), Json());
  // A wish waits for the end of that.
  const auto job = RunNow("web");
  Await("web", "/state", "Suspended");
  EXPECT_TRUE(IsSuspended(JobObject(job)));
  ChangeSpec("web", {{"suspend", false}});
  AwaitCron("web", "/spec/suspend", false);
  Until("the Job is released", [&] { return !IsSuspended(JobObject(job)); });

  // Somebody else's hand in the CronJob is undone.
  Plane().Output(
      {"patch", "cronjob", "web", "-n", ns(), "--type=merge", "-p", R"({"spec":{"schedule":"* * * * *","suspend":true}})"});
  AwaitCron("web", "/spec/schedule", "30 4 * * *");
  AwaitCron("web", "/spec/suspend", false);
  Api().Delete(kube::CronJobs(), Key("web"));
  AwaitCron("web", "/spec/schedule", "30 4 * * *");

  ChangeSpec("web", {{"schedule", nullptr}});
  Until("the CronJob is gone", [&] { return Cron("web").is_null(); });
  AwaitReady("web", "True", "Unscheduled");
}

TEST_F(Setup, WhatComesAndGoesFillsNothingWithEvents) {
  AddServer();
  AddTarget("web", {{"schedule", "0 3 * * *"}});
  constexpr int kChanges = 50;
  for (int i = 0; i < kChanges; ++i) {
    const std::string schedule = i % 2 == 0 ? "30 4 * * *" : "0 3 * * *";
    ChangeSpec("web", {{"schedule", schedule}});
    Await("web", "/effectiveSchedule", schedule);
  }
  std::map<std::string, int> counts;
  for (const auto& event : Api().List(kube::Events(), ns())) {
    if (event.at("reason") == "ScheduleChanged") counts[event.at("note")] = event.value(Json::json_pointer("/series/count"), 1);
  }
  // Two Events, and none for each change: their series were written as long as that was of use.
  ASSERT_EQ(counts.size(), 2U) << EventReasons("web").size();
  for (const auto& [note, count] : counts) {
    EXPECT_GT(count, 5) << note;
    EXPECT_LE(count, kChanges / 2 + 1) << note;
  }
  // What people read.
  EXPECT_THAT(Plane().Output({"describe", "bbt", "web", "-n", ns()}),
              ::testing::ContainsRegex("ScheduleChanged +[^\n]*\\(x[0-9]+ over"));
}

TEST_F(Setup, RandomTimesAreSpreadAndStay) {
  AddServer();
  std::set<std::string> lines;
  for (int i = 0; i < 5; ++i) AddTarget("spread-" + std::to_string(i), {{"schedule", "@daily-random"}});
  for (int i = 0; i < 5; ++i) {
    const auto name = "spread-" + std::to_string(i);
    AwaitReady(name, "True", "Scheduled");
    const auto line = At(name, "/effectiveSchedule").get<std::string>();
    EXPECT_THAT(line, MatchesRegex("[0-9]+ [0-9]+ \\* \\* \\*"));
    AwaitCron(name, "/spec/schedule", line);
    lines.insert(line);
  }
  EXPECT_GT(lines.size(), 2U);
  const auto before = At("spread-0", "/effectiveSchedule");
  Api().Delete(kube::BorgBackupTargets(), Key("spread-0"));
  Until("its CronJob is gone", [&] { return Cron("spread-0").is_null(); });
  AddTarget("spread-0", {{"schedule", "@daily-random"}});
  AwaitReady("spread-0", "True", "Scheduled");
  EXPECT_EQ(At("spread-0", "/effectiveSchedule"), before);
}

TEST_F(Setup, OneWishIsOneRun) {
  AddServer();
  AddTarget("web");
  Backup("web", "1", GoodReport());
  // Set again, taken away, and there again while nobody looks.
  Annotate("web", api::kRunNowAnnotation, "1");
  StopOperator();
  Plane().Output({"annotate", "bbt", "web", "-n", ns(), "borg-operator.dev/run-now-"});
  Annotate("web", api::kRunNowAnnotation, "1");
  StartOperator();
  ChangeSpec("web", {{"archiveName", "other-{utcnow}"}});
  Await("web", "/observedGeneration", Target("web").at("metadata").at("generation"));
  EXPECT_EQ(Jobs("web").size(), 1U);
  Backup("web", "2", GoodReport({.archive = 'b'}));
  EXPECT_EQ(Jobs("web").size(), 2U);
}

TEST_F(Setup, TriggerStartsAllWithoutAScheduleOfTheirOwn) {
  AddServer();
  AddTarget("by-hand");
  AddTarget("by-hand-too");
  AddTarget("nightly", {{"schedule", "0 3 * * *"}});
  AddTarget("asleep", {{"suspend", true}});
  const auto ended = Trigger({"--value", "tonight"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, AllOf(HasSubstr(ns() + "/by-hand: will be backed up"), HasSubstr(ns() + "/by-hand-too: will"),
                               HasSubstr("nightly: left out"), HasSubstr("asleep: left out, it is suspended")));
  for (const std::string name : {"by-hand", "by-hand-too"}) AnotherJob(name, {});
  EXPECT_EQ(Trigger({"--value", "tonight"}).exit_code, 0);
  AwaitReady("nightly", "True", "Scheduled");
  EXPECT_EQ(Jobs("by-hand").size(), 1U);
  EXPECT_TRUE(Jobs("nightly").empty());
  EXPECT_EQ(Trigger({"nightly"}).exit_code, 0);
  AnotherJob("nightly", {});
  EXPECT_EQ(Trigger({"nobody"}).exit_code, 1);
}

}  // namespace
}  // namespace borgop::api_tests
