// ./dev cluster itself: what it starts is a cluster as operators meet it, and nothing of it stays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/api/control_plane.h"

namespace borgop::api_tests {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string kScript = (kSource / "tools/cluster.sh").string();

// Command lines that name `text`, but for our own.
std::vector<std::string> ProcessesWith(const std::string& text) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    const std::string line{std::istreambuf_iterator<char>(file), {}};
    if (line.find(text) != std::string::npos) found.push_back(line);
  }
  return found;
}

class Cluster : public ::testing::Test {
 protected:
  void SetUp() override { BORGOP_NEEDS_CONTROL_PLANE(); }

  static lab::Ended Run(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv{kScript};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return lab::RunToEnd({.argv = argv}, seconds(240));
  }
  static ControlPlane& Plane() { return ControlPlane::Shared(); }
  static std::string Status() { return Run({"status", "--state", Plane().state().string()}).out; }

  // kubectl as whoever has `token`.
  static lab::Ended As(const std::string& token, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--kubeconfig", "/dev/null", "--server", Plane().server(), "--certificate-authority",
                                         (Plane().state() / "ca.crt").string(), "--token", token});
    return Plane().Kubectl(arguments);
  }
};

TEST_F(Cluster, EveryPartRuns) {
  EXPECT_THAT(Status(), AllOf(HasSubstr(Plane().server()), ContainsRegex("etcd +runs"), ContainsRegex("apiserver +runs"),
                              ContainsRegex("controller-manager +runs"), ContainsRegex("scheduler +runs")));
  EXPECT_EQ(Json::parse(Plane().Output({"get", "--raw", "/version"})).at("minor"), "34");
}

TEST_F(Cluster, AdministratorByCertificateAndByToken) {
  for (const std::string context : {"admin", "admin-token"}) {
    EXPECT_THAT(Plane().Output({"--context", context, "auth", "whoami"}), HasSubstr("system:masters")) << context;
  }
  EXPECT_FALSE(As("no-such-token", {"get", "namespaces"}).ok());
}

TEST_F(Cluster, ServiceAccountTokensAreAuthorisedByRbacAndAudited) {
  const auto ns = Plane().NewNamespace("rbac");
  const auto user = "system:serviceaccount:" + ns + ":runner";
  Plane().Output({"create", "serviceaccount", "runner", "-n", ns});
  auto token = Plane().Output({"create", "token", "runner", "-n", ns});
  token.erase(token.find_last_not_of('\n') + 1);

  EXPECT_THAT(As(token, {"auth", "whoami"}).out, HasSubstr(user));
  EXPECT_THAT(As(token, {"get", "configmaps", "-n", ns}).err, HasSubstr("is forbidden"));
  Plane().Output({"create", "role", "reader", "-n", ns, "--verb=list", "--resource=configmaps"});
  Plane().Output({"create", "rolebinding", "reader", "-n", ns, "--role=reader", "--serviceaccount=" + ns + ":runner"});
  EXPECT_TRUE(Eventually([&] { return As(token, {"get", "configmaps", "-n", ns}).ok(); }, seconds(30)));
  EXPECT_THAT(As(token, {"get", "secrets", "-n", ns}).err, HasSubstr("is forbidden"));

  std::vector<std::string> allowed, forbidden;
  for (const auto& event : Plane().AuditLog()) {
    if (event.at("user").value("username", "") != user || !event.contains("objectRef")) continue;
    const auto resource = event.at("objectRef").at("resource").get<std::string>();
    const auto& notes = event.at("annotations");
    if (notes.at("authorization.k8s.io/decision") == "forbid") forbidden.push_back(resource);
    if (notes.at("authorization.k8s.io/reason").get<std::string>().find("RoleBinding \"reader") != std::string::npos)
      allowed.push_back(resource);
  }
  EXPECT_THAT(forbidden, ::testing::IsSupersetOf({"configmaps", "secrets"}));
  EXPECT_THAT(allowed, AllOf(::testing::Contains("configmaps"), Not(::testing::Contains("secrets"))));
}

TEST_F(Cluster, ControllersMakeThePodOfAJobAndTheSchedulerFindsNoNode) {
  const auto ns = Plane().NewNamespace("job");
  Plane().Output({"create", "job", "once", "-n", ns, "--image=none", "--", "true"});
  EXPECT_TRUE(Eventually(
      [&] {
        const auto pods = Plane().Get({"pods", "-n", ns, "-l", "job-name=once"}).at("items");
        return pods.size() == 1 && pods[0].at("status").dump().find("Unschedulable") != std::string::npos;
      },
      seconds(60)));
}

TEST_F(Cluster, PodSecurityHolds) {
  const auto ns = Plane().NewNamespace("security");
  Plane().Output({"label", "namespace", ns, "pod-security.kubernetes.io/enforce=restricted"});
  EXPECT_THAT(Plane().Kubectl({"run", "bad", "-n", ns, "--image=none"}).err, HasSubstr("violates PodSecurity \"restricted"));
}

