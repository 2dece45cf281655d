// Jobs from their making to their end: whose they are, which may run, and that no result is lost, whoever is not there.
#include <algorithm>
#include <ctime>

#include "controller/api/names.h"
#include "controller/reconcile/names.h"
#include "tests/api/operator_fixture.h"

namespace borgop::api_tests {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::UnorderedElementsAre;

class JobsOfTargets : public OperatorTest {
 protected:
  // As `kubectl create job --from=cronjob/…`, which is how people start one by hand.
  kube::ObjectKey CreateFromCron(const std::string& target, const std::string& name) const {
    Plane().Output({"create", "job", name, "-n", ns(), "--from=cronjob/" + target});
    return Key(name);
  }
  // As the CronJob controller makes one when it is due: the CronJob is what controls it.
  kube::ObjectKey CreateScheduled(const std::string& target, const std::string& name) const {
    const auto cron = Api().Get(kube::CronJobs(), Key(target));
    const auto& from = cron.at("spec").at("jobTemplate");
    Json metadata{{"name", name},
                  {"namespace", ns()},
                  {"labels", from.at("metadata").at("labels")},
                  {"annotations", from.at("metadata").at("annotations")},
                  {"ownerReferences", Json::array({{{"apiVersion", "batch/v1"},
                                                    {"kind", "CronJob"},
                                                    {"name", target},
                                                    {"uid", kube::UidOf(cron)},
                                                    {"controller", true},
                                                    {"blockOwnerDeletion", true}}})}};
    Api().Create(kube::Jobs(),
                 {{"apiVersion", "batch/v1"}, {"kind", "Job"}, {"metadata", std::move(metadata)}, {"spec", from.at("spec")}});
    return Key(name);
  }
  bool Running(const kube::ObjectKey& job) const {
    const auto object = JobObject(job);
    return !object.is_null() && !IsSuspended(object);
  }
  void AwaitCron(const std::string& name) const {
    Until("CronJob " + name, [&] { return !Api().Get(kube::CronJobs(), Key(name)).is_null(); });
  }
};

TEST_F(JobsOfTargets, OneMadeByHandFromTheCronJobIsTaken) {
  AddServer();
  AddTarget("web", {{"schedule", "0 3 * * *"}});
  AwaitCron("web");
  const auto job = CreateFromCron("web", "by-hand");
  Until("it has the finalizer", [&] { return HasUnreadFinalizer(JobObject(job)); });
  PlayedPod::Of(job).End(GoodReport());
  AwaitResult("web", job);
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Completed");
  Until("it is free", [&] { return !HasUnreadFinalizer(JobObject(job)); });
  ExpectEvents("web", UnorderedElementsAre("ScheduleChanged", "BackupStarted", "BackupCompleted"));
}

TEST_F(JobsOfTargets, TheScheduleStartsThem) {
  AddServer();
  // Kubernetes' own clock: at most a minute.
  AddTarget("web", {{"schedule", "* * * * *"}});
  kube::ObjectKey job;
  Until(
      "a scheduled Job",
      [&] {
        for (const auto& one : Jobs("web")) job = kube::KeyOf(one);
        return !job.name.empty();
      },
      seconds(90));
  ChangeSpec("web", {{"schedule", "0 3 * * *"}});
  Until("it has the finalizer", [&] { return HasUnreadFinalizer(JobObject(job)); });
  EXPECT_EQ(JobObject(job).at("metadata").at("ownerReferences").at(0).at("kind"), "CronJob");
  PlayedPod::Of(job).End(GoodReport());
  AwaitResult("web", job);
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Completed");
}

// It has no finalizer of ours yet; its pod has, and people may leave that to nobody.
TEST_F(JobsOfTargets, OneThatWentWithNobodyThereIsReadFromItsPod) {
  AddServer();
  AddTarget("web", {{"schedule", "0 3 * * *"}});
  AwaitCron("web");
  for (const auto& [cascade, archive] : {std::pair("background", 'b'), std::pair("orphan", 'c')}) {
    StopOperator();
    const auto job = CreateFromCron("web", cascade);
    const auto pod = PlayedPod::Of(job);
    pod.Run();
    pod.End(GoodReport({.archive = archive}));
    AwaitEnd(job);
    Plane().Output({"delete", "job", job.name, "-n", ns(), std::string("--cascade=") + cascade});
    EXPECT_TRUE(JobObject(job).is_null());
    StartOperator();
    AwaitResult("web", job);
    EXPECT_EQ(At("web", "/lastBackup/phase"), "Completed");
    EXPECT_EQ(At("web", "/lastBackup/archive"), std::string("played-") + archive);
    const auto free = [&] {
      const auto object = pod.Object();
      return object.is_null() || !HasUnreadFinalizer(object);
    };
    Until("the pod is free", free);
  }
}

TEST_F(JobsOfTargets, WhatEndedWithNobodyThereIsReadLater) {
  AddServer();
  AddTarget("kept");
  AddTarget("deleted");
  AddTarget("scheduled", {{"schedule", "0 3 * * *"}});
  AwaitCron("scheduled");
  const auto kept = RunNow("kept"), deleted = RunNow("deleted");
  PlayedPod::Of(kept).Run();
  PlayedPod::Of(deleted).Run();
  StopOperator();

  PlayedPod::Of(kept).End(GoodReport({.archive = 'b'}));
  PlayedPod::Of(deleted).End(GoodReport({.archive = 'c'}));
  AwaitEnd(kept);
  AwaitEnd(deleted);
  // Its pod goes with it, but not before the finalizer does: people who delete Jobs wait for their pods.
  Plane().Output({"delete", "job", deleted.name, "-n", ns(), "--wait=false", "--cascade=foreground"});
  const auto by_hand = CreateFromCron("scheduled", "by-hand");
  PlayedPod::Of(by_hand).End(GoodReport({.archive = 'd'}));
  AwaitEnd(by_hand);

  StartOperator();
  AwaitResult("kept", kept);
  AwaitResult("scheduled", by_hand);
  AwaitResult("deleted", deleted);
  EXPECT_EQ(At("kept", "/lastBackup/archive"), "played-b");
  EXPECT_EQ(At("scheduled", "/lastBackup/archive"), "played-d");
  EXPECT_EQ(At("deleted", "/lastBackup/phase"), "Completed");
  EXPECT_EQ(At("deleted", "/lastBackup/archive"), "played-c");
  Until("the deleted Job is gone", [&] { return JobObject(deleted).is_null(); });
  // Once only.
  StopOperator();
  StartOperator();
  ChangeSpec("kept", {{"archiveName", "other-{utcnow}"}});
  Await("kept", "/observedGeneration", Target("kept").at("metadata").at("generation"));
  const auto reasons = EventReasons("kept");
  EXPECT_EQ(std::count(reasons.begin(), reasons.end(), "BackupCompleted"), 1);
}

// The CronJob controller keeps history as well, and reads nothing before it deletes.
TEST_F(JobsOfTargets, HistoryOfTheScheduleIsKeptOnceAllOfItIsRead) {
  AddServer();
  for (const auto& [name, limit] : {std::pair{"none", 0}, std::pair{"one", 1}}) {
    AddTarget(name, {{"schedule", "0 3 * * *"}, {"successfulJobsHistoryLimit", limit}});
    AwaitCron(name);
  }
  StopOperator();
  for (const std::string name : {"none", "one"}) {
    for (char archive = 'a'; archive < 'e'; ++archive) {
      const auto job = CreateScheduled(name, name + "-" + archive);
      PlayedPod::Of(job).End(GoodReport({.archive = archive}));
      AwaitEnd(job);
      // Order is by whole seconds.
      Until("a second has passed", [now = time(nullptr)] { return time(nullptr) > now; });
    }
    // It looks at the Jobs that there are whenever one of them changes.
    Plane().Output({"annotate", "job", name + "-d", "-n", ns(), "example.org/touched=1"});
  }
  EXPECT_EQ(Jobs("none").size() + Jobs("one").size(), 8U);
  StartOperator();
  for (const std::string name : {"none", "one"}) {
    SCOPED_TRACE(name);
    Await(name, "/lastBackup/archive", "played-d");
    const auto map = Api().Get(kube::ConfigMaps(), Key(controller::StateName(name)));
    const auto state = Json::parse(map.at("data").at("ledger.json").get<std::string>());
    EXPECT_EQ(state.at("archives").size(), 4U);
    Until("each is told", [&] {
      const auto events = EventReasons(name);
      return std::count(events.begin(), events.end(), "BackupCompleted") == 4;
    });
    Until("the limit is kept", [&] { return Jobs(name).size() == (name == "one" ? 1U : 0U); });
  }
  EXPECT_FALSE(JobObject(Key("one-d")).is_null()) << "the newest is what is left";
}

TEST_F(JobsOfTargets, HistoryIsAsLongAsAsked) {
  AddServer();
  AddTarget("web", {{"successfulJobsHistoryLimit", 2}, {"failedJobsHistoryLimit", 1}});
  std::vector<kube::ObjectKey> good, bad;
  for (int i = 0; i < 4; ++i) {
    bad.push_back(Backup("web", "bad" + std::to_string(i), BadReport(Reason::kPassphraseWrong)));
    good.push_back(Backup("web", "good" + std::to_string(i), GoodReport({.archive = static_cast<char>('a' + i)})));
    // Order is by whole seconds.
    Until("a second has passed", [now = time(nullptr)] { return time(nullptr) > now; });
  }
  std::vector<std::string> left;
  Until("three are left", [&] {
    left.clear();
    for (const auto& job : Jobs("web")) left.push_back(kube::KeyOf(job).name);
    return left.size() == 3;
  });
  EXPECT_THAT(left, UnorderedElementsAre(good[2].name, good[3].name, bad[3].name));
}

TEST_F(JobsOfTargets, AServersLimitIsKeptInOrder) {
  AddServer({{"maxConcurrentBackups", 1}});
  const std::vector<std::string> names{"first", "second", "third"};
  std::vector<kube::ObjectKey> jobs;
  for (const auto& name : names) AddTarget(name);
  for (const auto& name : names) {
    AwaitReady(name, "True", "Unscheduled");
    jobs.push_back(RunNow(name));
    // Order is by whole seconds.
    Until("a second has passed", [now = time(nullptr)] { return time(nullptr) > now; });
  }
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    SCOPED_TRACE(names[i]);
    Until("it is released", [&] { return Running(jobs[i]); });
    Await(names[i], "/state", "Starting");
    for (std::size_t later = i + 1; later < jobs.size(); ++later) {
      EXPECT_FALSE(Running(jobs[later])) << names[later];
      EXPECT_EQ(At(names[later], "/state"), "Queued");
      EXPECT_EQ(HealthOf(names[later]), kHealthy);
    }
    Until("the server counts them", [&] {
      const auto status = Api().Get(kube::BorgServers(), Key("vault")).at("status");
      return status.value("running", -1) == 1 && status.value("waiting", -1) == static_cast<int>(jobs.size() - i - 1);
    });
    PlayedPod::Of(jobs[i]).End(GoodReport());
    AwaitResult(names[i], jobs[i]);
  }
}

