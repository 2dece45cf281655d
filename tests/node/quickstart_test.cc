// docs/quickstart.md: its commands, one after the other, get from a cluster and two machines to a restored file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/node/installed_operator.h"

namespace borgop::node_tests {
namespace {

using ::testing::HasSubstr;

TEST(Quickstart, ItsCommandsRestoreAFile) {
  BORGOP_NEEDS_OPERATOR();
  auto& installed = InstalledOperator::Shared();
  auto& cluster = installed.cluster();
  installed.lab().Restore();
  installed.RunHelm("uninstall", {"--wait"});
  installed.Uninstalled();
  cluster.AddHost(installed.target().address(), "web-01.example.org");
  cluster.AddHost(installed.server().address(), "borg.example.org");
  const auto ended = lab::RunToEnd({.argv = {BORGOP_SOURCE_DIR "/tests/lab/page.sh", "docs/quickstart.md", "",
                                             installed.lab().state().string(), cluster.kubeconfig().string()}},
                                   std::chrono::minutes(15));
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err << installed.Log();
  EXPECT_THAT(ended.out, HasSubstr("\nidentical\n"));
  EXPECT_THAT(cluster.Output({"get", "bbt", "web-01", "-n", "backups", "-o", "jsonpath={.status.lastBackup.phase}"}), "Completed");
  cluster.Output({"delete", "namespace", "backups", "--wait=false"});
}

}  // namespace
}  // namespace borgop::node_tests
