// What the shipped roles allow is what the operator does, no less and no more: told by the API server's audit log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "controller/reconcile/names.h"
#include "tests/api/access.h"
#include "tests/api/backups.h"
#include "tests/api/operator_process.h"
#include "tests/api/played_pod.h"

namespace borgop::api_tests {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kRbacLimit = seconds(60);
const kube::ObjectKey kLease{"borg-operator", "borg-operator"};

bool IsGone(const kube::ResourceType& type, const kube::ObjectKey& key) {
  return Eventually([&] { return AdminClient::Shared().Get(type, key).is_null(); }, kRbacLimit);
}

void Play(const Backups& backups, const std::string& value, const Told& told) {
  backups.RunNow("web", value);
  const auto job = backups.JobFor(value);
  const auto pod = PlayedPod::Of(job);
  pod.Run();
  pod.End(GoodReport(told));
  ASSERT_TRUE(Eventually(
      [&] {
        const auto last = backups.StatusOf("web").last_backup;
        return last && last->job == job.name && last->completion_time.has_value();
      },
      kRbacLimit))
      << value;
  ASSERT_TRUE(IsGone(kube::Jobs(), job)) << "history";
}

// All that the operator has rights for; it ends at the first thing that does not come.
void DriveThroughEverything(const Backups& backups) {
  backups.Add("web", {{"maintenance", {{"schedule", "0 5 1 1 *"}}}, {"successfulJobsHistoryLimit", 0}});
  const kube::ObjectKey maintenance{backups.ns(), controller::CronJobName("web", controller::RunKind::kMaintenance)};
  ASSERT_TRUE(Eventually([&] { return !AdminClient::Shared().Get(kube::CronJobs(), maintenance).is_null(); }, kRbacLimit));
  // The last of them is told a second time in the same words.
  for (const std::string schedule : {"0 3 * * *", "0 4 * * *", "0 3 * * *"}) {
    backups.Change("web", {{"schedule", schedule}});
    ASSERT_TRUE(Eventually([&] { return backups.StatusOf("web").effective_schedule == schedule; }, kRbacLimit)) << schedule;
  }
  ASSERT_NO_FATAL_FAILURE(Play(backups, "one", {}));
  // The second result replaces what the first has left. It does not fit into the termination message, so the log is asked for.
  const Told large{.archive = 'b', .archives = 2, .warnings = std::vector<std::string>(40, std::string(300, 'w'))};
  ASSERT_NO_FATAL_FAILURE(Play(backups, "two", large));
  backups.Change("web", {{"maintenance", nullptr}});
  ASSERT_TRUE(IsGone(kube::CronJobs(), maintenance));
  // Deleted while it runs.
  backups.RunNow("web", "three");
  const auto job = backups.JobFor("three");
  PlayedPod::Of(job).Run();
  AdminClient::Shared().Delete(kube::BorgBackupTargets(), {backups.ns(), "web"});
  ASSERT_TRUE(IsGone(kube::Jobs(), job));
}

void ExpectExactly(const std::set<std::string>& rights, const Audit& audit) {
  EXPECT_THAT(audit.Forbidden(), IsEmpty()) << "a right is missing";
  const auto used = audit.Used();
  std::set<std::string> unused;
  std::set_difference(rights.begin(), rights.end(), used.begin(), used.end(), std::inserter(unused, unused.end()));
  EXPECT_THAT(unused, IsEmpty()) << "of no use";
}

constexpr const char* kAccess = "deploy/base/access.yaml";

class Rbac : public testing::Test {
 protected:
  void SetUp() override { BORGOP_NEEDS_CONTROL_PLANE(); }
  static ControlPlane& Plane() { return ControlPlane::Shared(); }
};

TEST_F(Rbac, OfTheWholeClusterIsNeededAndEnough) {
  ShippedAccess(Plane());
  AdminClient::Shared().Delete(kube::Leases(), kLease);
  const Audit audit(Plane(), "borg-operator", "borg-operator");
  const Backups backups(Plane(), "rbac");
  OperatorProcess process(Plane(), {.elect = true});
  DriveThroughEverything(backups);
  EXPECT_EQ(process.Stop().exit_code, 0);
  auto objects = Manifest(Plane(), kAccess);
  for (auto& object : Manifest(Plane(), "deploy/cluster-wide/rbac.yaml")) objects.push_back(std::move(object));
  ExpectExactly(RightsIn(objects), audit);
}

// As one-namespace/rbac.yaml says: that in each namespace, and base/access.yaml in `home`, which stands for the namespace borg-operator, where
// this control plane has rights for the whole cluster already.
std::vector<Json> NamespacedRights(const ControlPlane& plane, const std::string& home, const std::vector<std::string>& namespaces) {
  auto objects = Manifest(plane, kAccess);
  for (auto& object : objects) object["metadata"]["namespace"] = home;
  for (const auto& ns : namespaces) {
    for (auto& object : Manifest(plane, "deploy/one-namespace/rbac.yaml")) {
      object["metadata"]["namespace"] = ns;
      objects.push_back(std::move(object));
    }
  }
  for (auto& object : objects) {
    if (!object.contains("subjects")) continue;
    for (auto& subject : object["subjects"]) subject["namespace"] = home;
  }
  return objects;
}

TEST_F(Rbac, OfSingleNamespacesIsNeededAndEnoughAndNothingElsewhereIsTouched) {
  const auto home = Plane().NewNamespace("rbac-home");
  const Backups first(Plane(), "rbac-a"), second(Plane(), "rbac-b"), other(Plane(), "rbac-c");
  const auto objects = NamespacedRights(Plane(), home, {first.ns(), second.ns()});
  for (const auto& object : objects) Plane().Apply(object);
  const Audit audit(Plane(), home, "borg-operator");
  other.Add("web");
  OperatorProcess process(Plane(), {.kubeconfig = AccessOf(Plane(), home, "borg-operator"),
                                    .arguments = {"--namespace", first.ns(), "--namespace", second.ns()},
                                    .elect = true});
  second.Add("web");
  EXPECT_TRUE(Eventually([&] { return second.HasCronJob("web"); }, kRbacLimit));
  DriveThroughEverything(first);
  EXPECT_EQ(process.Stop().exit_code, 0);

  EXPECT_FALSE(other.HasCronJob("web"));
  EXPECT_TRUE(other.StatusOf("web").conditions.empty());
  std::set<std::string> namespaces;
  for (const auto& request : audit.Requests()) namespaces.insert(request.at("objectRef").value("namespace", "(all)"));
  EXPECT_EQ(namespaces, (std::set{home, first.ns(), second.ns()}));
  ExpectExactly(RightsIn(objects), audit);
}

// The operator's rights there go with it, at any time after its pods (KEP-5080).
TEST_F(Rbac, OfSingleNamespacesLetANamespaceGoInTheMiddleOfARun) {
  const auto home = Plane().NewNamespace("rbac-home");
  const Backups backups(Plane(), "rbac-goes", 1);
  for (const auto& object : NamespacedRights(Plane(), home, {backups.ns()})) Plane().Apply(object);
  OperatorProcess process(
      Plane(), {.kubeconfig = AccessOf(Plane(), home, "borg-operator"), .arguments = {"--namespace", backups.ns()}, .elect = true});
  backups.Add("runs");
  backups.RunNow("runs", "runs");
  const auto runs = PlayedPod::Of(backups.JobFor("runs"));
  runs.Run();
  for (const std::string name : {"a", "b", "c"}) {
    backups.Add(name);
    backups.RunNow(name, name);
    backups.JobFor(name);
  }
  EXPECT_TRUE(Eventually([&] { return backups.StatusOf("runs").last_backup.has_value(); }, kRbacLimit));
  Plane().Output({"delete", "namespace", backups.ns(), "--wait=false"});
  EXPECT_TRUE(Eventually(
      [&] {
        return AdminClient::Shared().Get(kube::Namespaces(), {"", backups.ns()}).is_null();
      },
      std::chrono::seconds(120)))
      << Plane().Output({"get", "jobs,pods", "-n", backups.ns(), "-o", "yaml"});
}

TEST_F(Rbac, OfTheTriggerIsNeededAndEnough) {
  const Backups backups(Plane(), "rbac-trigger");
  backups.Add("web");
  backups.Add("db");
  for (auto object : Manifest(Plane(), "deploy/namespace-schedule/rbac.yaml")) {
    object["metadata"]["namespace"] = backups.ns();
    if (object.contains("subjects")) object["subjects"][0]["namespace"] = backups.ns();
    Plane().Apply(object);
  }
  const Audit audit(Plane(), backups.ns(), "borg-trigger");
  const auto kubeconfig = AccessOf(Plane(), backups.ns(), "borg-trigger").string();
  EXPECT_TRUE(RunOperator({"trigger", "--kubeconfig", kubeconfig, "--all"}).ok());
  EXPECT_TRUE(RunOperator({"trigger", "--kubeconfig", kubeconfig, "web"}).ok());
  ExpectExactly(RightsIn(Manifest(Plane(), "deploy/namespace-schedule/rbac.yaml")), audit);
  EXPECT_NE(RunOperator({"trigger", "--kubeconfig", kubeconfig, "-n", "default", "web"}).exit_code, 0);
  EXPECT_THAT(audit.Forbidden(), ElementsAre(testing::HasSubstr("/namespaces/default/")));
}

}  // namespace
}  // namespace borgop::api_tests