TEST_F(JobsOfTargets, OneRunAtATimeOfATarget) {
  AddServer();
  AddTarget("web", {{"schedule", "0 3 * * *"}});
  AwaitCron("web");
  const auto first = RunNow("web", "1");
  PlayedPod::Of(first).Run();
  const auto second = RunNow("web", "2");
  // People can start what they want; it has to wait as well.
  const auto by_hand = CreateFromCron("web", "by-hand");
  Until("it is held", [&] { return !Running(by_hand); });
  EXPECT_TRUE(Running(first));
  EXPECT_FALSE(Running(second));
  Await("web", "/lastBackup/job", first.name);
  PlayedPod::Of(first).End(GoodReport());
  AwaitResult("web", first);
  // They were made within a second or two, so either may be the next.
  Until("the next", [&] { return Running(second) || Running(by_hand); });
  const bool second_first = Running(second);
  const auto &next = second_first ? second : by_hand, &last = second_first ? by_hand : second;
  Await("web", "/lastBackup/job", next.name);
  EXPECT_FALSE(Running(last));
  PlayedPod::Of(next).End(GoodReport({.archive = 'b'}));
  AwaitResult("web", next);
  PlayedPod::Of(last).End(GoodReport({.archive = 'c'}));
  AwaitResult("web", last);
  ExpectEvents("web",
               UnorderedElementsAre("ScheduleChanged", "BackupRequested", "BackupRequested", "BackupStarted", "BackupStarted",
                                    "BackupStarted", "BackupCompleted", "BackupCompleted", "BackupCompleted"));
}

