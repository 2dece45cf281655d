// The ways in which the operator is told where its cluster is and who it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "tests/api/access.h"
#include "tests/api/backups.h"
#include "tests/api/operator_process.h"

// Set by tests/api/CMakeLists.txt: BORGOP_OPERATOR.

namespace borgop::api_tests {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr auto kLimit = seconds(60);

class Access : public testing::Test {
 protected:
  void SetUp() override { BORGOP_NEEDS_CONTROL_PLANE(); }
  static ControlPlane& Plane() { return ControlPlane::Shared(); }
};

TEST_F(Access, AKubeconfigWithAClientCertificateOrAToken) {
  for (const std::string context : {"admin", "admin-token"}) {
    SCOPED_TRACE(context);
    const Backups backups(Plane(), "access");
    OperatorProcess process(Plane(),
                            {.kubeconfig = Plane().kubeconfig(), .arguments = {"--context", context, "--namespace", backups.ns()}});
    backups.Add("web");
    EXPECT_TRUE(Eventually([&] { return backups.HasCronJob("web"); }, kLimit)) << process.Log();
    EXPECT_EQ(process.Stop().exit_code, 0);
  }
}

TEST_F(Access, ATokenThatIsNoneIsNamedAndNotShown) {
  const auto path = Plane().state() / "stranger.kubeconfig";
  auto config = Json::parse(lab::ReadReadable(ShippedAccess(Plane())));
  config["users"][0]["user"] = {{"token", "open-sesame"}};
  std::ofstream(path) << config.dump();
  const auto ended = RunOperator({"trigger", "--kubeconfig", path.string(), "--all"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("Unauthorized"));
  EXPECT_THAT(ended.err, Not(HasSubstr("sesame")));
}

// As in a pod: the service account's folder, in a mount namespace of its own, and the variables that Kubernetes sets.
TEST_F(Access, ThePodsServiceAccount) {
  if (!lab::RunToEnd({.argv = {"unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/var/run"}}).ok())
    GTEST_SKIP() << "mount namespaces are not allowed here";
  const Backups backups(Plane(), "pod");
  ShippedAccess(Plane());  // for its rights
  const auto account = Plane().state() / "account";
  std::filesystem::create_directories(account);
  std::filesystem::copy_file(Plane().state() / "ca.crt", account / "ca.crt", std::filesystem::copy_options::overwrite_existing);
  std::ofstream(account / "namespace") << "borg-operator";
  std::ofstream(account / "token") << TokenOf(Plane(), "borg-operator", "borg-operator");
  constexpr const char* kScript = R"(set -e
    account=$1; shift
    mount -t tmpfs tmpfs /mnt
    cp "$account"/* /mnt
    mount -t tmpfs tmpfs /var/run
    mkdir -p /var/run/secrets/kubernetes.io/serviceaccount
    cp /mnt/* /var/run/secrets/kubernetes.io/serviceaccount
    exec "$@")";
  const auto server = Plane().server();
  const auto colon = server.rfind(':');
  const Audit audit(Plane(), "borg-operator", "borg-operator");
  lab::Process process({.argv = {"unshare", "-m", "sh", "-c", kScript, "sh", account.string(), BORGOP_OPERATOR, "run",
                                 "--namespace", backups.ns(), "--no-leader-election", "--engine-image",
                                 "example.org/borg-engine:test", "--metrics-address", "off", "--log-format", "json"},
                        .env = {{"KUBECONFIG", ""},
                                {"KUBERNETES_SERVICE_HOST", server.substr(8, colon - 8)},
                                {"KUBERNETES_SERVICE_PORT", server.substr(colon + 1)}}});
  ASSERT_TRUE(process.WaitForErr("\"working\"", kLimit)) << process.Err();
  backups.Add("web");
  EXPECT_TRUE(Eventually([&] { return backups.HasCronJob("web"); }, kLimit)) << process.Err();
  EXPECT_FALSE(audit.Used().empty());
}

}  // namespace
}  // namespace borgop::api_tests