TEST_F(Cluster, EtcdListensToTheApiServerOnly) {
  const auto pki = Plane().state() / "pki";
  std::ifstream file(Plane().state() / "port/etcd");
  std::string port;
  ASSERT_TRUE(std::getline(file, port));
  const auto health = [&](const std::string& client) {
    return Plane().Kubectl({"--kubeconfig", "/dev/null", "--server", "https://127.0.0.1:" + port, "--certificate-authority",
                            pki / "etcd-ca.crt", "--client-certificate", pki / (client + ".crt"), "--client-key",
                            pki / (client + ".key"), "get", "--raw", "/health"});
  };
  EXPECT_TRUE(health("etcd-client").ok());
  EXPECT_FALSE(health("admin").ok());
}

TEST_F(Cluster, APartCanFailAndComeBack) {
  const auto ns = Plane().NewNamespace("outage");
  Plane().Kill("apiserver");
  EXPECT_THAT(Status(), ContainsRegex("apiserver +stopped"));
  EXPECT_FALSE(Plane().Kubectl({"get", "namespaces", "--request-timeout=5s"}).ok());
  Plane().Start("apiserver");
  EXPECT_TRUE(Plane().Kubectl({"get", "namespace", ns}).ok());

  Plane().Freeze("scheduler");
  EXPECT_THAT(Status(), ContainsRegex("scheduler +frozen"));
  Plane().Thaw("scheduler");
  EXPECT_THAT(Status(), ContainsRegex("scheduler +runs"));
}

TEST_F(Cluster, ASecondOneIsItsOwnAndGoesWithoutATrace) {
  const auto state = Plane().state().string() + "-second";
  ASSERT_TRUE(Run({"up", "--state", state}).ok());
  EXPECT_THAT(ProcessesWith(state), SizeIs(::testing::Ge(5U)));

  const auto server =
      Run({"kubectl", "--state", state, "--", "config", "view", "-o", "jsonpath={.clusters[0].cluster.server}"}).out;
  EXPECT_NE(server, Plane().server());
  // Neither knows the other's certificates.
  EXPECT_FALSE(Plane().Kubectl({"--server", server, "get", "namespaces"}).ok());
  EXPECT_TRUE(Run({"kubectl", "--state", state, "--", "get", "namespaces"}).ok());

  const auto again = Run({"up", "--state", state});
  EXPECT_TRUE(again.ok());
  EXPECT_THAT(again.err, HasSubstr("up already"));

  EXPECT_TRUE(Run({"down", "--state", state}).ok());
  EXPECT_THAT(ProcessesWith(state), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(state));
  EXPECT_FALSE(std::filesystem::exists(state + ".log"));
  EXPECT_EQ(Run({"status", "--state", state}).exit_code, 1);
  EXPECT_TRUE(Run({"down", "--state", state}).ok());
  EXPECT_TRUE(Plane().Kubectl({"get", "namespaces"}).ok());
}

TEST_F(Cluster, KilledItTakesAllPartsWithIt) {
  const auto state = Plane().state().string() + "-killed";
  lab::Process serve({.argv = {kScript, "serve", "--state", state}});
  ASSERT_TRUE(serve.WaitUntil([&] { return std::filesystem::exists(state + "/ready"); }, seconds(240))) << serve.Err();
  EXPECT_THAT(ProcessesWith(state), SizeIs(::testing::Ge(5U)));
  serve.Signal(SIGKILL);
  EXPECT_TRUE(Eventually([&] { return ProcessesWith(state).empty(); }, seconds(10)));
  EXPECT_TRUE(Run({"down", "--state", state}).ok());
  EXPECT_FALSE(std::filesystem::exists(state));
}

TEST_F(Cluster, AFolderOfSomebodyElseIsLeftAlone) {
  const auto folder = std::filesystem::path(Plane().state().string() + "-other");
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "letter") << "dear";
  for (const std::string verb : {"up", "serve", "down"}) {
    const auto ended = Run({verb, "--state", folder.string()});
    EXPECT_EQ(ended.exit_code, 2) << verb;
    EXPECT_THAT(ended.err, HasSubstr("has other things in it")) << verb;
    EXPECT_TRUE(std::filesystem::exists(folder / "letter")) << verb;
  }
  std::filesystem::remove_all(folder);
}

TEST_F(Cluster, WrongUsageSaysWhatIsRight) {
  const struct {
    std::vector<std::string> arguments;
    const char* says;
  } table[] = {
      {{"upp"}, "unknown verb upp"},
      {{"up", "Not_A_Name"}, "is no name"},
      {{"up", "--frob"}, "unknown option --frob"},
      {{"up", "--state"}, "--state needs a folder"},
      {{"kill", "--state", Plane().state().string(), "kubelet"}, "PART is one of: etcd apiserver"},
  };
  for (const auto& row : table) {
    const auto ended = Run(row.arguments);
    EXPECT_EQ(ended.exit_code, 2) << row.says;
    EXPECT_THAT(ended.err, HasSubstr(row.says));
  }
}

}  // namespace
}  // namespace borgop::api_tests