TEST_F(JobsOfTargets, OneThatWaitsIsMadeAnewWhereTheSpecChanges) {
  AddServer();
  AddTarget("web", {{"suspend", true}});
  const auto stale = RunNow("web", "1");
  ChangeSpec("web", {{"suspend", false}, {"podTemplate", {{"labels", {{"team", "web"}}}}}});
  const auto renewed = AnotherJob("web", {stale});
  Until("the old one is gone", [&] { return JobObject(stale).is_null(); });
  const auto job = JobObject(renewed);
  EXPECT_EQ(job.at("spec").at("template").at("metadata").at("labels").value("team", ""), "web");
  EXPECT_EQ(job.at("metadata").at("annotations").at(std::string(api::kTriggerAnnotation)), "1");
  PlayedPod::Of(renewed).End(GoodReport());
  AwaitResult("web", renewed);
  EXPECT_EQ(Jobs("web").size(), 1U);
}

TEST_F(JobsOfTargets, ATargetMayGoWhileItsBackupRuns) {
  AddServer();
  AddTarget("web", {{"schedule", "0 3 * * *"}});
  AwaitCron("web");
  const auto job = RunNow("web");
  const auto pod = PlayedPod::Of(job);
  pod.Run();
  Await("web", "/state", "Running");
  Plane().Output({"delete", "bbt", "web", "-n", ns(), "--wait", "--timeout=30s"});
  Until(
      "all of it is gone",
      [&] { return JobObject(job).is_null() && pod.Object().is_null() && Api().Get(kube::CronJobs(), Key("web")).is_null(); },
      seconds(60));
}

