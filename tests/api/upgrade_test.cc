// What is installed over an earlier version, set back to it and taken away: everybody's objects live through all of it, and the operator works.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/api/access.h"
#include "tests/api/helm.h"
#include "tests/api/older_version.h"
#include "tests/api/operator_process.h"
#include "tests/api/sample_objects.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::api_tests {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kUpgradeLimit = seconds(60);
constexpr const char* kHome = "borg-operator";

// Whether `whole` says all that `part` says: it may say more.
bool Says(const Json& whole, const Json& part) {
  auto merged = whole;
  merged.merge_patch(part);
  return merged == whole;
}

class Upgrade : public ::testing::Test {
 protected:
  void SetUp() override {
    BORGOP_NEEDS_CONTROL_PLANE();
    Uninstall();
    RemoveCrds();
  }
  // As the other tests of this program want them.
  static void TearDownTestSuite() {
    if (!ControlPlane::WhyNot().empty()) return;
    Plane().Output({"apply", "--server-side", "--force-conflicts", "-f", kCrds});
    AwaitCrds();
  }
  static ControlPlane& Plane() { return ControlPlane::Shared(); }
  // As docs/install.md says it. The whole would take CRDs and namespace, and with them what everybody has.
  static void Uninstall() {
    Plane().Output({"delete", "-k", (kSource / "deploy/cluster-wide").string(), "-l", "!borg-operator.dev/keep",
                    "--ignore-not-found", "--timeout=60s"});
  }
  static void RemoveCrds() { Plane().Output({"delete", "--ignore-not-found", "--timeout=60s", "-f", kCrds}); }
  static void AwaitCrds() { Plane().Output({"wait", "--for=condition=Established", "--timeout=60s", "-f", kCrds}); }
  static Json At(const std::vector<std::string>& what, const char* pointer) {
    return Plane().Get(what).at(Json::json_pointer(pointer));
  }

