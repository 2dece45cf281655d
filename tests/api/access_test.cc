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

constexpr auto kAccessLimit = seconds(60);

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
    EXPECT_TRUE(Eventually([&] { return backups.HasCronJob("web"); }, kAccessLimit)) << process.Log();
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

// What cloud providers' login tools do, by a script: it prints one ExecCredential, a line of `credentials` at each call, the last one for good.
class ExecAccess : public Access {
 protected:
  std::filesystem::path KubeconfigFor(const std::string& name, const std::vector<Json>& credentials) {
    const auto folder = Plane().state() / name;
    std::filesystem::create_directories(folder);
    std::ofstream answers(folder / "answers");
    for (const Json& status : credentials) {
      answers << Json{{"apiVersion", "client.authentication.k8s.io/v1"}, {"kind", "ExecCredential"}, {"status", status}}.dump()
              << '\n';
    }
    std::ofstream(folder / "login") << "#!/bin/sh\ncd \"$(dirname \"$0\")\" || exit\nhead -n 1 answers\n"
                                       "[ \"$(wc -l <answers)\" -eq 1 ] || sed -i 1d answers\necho \"$1 $CLUSTER\" >>calls\n";
    std::filesystem::permissions(folder / "login", std::filesystem::perms::owner_all);
    auto config = Json::parse(lab::ReadReadable(ShippedAccess(Plane())));
    config["users"][0]["user"] = {{"exec",
                                   {{"apiVersion", "client.authentication.k8s.io/v1"},
                                    {"command", "./login"},
                                    {"args", {"get-token"}},
                                    {"env", {{{"name", "CLUSTER"}, {"value", name}}}},
                                    {"interactiveMode", "Never"}}}};
    std::ofstream(folder / "kubeconfig") << config.dump();
    return folder / "kubeconfig";
  }
  std::string Calls(const std::string& name) const { return lab::ReadReadable(Plane().state() / name / "calls"); }
  std::string Token() const { return TokenOf(Plane(), "borg-operator", "borg-operator"); }
  void ExpectThatItWorks(const std::filesystem::path& kubeconfig) const {
    const Backups backups(Plane(), "exec");
    OperatorProcess process(Plane(), {.kubeconfig = kubeconfig, .arguments = {"--namespace", backups.ns()}});
    backups.Add("web");
    EXPECT_TRUE(Eventually([&] { return backups.HasCronJob("web"); }, kAccessLimit)) << process.Log();
    EXPECT_EQ(process.Stop().exit_code, 0);
  }
};

TEST_F(ExecAccess, AToken) {
  ExpectThatItWorks(KubeconfigFor("exec-token", {{{"token", Token()}}}));
  EXPECT_EQ(Calls("exec-token"), "get-token exec-token\n") << "asked once, and kept";
}

TEST_F(ExecAccess, AClientCertificate) {
  const auto pki = Plane().state() / "pki";
  ExpectThatItWorks(KubeconfigFor("exec-certificate", {{{"clientCertificateData", lab::ReadReadable(pki / "admin.crt")},
                                                        {"clientKeyData", lab::ReadReadable(pki / "admin.key")}}}));
}

TEST_F(ExecAccess, ATokenThatIsRefusedIsAskedForAnew) {
  ExpectThatItWorks(KubeconfigFor("exec-renewed", {{{"token", "of-yesterday"}}, {{"token", Token()}}}));
  EXPECT_EQ(Calls("exec-renewed"), "get-token exec-renewed\nget-token exec-renewed\n");
}

TEST_F(ExecAccess, OneThatFailsIsNamed) {
  const auto kubeconfig = KubeconfigFor("exec-broken", {});
  const auto ended = RunOperator({"trigger", "--kubeconfig", kubeconfig.string(), "--all"});
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("login"));
}

TEST_F(Access, ATokenFileThatIsRewrittenIsReadAnew) {
  const auto token = Plane().state() / "rotating.token", path = Plane().state() / "rotating.kubeconfig";
  std::ofstream(token) << "of-yesterday";
  auto config = Json::parse(lab::ReadReadable(ShippedAccess(Plane())));
  config["users"][0]["user"] = {{"tokenFile", "rotating.token"}};
  std::ofstream(path) << config.dump();
  EXPECT_THAT(RunOperator({"trigger", "--kubeconfig", path.string(), "--all"}).err, HasSubstr("Unauthorized"));
  const Backups backups(Plane(), "rotating");
  lab::Process process(
      {.argv = {BORGOP_OPERATOR, "run", "--kubeconfig", path.string(), "--namespace", backups.ns(), "--no-leader-election",
                "--engine-image", "example.org/borg-engine:test", "--metrics-address", "off", "--log-format", "json"}});
  ASSERT_TRUE(process.WaitForErr("Unauthorized", kAccessLimit)) << process.Err();
  std::ofstream(token) << TokenOf(Plane(), "borg-operator", "borg-operator");
  ASSERT_TRUE(process.WaitForErr("\"working\"", std::chrono::seconds(100))) << process.Err();
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
  ASSERT_TRUE(process.WaitForErr("\"working\"", kAccessLimit)) << process.Err();
  backups.Add("web");
  EXPECT_TRUE(Eventually([&] { return backups.HasCronJob("web"); }, kAccessLimit)) << process.Err();
  EXPECT_FALSE(audit.Used().empty());
}

}  // namespace
}  // namespace borgop::api_tests