TEST_F(JobsOfTargets, ANamespaceMayGoWithResultsUnread) {
  AddServer();
  for (const std::string name : {"one", "two"}) {
    AddTarget(name, {{"schedule", "0 3 * * *"}});
    AwaitCron(name);
  }
  const auto running = RunNow("one");
  PlayedPod::Of(running).Run();
  const auto ended = RunNow("two");
  const auto pod = PlayedPod::Of(ended);
  Until("it has the finalizer", [&] { return HasUnreadFinalizer(JobObject(ended)); });
  StopOperator();
  pod.End(GoodReport());
  AwaitEnd(ended);
  Plane().Output({"delete", "namespace", ns(), "--wait=false"});
  // Pods come first, and nothing else is deleted while there are any (KEP-5080); before that, everything went but Jobs and pods.
  Until("the pods are deleted", [&] { return pod.Object().at("metadata").contains("deletionTimestamp"); });
  EXPECT_TRUE(HasUnreadFinalizer(JobObject(ended)));
  EXPECT_TRUE(HasUnreadFinalizer(pod.Object()));
  StartOperator();
  // Kubernetes itself looks again a quarter of a minute after each try.
  Until(
      "the namespace is gone",
      [&] {
        return Api().Get(kube::Namespaces(), {"", ns()}).is_null();
      },
      seconds(120));
}

}  // namespace
}  // namespace borgop::api_tests
