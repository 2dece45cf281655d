// The chart's life: helm test, upgrade, rollback, and an uninstall that takes nobody's resources along.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "tests/fakes/temporary_directory.h"
#include "tests/node/operator_fixture.h"

namespace borgop::node_tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Release : public OperatorFixture {
 protected:
  static std::string Arguments() {
    return Installed().cluster().Output({"get", "deployment", "borg-operator", "-n", std::string(kOperatorNamespace), "-o",
                                         "jsonpath={.spec.template.spec.containers[0].args}"});
  }
};

TEST_F(Release, HelmTestPasses) { EXPECT_THAT(Installed().RunHelm("test", {"--logs=false"}), HasSubstr("Succeeded")); }

TEST_F(Release, UpgradeRollbackAndUninstallKeepResources) {
  const Backups backups("release");
  backups.Add("kept");
  auto& cluster = Installed().cluster();
  Installed().RunHelm("upgrade", {Helm::Chart(), "--wait", "--set", "logLevel=debug"});
  EXPECT_THAT(Arguments(), HasSubstr("--log-level=debug"));
  Installed().RunHelm("rollback", {"--wait"});
  EXPECT_THAT(Arguments(), Not(HasSubstr("--log-level")));

  Installed().RunHelm("uninstall", {"--wait"});
  Installed().Uninstalled();
  EXPECT_FALSE(cluster.Kubectl({"get", "deployment", "borg-operator", "-n", std::string(kOperatorNamespace)}).ok());
  EXPECT_TRUE(cluster.Kubectl({"get", "bbt", "kept", "-n", backups.ns()}).ok());
  // And again, over the CRDs that stayed.
  Installed();
  EXPECT_TRUE(cluster.Kubectl({"get", "bbt", "kept", "-n", backups.ns()}).ok());
}

// With rights in one namespace only, where the operator itself is, too.
TEST_F(Release, KustomizeInOneNamespaceBacksUp) {
  const Backups backups("kustomize");
  backups.AddPassphrase();
  backups.Add("web");
  // The one for the whole cluster would work there as well. Nothing may ask for it from here on, or it is installed again.
  Installed().RunHelm("uninstall", {"--wait"});
  Installed().Uninstalled();
  auto& cluster = NodeCluster::Shared();
  const TemporaryDirectory work;
  const auto folder = std::filesystem::relative(std::filesystem::path(BORGOP_SOURCE_DIR) / "deploy/one-namespace",
                                                std::filesystem::canonical(work.path()));
  work.Write("kustomization.yaml", "namespace: " + backups.ns() + "\nresources: [" + folder.string() + "]\n");
  cluster.Output({"apply", "-k", work.path()});
  cluster.Output({"rollout", "status", "deployment/borg-operator", "-n", backups.ns(), "--timeout=80s"});
  cluster.Output({"annotate", "bbt", "web", "-n", backups.ns(), "borg-operator.dev/run-now=1"});
  EXPECT_TRUE(Eventually(
      [&] {
        return !cluster.Output({"get", "bbt", "web", "-n", backups.ns(), "-o", "jsonpath={.status.lastSuccessfulBackup.archive}"})
                    .empty();
      },
      std::chrono::seconds(120)))
      << cluster.Output({"describe", "bbt", "web", "-n", backups.ns()});
  cluster.Output({"delete", "-k", work.path()});
}

}  // namespace
}  // namespace borgop::node_tests
