// The chart's life: helm test, upgrade, rollback, and an uninstall that takes nobody's resources along.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/node/helm.h"
#include "tests/node/installed_operator.h"

namespace borgop::node_tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Release : public ::testing::Test {
 protected:
  void SetUp() override { BORGOP_NEEDS_OPERATOR(); }
  static InstalledOperator& Installed() { return InstalledOperator::Shared(); }
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

}  // namespace
}  // namespace borgop::node_tests
