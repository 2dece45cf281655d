// ./dev cluster up --node itself: pods run as they do elsewhere, and nothing of it stays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/node/node_cluster.h"

namespace borgop::node_tests {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kScript = (kSource / "tools/cluster.sh").string();
constexpr auto kPodLimit = seconds(90);

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

std::string FirstLine(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string OutputOf(const std::string& command) { return lab::RunToEnd({.argv = {"sh", "-c", command}}, seconds(60)).out; }

class Node : public ::testing::Test {
 protected:
  void SetUp() override { BORGOP_NEEDS_NODE(); }

  static NodeCluster& Cluster() { return NodeCluster::Shared(); }
  static lab::Ended Script(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv{kScript};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return lab::RunToEnd({.argv = argv}, seconds(300));
  }
  static void Create(const std::string& ns, const std::string& name, const Json& spec) {
    Cluster().WithBash().Apply(
        {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", name}, {"namespace", ns}}}, {"spec", spec}});
  }
  static Json Status(const std::string& ns, const std::string& name) { return Cluster().Get({"pod", name, "-n", ns}).at("status"); }
  static bool ReachesPhase(const std::string& ns, const std::string& name, const std::string& phase) {
    return Eventually([&] { return Status(ns, name).value("phase", "") == phase; }, kPodLimit);
  }
};

TEST_F(Node, EveryPartRuns) {
  EXPECT_THAT(Script({"status", "--state", Cluster().state().string()}).out,
              AllOf(ContainsRegex("apiserver +runs"), ContainsRegex("containerd +runs"), ContainsRegex("coredns +runs"),
                    ContainsRegex("kubelet +runs"), ContainsRegex("kube-proxy +runs")));
}

TEST_F(Node, ARestrictedPodRunsAndSpeaksToTheApiServerAndItsLogIsRead) {
  const auto ns = Cluster().NewRestrictedNamespace("pod");
  Cluster().AddHost("10.96.0.1", "api.lab");
  Create(ns, "once",
         RestrictedPod("echo as $UID; for h in $KUBERNETES_SERVICE_HOST kubernetes.default.svc api.lab; do "
                       "exec 3<>/dev/tcp/$h/443 && echo reached $h; done; "
                       "exec 4<>/dev/tcp/no-such.lab/443 || echo no such host; (: >/file) 2>/dev/null || echo read-only"));
  ASSERT_TRUE(ReachesPhase(ns, "once", "Succeeded")) << Status(ns, "once");
  EXPECT_THAT(Cluster().Output({"logs", "once", "-n", ns}),
              AllOf(HasSubstr("as 1000"), HasSubstr("reached 10.96.0.1"), HasSubstr("reached kubernetes.default.svc"),
                    HasSubstr("reached api.lab"), HasSubstr("no such host"), HasSubstr("read-only")));
}

TEST_F(Node, AServiceLeadsToItsPodAndCommandsRunInIt) {
  const auto ns = Cluster().NewNamespace("service");
  auto spec = RestrictedPod("while :; do read -rt 3600 <> <(:); done");
  spec["containers"][0]["ports"] = Json::array({{{"containerPort", 10250}}});
  Create(ns, "waits", spec);
  ASSERT_TRUE(ReachesPhase(ns, "waits", "Running")) << Status(ns, "waits");
  EXPECT_THAT(Cluster().Output({"exec", "waits", "-n", ns, "--", "/bin/bash", "-c", "echo pid $$ as $UID"}), HasSubstr("as 1000"));

  // Bash cannot listen; the kubelet does, behind a Service without a selector.
  Cluster().Apply({{"apiVersion", "v1"},
                   {"kind", "Service"},
                   {"metadata", {{"name", "kubelet"}, {"namespace", ns}}},
                   {"spec", {{"ports", Json::array({{{"port", 80}, {"targetPort", 10250}}})}}}});
  Cluster().Apply({{"apiVersion", "discovery.k8s.io/v1"},
                   {"kind", "EndpointSlice"},
                   {"metadata", {{"name", "kubelet"}, {"namespace", ns}, {"labels", {{"kubernetes.io/service-name", "kubelet"}}}}},
                   {"addressType", "IPv4"},
                   {"ports", Json::array({{{"port", 10250}}})},
                   {"endpoints", Json::array({{{"addresses", {Cluster().address()}}}})}});
  const auto ip = Cluster().Output({"get", "service", "kubelet", "-n", ns, "-o", "jsonpath={.spec.clusterIP}"});
  EXPECT_TRUE(Eventually(
      [&] {
        return Cluster().Kubectl({"exec", "waits", "-n", ns, "--", "/bin/bash", "-c", "exec 3<>/dev/tcp/" + ip + "/80"}).ok();
      },
      seconds(30)));
}

TEST_F(Node, TooMuchMemoryIsTakenAway) {
  const auto ns = Cluster().NewNamespace("memory");
  auto spec = RestrictedPod("x=1234567890123456; while :; do x=$x$x; done");
  spec["containers"][0]["resources"] = {{"limits", {{"memory", "32Mi"}}}};
  Create(ns, "hungry", spec);
  ASSERT_TRUE(ReachesPhase(ns, "hungry", "Failed")) << Status(ns, "hungry");
  EXPECT_THAT(Status(ns, "hungry").dump(), HasSubstr("OOMKilled"));
}

TEST_F(Node, PartsFailAndComeBackAndPodsGoOn) {
  const auto ns = Cluster().NewNamespace("parts");
  Create(ns, "stays", RestrictedPod("while :; do read -rt 3600 <> <(:); done"));
  ASSERT_TRUE(ReachesPhase(ns, "stays", "Running")) << Status(ns, "stays");
  const auto before = Status(ns, "stays").at("containerStatuses")[0];
  for (const std::string part : {"containerd", "kubelet", "kube-proxy", "coredns"}) {
    Cluster().Kill(part);
    EXPECT_THAT(Script({"status", "--state", Cluster().state().string()}).out, ContainsRegex(part + " +stopped"));
    Cluster().Start(part);
    EXPECT_THAT(Script({"status", "--state", Cluster().state().string()}).out, ContainsRegex(part + " +runs"));
  }
  EXPECT_TRUE(Eventually(
      [&] {
        return Cluster().Kubectl({"exec", "stays", "-n", ns, "--", "/bin/bash", "-c", "true"}).ok();
      },
      seconds(60)));
  const auto after = Status(ns, "stays").at("containerStatuses")[0];
  EXPECT_EQ(before.at("containerID"), after.at("containerID"));
  EXPECT_EQ(after.at("restartCount"), 0);
}

// A second one beside it, so that it can be ended; once asked to, and once by SIGKILL.
TEST_F(Node, ItGoesWithoutATrace) {
  Cluster();
  for (const bool killed : {false, true}) {
    SCOPED_TRACE(killed);
    const auto state = Cluster().state().string() + (killed ? "-killed" : "-ended");
    lab::Process serve({.argv = {kScript, "serve", "--node", "--state", state}});
    ASSERT_TRUE(serve.WaitUntil([&] { return std::filesystem::exists(state + "/ready"); }, seconds(300))) << serve.Err();
    const auto link = FirstLine(state + "/node/link"), group = FirstLine(state + "/node/cgroup");
    ASSERT_THAT(OutputOf("ip -br link"), HasSubstr(link + "@"));
    ASSERT_THAT(OutputOf("ls -d /sys/fs/cgroup/*/" + group), HasSubstr(group));
    EXPECT_THAT(ProcessesWith(state), ::testing::SizeIs(::testing::Ge(8U)));

    if (killed) {
      serve.Signal(SIGKILL);
      EXPECT_TRUE(Eventually([&] { return ProcessesWith(state).empty(); }, seconds(20)));
    }
    const auto down = Script({"down", "--state", state});
    EXPECT_TRUE(down.ok()) << down.err;
    EXPECT_THAT(ProcessesWith(state), IsEmpty());
    EXPECT_THAT(
        OutputOf("ip -br link | grep -w " + link + "; ls -d /sys/fs/cgroup/*/" + group + "; grep -F " + state + " /proc/mounts"),
        "");
    EXPECT_FALSE(std::filesystem::exists(state));
  }
  // The other is as it was.
  EXPECT_TRUE(Cluster().Kubectl({"get", "node", "node"}).ok());
}

TEST_F(Node, ImagesThatAreNoneAreRefused) {
  const auto ended = Script({"load", "--state", Cluster().state().string(), "--", "/bin/true"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("/bin/true cannot be imported"));
}

}  // namespace
}  // namespace borgop::node_tests
