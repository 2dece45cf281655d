// Two installations, each in a namespace and for that namespace alone: neither has anything that the other needs, and neither touches what is
// the other's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <string>

#include "tests/api/access.h"
#include "tests/api/backups.h"
#include "tests/api/helm.h"
#include "tests/api/operator_process.h"
#include "tests/api/played_pod.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::api_tests {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;

constexpr auto kSideBySideLimit = seconds(60);

class SideBySide : public ::testing::Test {
 protected:
  void SetUp() override { BORGOP_NEEDS_CONTROL_PLANE(); }
  static ControlPlane& Plane() { return ControlPlane::Shared(); }

  // As the Deployment there says: who it is, and for which namespaces.
  static OperatorProcess StartInstalled(const std::string& ns) {
    const auto pod = Plane().Get({"deployment", "borg-operator", "-n", ns}).at("spec").at("template").at("spec");
    std::vector<std::string> arguments;
    for (std::string argument : pod.at("containers")[0].at("args")) {
      if (argument == "--namespace=$(POD_NAMESPACE)") argument = "--namespace=" + ns;  // as the kubelet does
      if (argument.starts_with("--namespace")) arguments.push_back(argument);
    }
    EXPECT_THAT(arguments, ::testing::ElementsAre("--namespace=" + ns));
    return OperatorProcess(
        Plane(), {.kubeconfig = AccessOf(Plane(), ns, pod.at("serviceAccountName")), .arguments = arguments, .elect = true});
  }
  static std::set<std::string> NamespacesOf(const Audit& audit) {
    std::set<std::string> namespaces;
    for (const auto& request : audit.Requests()) namespaces.insert(request.at("objectRef").value("namespace", "(all)"));
    return namespaces;
  }
  // A whole run, of a target that has the same name in both.
  static void BackUp(const Backups& backups, const std::string& value) {
    backups.RunNow("web", value);
    const auto job = backups.JobFor(value);
    PlayedPod::Of(job).End(GoodReport());
    EXPECT_TRUE(Eventually(
        [&] {
          const auto last = backups.StatusOf("web").last_successful_backup;
          return last && last->job == job.name;
        },
        kSideBySideLimit))
        << backups.ns();
  }
  // Both lead and back up; then one goes, and the other goes on.
  static void ExpectBothAtWork(const Backups& one, const Backups& other) {
    const Audit of_one(Plane(), one.ns(), "borg-operator"), of_other(Plane(), other.ns(), "borg-operator");
    for (const auto* backups : {&one, &other}) backups->Add("web");
    auto first = StartInstalled(one.ns()), second = StartInstalled(other.ns());
    for (auto* process : {&first, &second})
      EXPECT_TRUE(Eventually([&] { return process->Metric("borg_operator_leader") == 1; }, kSideBySideLimit)) << process->Log();
    for (const auto* backups : {&one, &other}) BackUp(*backups, "both");
    EXPECT_EQ(first.Stop().exit_code, 0);
    one.RunNow("web", "nobody is there");
    BackUp(other, "alone");
    EXPECT_EQ(one.Jobs().size(), 1U) << "somebody else's operator made one";
    EXPECT_EQ(second.Stop().exit_code, 0);
    EXPECT_EQ(NamespacesOf(of_one), std::set{one.ns()});
    EXPECT_EQ(NamespacesOf(of_other), std::set{other.ns()});
    for (const auto* audit : {&of_one, &of_other}) EXPECT_THAT(audit->Forbidden(), IsEmpty());
  }
};

TEST_F(SideBySide, ReleasesOfTheChart) {
  if (!Helm::WhyNot().empty()) GTEST_SKIP() << Helm::WhyNot();
  const Backups one(Plane(), "one"), other(Plane(), "other");
  const auto run = [&](const std::string& verb, const std::string& ns, std::vector<std::string> more) {
    more.insert(more.begin(), {verb, "borg-operator"});
    more.insert(more.end(), {"--namespace", ns, "--kubeconfig", Plane().kubeconfig().string()});
    return Helm::Run(more);
  };
  // The CRDs are the cluster's.
  for (const auto* backups : {&one, &other}) {
    const auto installed =
        run("install", backups->ns(), {Helm::Chart(), "--set", "crds.install=false,watchNamespaces={" + backups->ns() + "}"});
    ASSERT_TRUE(installed.ok()) << installed.err;
  }
  EXPECT_EQ(Plane().Output({"get", "clusterrole,clusterrolebinding", "-o", "name", "-l", "app.kubernetes.io/managed-by=Helm"}), "");
  ExpectBothAtWork(one, other);

  ASSERT_TRUE(run("uninstall", one.ns(), {}).ok());
  for (const char* kind : {"serviceaccount", "role", "rolebinding", "deployment", "service"})
    EXPECT_TRUE(Plane()
                    .Kubectl({"get", kind, "-n", other.ns(), "-l", "app.kubernetes.io/name=borg-operator", "-o", "name"})
                    .out.ends_with("\n"))
        << kind << " of the release that stays";
  auto left = StartInstalled(other.ns());
  BackUp(other, "after the other has gone");
  EXPECT_EQ(left.Stop().exit_code, 0);
}

TEST_F(SideBySide, Kustomizations) {
  const Backups one(Plane(), "one"), other(Plane(), "other");
  const TemporaryDirectory work;
  const auto folder = std::filesystem::relative(kSource / "deploy/one-namespace", std::filesystem::canonical(work.path())).string();
  for (const auto* backups : {&one, &other}) {
    work.Write("kustomization.yaml", "namespace: " + backups->ns() + "\nresources: [" + folder + "]\n");
    Plane().Output({"apply", "-k", work.path()});
  }
  ExpectBothAtWork(one, other);
  // That of the second is what the file says now.
  Plane().Output({"delete", "-k", work.path(), "--timeout=60s"});
  EXPECT_TRUE(Plane().Kubectl({"get", "deployment", "borg-operator", "-n", one.ns()}).ok());
  EXPECT_FALSE(Plane().Kubectl({"get", "deployment", "borg-operator", "-n", other.ns()}).ok());
  EXPECT_TRUE(Plane().Kubectl({"get", "bbt", "web", "-n", other.ns()}).ok());
}

}  // namespace
}  // namespace borgop::api_tests