  // A server and two targets, as an operator of that time left them. What one of them says is refused today.
  void Store(const std::string& prefix) {
    AwaitCrds();
    ns_ = Plane().NewNamespace(prefix);
    for (const auto& [name, data] : std::map<std::string, Json>{{"vault-ssh", {{"ssh-privatekey", "k"}, {"known_hosts", "h"}}},
                                                                {"web-01-ssh", {{"ssh-privatekey", "k"}, {"known_hosts", "h"}}},
                                                                {"web-01-borg", {{"passphrase", "p"}}}})
      Plane().Apply(
          {{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", name}, {"namespace", ns_}}}, {"stringData", data}});
    auto old = SampleTarget(ns_);
    old["metadata"]["name"] = "old";
    old["spec"].merge_patch({{"repository", {{"path", "of/old"}}}, {"archiveName", "a.checkpoint-b"}});
    auto web = SampleTarget(ns_);
    web["metadata"]["annotations"] = {{"borg-operator.dev/run-now", "earlier"}};
    web["spec"].merge_patch(Json::parse(R"({"schedule": "0 0 1 1 *", "retention": {"keepLast": 3}, "limits": {"retries": 1},
        "maintenance": {"check": "archives"}, "podTemplate": {"labels": {"team": "web"}}})"));
    for (const auto& object : {SampleServer(ns_), web, old}) {
      // The API server serves what is established a moment later.
      ASSERT_TRUE(Eventually(
          [&] {
            return Plane().Kubectl({"apply", "--server-side", "-f", "-"}, object.dump()).ok();
          },
          kUpgradeLimit))
          << Plane().Kubectl({"apply", "--server-side", "-f", "-"}, object.dump()).err;
    }
    SetStatus("web-01", R"({"observedGeneration": 1, "lastRunNow": "earlier", "repository": {"id": "abc", "archives": 7},
        "lastBackup": {"job": "j", "phase": "Completed", "completionTime": "2026-01-02T03:04:05Z"},
        "conditions": [{"type": "Ready", "status": "False", "reason": "R", "message": "m", "lastTransitionTime": "2026-01-02T03:04:05Z"}]})");
    Remember();
  }
  void SetStatus(const std::string& name, const std::string& status) const {
    Plane().Output({"patch", "bbt", name, "-n", ns_, "--type=merge", "--subresource=status", "-p", R"({"status":)" + status + "}"});
  }
  void Remember() {
    for (const std::string name : {"bs/vault", "bbt/web-01", "bbt/old"}) {
      auto& object = before_[name] = Plane().Get({name, "-n", ns_});
      // What an operator writes anew.
      for (const char* field : {"conditions", "observedGeneration"}) {
        if (object.contains("status")) object["status"].erase(field);
      }
    }
  }
  // The same objects, that say all they said.
  // The older ones have no hooks.
  static bool HasTodaysCrds() { return Plane().Kubectl({"explain", "bbt.spec.hooks"}).ok(); }
  void ExpectKept(const std::string& when) const {
    for (const auto& [name, before] : before_) {
      SCOPED_TRACE(when + ", " + name);
      const auto ended = Plane().Kubectl({"get", name, "-n", ns_, "-o", "json"});
      ASSERT_TRUE(ended.ok()) << ended.err;
      const auto now = Json::parse(ended.out);
      EXPECT_EQ(now.at("metadata").at("uid"), before.at("metadata").at("uid"));
      EXPECT_EQ(now.at("metadata").at("generation"), before.at("metadata").at("generation"));
      EXPECT_FALSE(now.at("metadata").contains("deletionTimestamp"));
      EXPECT_TRUE(Says(now.at("spec"), before.at("spec"))) << now.at("spec") << "\nsaid " << before.at("spec");
      if (before.contains("status")) {
        EXPECT_TRUE(Says(now.at("status"), before.at("status"))) << now << "\nsaid " << before;
      }
    }
  }
  // They are no museum: also what today's rules refuse in a new object can be told of, marked and mended.
  void ExpectWritable() {
    SetStatus(
        "old",
        R"({"consecutiveFailures": 1, "lastBackup": {"job": "j", "phase": "Starting"}, "lastCheckTime": "2026-01-02T03:04:05Z"})");
    EXPECT_EQ(At({"bbt", "old", "-n", ns_}, "/status/lastCheckTime"), "2026-01-02T03:04:05Z");
    before_["bbt/old"]["status"] = {{"consecutiveFailures", 1}, {"lastBackup", {{"job", "j"}, {"phase", "Starting"}}}};
    Plane().Output({"annotate", "bbt", "old", "-n", ns_, "--overwrite", "borg-operator.dev/run-now=1"});
    const auto refused =
        Plane().Kubectl({"patch", "bbt", "old", "-n", ns_, "--type=merge", "-p", R"({"spec":{"archiveName":"c.checkpoint"}})"});
    EXPECT_THAT(refused.err, HasSubstr("an archive's name has no"));
    Plane().Output({"patch", "bbt", "web-01", "-n", ns_, "--type=merge", "--dry-run=server", "-p",
                    R"({"spec":{"hooks":{"before":[["true"]]}}})"});
  }
  // The operator as it is installed there takes the target up.
  void ExpectAtWork() {
    OperatorProcess process(Plane(), {.kubeconfig = AccessOf(Plane(), kHome, "borg-operator"), .elect = true});
    const auto is_ready = [&] {
      const auto said = Plane().Kubectl({"wait", "bbt/web-01", "-n", ns_, "--for=condition=Ready", "--timeout=0"});
      const auto cron_job = Plane().Kubectl({"get", "cronjob", "web-01", "-n", ns_});
      return said.ok() && cron_job.ok();
    };
    EXPECT_TRUE(Eventually(is_ready, kUpgradeLimit)) << Plane().Get({"bbt", "web-01", "-n", ns_}) << process.Log();
    EXPECT_EQ(process.Stop().exit_code, 0);
  }

  std::string ns_;
  std::map<std::string, Json> before_;  // as "kind/name"
  static inline const std::string kCrds = (kSource / "crds").string();
};

TEST_F(Upgrade, OfTheCrdsByKubectlKeepsEveryObject) {
  const auto older = ListOf(OlderCrds(Plane())).dump();
  Plane().Output({"apply", "--server-side", "-f", "-"}, older);
  Store("crds");
  const auto of_today =
      Plane().Kubectl({"patch", "bbt", "old", "-n", ns_, "--type=merge", "-p", R"({"spec":{"hooks":{"before":[["true"]]}}})"});
  EXPECT_THAT(of_today.err, HasSubstr("unknown field")) << "the older version is none";

  Plane().Output({"apply", "--server-side", "-f", kCrds});
  AwaitCrds();
  ASSERT_TRUE(Eventually([&] { return HasTodaysCrds(); }, kUpgradeLimit));
  ExpectKept("upgraded");
  ExpectWritable();
  Plane().Output({"apply", "--server-side", "-f", "-"}, older);
  ASSERT_TRUE(Eventually([&] { return !HasTodaysCrds(); }, kUpgradeLimit));
  ExpectKept("set back");
  Plane().Output({"apply", "--server-side", "-f", kCrds});
  ExpectKept("upgraded again");
}

class ChartUpgrade : public Upgrade {
 protected:
  void SetUp() override {
    Upgrade::SetUp();
    if (IsSkipped()) return;
    if (!Helm::WhyNot().empty()) GTEST_SKIP() << Helm::WhyNot();
    RunHelm("uninstall", {"--ignore-not-found"});
  }
  // In the namespace borg-operator; with a schedule for the namespace of the targets.
  lab::Ended RunHelm(const std::string& verb, std::vector<std::string> more) const {
    more.insert(more.begin(), {verb, "borg-operator"});
    more.insert(more.end(), {"--namespace", kHome, "--kubeconfig", Plane().kubeconfig().string()});
    return Helm::Run(more);
  }
  static Json Installed(const std::string& kind, const std::string& name, const std::string& ns) {
    return Plane().Get({kind, name, "-n", ns});
  }
  static std::string Uid(const Json& object) { return object.at("metadata").at("uid"); }
};

TEST_F(ChartUpgrade, RollbackAndUninstallKeepEveryObject) {
  const TemporaryDirectory work;
  const auto install = RunHelm("install", {OlderChart(Plane(), work.path()), "--create-namespace"});
  ASSERT_TRUE(install.ok()) << install.err;
  Store("chart");
  const std::vector<std::string> today{Helm::Chart(),
                                       "--set",
                                       "logLevel=debug",
                                       "--set",
                                       "namespaceSchedules[0].namespace=" + ns_,
                                       "--set",
                                       "namespaceSchedules[0].schedule=0 2 * * *"};
  const auto before = Installed("deployment", "borg-operator", kHome);
  EXPECT_THAT(before.dump(), HasSubstr("borg-operator:" + std::string(kOlderVersion)));

  const auto upgrade = RunHelm("upgrade", today);
  ASSERT_TRUE(upgrade.ok()) << upgrade.err;
  ASSERT_TRUE(Eventually([&] { return HasTodaysCrds(); }, kUpgradeLimit)) << "the CRDs are the older ones";
  ExpectKept("upgraded");
  ExpectWritable();
  const auto after = Installed("deployment", "borg-operator", kHome);
  EXPECT_EQ(Uid(after), Uid(before)) << "it was made anew";
  EXPECT_THAT(after.dump(), Not(HasSubstr(std::string(kOlderVersion))));
  const auto trigger = Installed("cronjob", "borg-operator-trigger", ns_);
  ExpectAtWork();

  const auto rollback = RunHelm("rollback", {"1"});
  ASSERT_TRUE(rollback.ok()) << rollback.err;
  ExpectKept("rolled back");
  EXPECT_EQ(Uid(Installed("deployment", "borg-operator", kHome)), Uid(before));
  EXPECT_THAT(Installed("deployment", "borg-operator", kHome).dump(), HasSubstr("borg-operator:" + std::string(kOlderVersion)));
  EXPECT_FALSE(Plane().Kubectl({"get", "cronjob", "borg-operator-trigger", "-n", ns_}).ok()) << "the older release had none";
  const auto again = RunHelm("upgrade", today);
  ASSERT_TRUE(again.ok()) << again.err;
  ExpectKept("upgraded again");

  const auto uninstall = RunHelm("uninstall", {});
  ASSERT_TRUE(uninstall.ok()) << uninstall.err;
  ASSERT_TRUE(Eventually(
      [&] {
        return !Plane().Kubectl({"get", "deployment", "borg-operator", "-n", kHome}).ok();
      },
      kUpgradeLimit));
  EXPECT_FALSE(Plane().Kubectl({"get", "clusterrole", "borg-operator"}).ok());
  ExpectKept("uninstalled");
  const auto anew = RunHelm("install", {Helm::Chart()});
  EXPECT_TRUE(anew.ok()) << "over the CRDs that stayed: " << anew.err;
  ExpectKept("installed anew");
  RunHelm("uninstall", {});
}

// All labels that something is selected by, wherever they stand.
void AddSelectors(const Json& node, const std::string& path, std::map<std::string, Json>& selectors) {
  if (!node.is_structured()) return;
  for (const auto& [key, below] : node.items()) {
    const auto here = path + '/' + key;
    if (key == "matchLabels" || (key == "selector" && below.is_object() && !below.contains("matchLabels"))) selectors[here] = below;
    AddSelectors(below, here, selectors);
  }
}

// What cannot be changed where it is, and what would be made a second time under another name.
TEST_F(ChartUpgrade, NamesAndSelectorsAreThoseOfAnyVersion) {
  const TemporaryDirectory work;
  const auto selectors_of = [](const std::string& chart) {
    const auto text = Helm::Output({"template", "borg-operator", chart, "--namespace", kHome, "--skip-tests", "--set",
                                    "namespaceSchedules[0].namespace=n,namespaceSchedules[0].schedule=@daily"});
    std::istringstream objects(Plane().Output({"create", "--dry-run=client", "-o", "json", "-f", "-"}, text));
    std::map<std::string, Json> selectors;
    for (Json object; objects >> std::ws && objects.peek() != std::istringstream::traits_type::eof();) {
      objects >> object;
      const auto& meta = object.at("metadata");
      const auto name =
          object.at("kind").get<std::string>() + ' ' + meta.value("namespace", "") + '/' + meta.at("name").get<std::string>();
      selectors[name] = nullptr;
      if (object.at("kind") != "CustomResourceDefinition" && object.contains("spec"))
        AddSelectors(object.at("spec"), name, selectors);
    }
    return selectors;
  };
  const auto today = selectors_of(Helm::Chart());
  EXPECT_EQ(today, selectors_of(OlderChart(Plane(), work.path())));
  const Json own{{"app.kubernetes.io/name", "borg-operator"}, {"app.kubernetes.io/instance", "borg-operator"}};
  std::size_t found = 0;
  for (const auto& [path, selector] : today) {
    if (selector.is_null()) continue;
    EXPECT_EQ(selector, own) << path;
    ++found;
  }
  EXPECT_EQ(found, 5U) << "Deployment and its spread, Service, budget, network policy";
}

TEST_F(ChartUpgrade, TakesOverCrdsOfKubectlOnlyWhereThatIsAskedFor) {
  Plane().Output({"apply", "--server-side", "-f", "-"}, ListOf(OlderCrds(Plane())).dump());
  Store("taken");
  const std::vector<std::string> chart{Helm::Chart(), "--create-namespace"};
  EXPECT_THAT(RunHelm("install", chart).err, HasSubstr("cannot be imported into the current release"));
  auto taking = chart;
  taking.emplace_back("--take-ownership");
  const auto install = RunHelm("install", taking);
  ASSERT_TRUE(install.ok()) << install.err;
  ExpectKept("taken over");
  EXPECT_TRUE(Eventually([&] { return HasTodaysCrds(); }, kUpgradeLimit)) << "the CRDs are the older ones";
  EXPECT_TRUE(RunHelm("upgrade", {Helm::Chart(), "--set", "crds.install=false"}).ok());
  ExpectKept("given back");
  EXPECT_TRUE(RunHelm("uninstall", {}).ok());
  ExpectKept("uninstalled");
}

TEST_F(Upgrade, OfTheKustomizationKeepsEveryObject) {
  const TemporaryDirectory work;
  OlderKustomizations(Plane(), work.path());
  const auto older = work.At("deploy/cluster-wide"), today = (kSource / "deploy/cluster-wide").string();
  Plane().Output({"apply", "-k", older});
  Store("kustomize");
  const std::vector<std::string> deployment{"deployment", "borg-operator", "-n", kHome};
  const auto uid = At(deployment, "/metadata/uid");
  const char* image = "/spec/template/spec/containers/0/image";
  EXPECT_EQ(At(deployment, image), "localhost/borg-operator:" + std::string(kOlderVersion));

  Plane().Output({"apply", "-k", today});
  ASSERT_TRUE(Eventually([&] { return HasTodaysCrds(); }, kUpgradeLimit)) << "the CRDs are the older ones";
  ExpectKept("upgraded");
  ExpectWritable();
  ExpectAtWork();
  EXPECT_EQ(At(deployment, "/metadata/uid"), uid) << "it was made anew";
  EXPECT_THAT(At(deployment, image).get<std::string>(), Not(HasSubstr(std::string(kOlderVersion))));

  Plane().Output({"apply", "-k", older});
  ExpectKept("set back");
  EXPECT_EQ(At(deployment, "/metadata/uid"), uid);
  EXPECT_EQ(At(deployment, image), "localhost/borg-operator:" + std::string(kOlderVersion));

  Uninstall();
  EXPECT_FALSE(Plane().Kubectl({"get", "deployment", "borg-operator", "-n", kHome}).ok());
  EXPECT_FALSE(Plane().Kubectl({"get", "clusterrole", "borg-operator"}).ok());
  EXPECT_TRUE(Plane().Kubectl({"get", "namespace", kHome}).ok());
  ExpectKept("deleted");
  Plane().Output({"apply", "-k", today});
  ExpectKept("installed anew");
  Uninstall();
}

}  // namespace
}  // namespace borgop::api_tests
