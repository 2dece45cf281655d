// What helm/ and deploy/ render to: the same objects, which an API server takes, and nothing that the values do not allow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "engine/version.h"
#include "tests/api/control_plane.h"
#include "tests/api/helm.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::api_tests {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using Json = nlohmann::json;
using Objects = std::map<std::string, Json>;  // by kind, namespace and name

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What the API server adds for itself, and what only helm or only kustomize adds.
void Strip(Json& object) {
  auto& meta = object["metadata"];
  for (const char* field : {"uid", "creationTimestamp", "resourceVersion", "generation", "managedFields"}) meta.erase(field);
  object.erase("status");
  if (meta.contains("annotations")) {
    for (const char* name : {"kubectl.kubernetes.io/last-applied-configuration", "helm.sh/resource-policy"})
      meta["annotations"].erase(name);
    if (meta["annotations"].empty()) meta.erase("annotations");
  }
  if (!meta.contains("labels")) return;
  for (const char* name : {"helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/version"})
    meta["labels"].erase(name);
}

class Chart : public ::testing::Test {
 protected:
  void SetUp() override {
    BORGOP_NEEDS_CONTROL_PLANE();
    if (!Helm::WhyNot().empty()) GTEST_SKIP() << Helm::WhyNot();
  }
  static ControlPlane& Plane() { return ControlPlane::Shared(); }

  static void EnsureNamespace(const std::string& name) {
    Plane().Apply({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}});
  }
  // As the API server would store them, with all its defaults.
  static Objects AsStored(const std::string& manifests) {
    std::istringstream text(Plane().Output({"apply", "--dry-run=server", "--validate=strict", "-o", "json", "-f", "-"}, manifests));
    const Json list = Json::parse(text);
    Objects objects;
    for (Json object : list.at("items")) {
      Strip(object);
      const auto& meta = object.at("metadata");
      const auto key =
          object.at("kind").get<std::string>() + ' ' + meta.value("namespace", "") + '/' + meta.at("name").get<std::string>();
      EXPECT_TRUE(objects.emplace(key, std::move(object)).second) << key << " twice";
    }
    return objects;
  }
  static std::string Kustomized(const std::string& folder) {
    return Plane().Output({"kustomize", (kSource / "deploy" / folder).string()});
  }
  static std::string Rendered(const std::string& ns, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"template", "borg-operator", Helm::Chart(), "--namespace", ns, "--skip-tests"});
    return Helm::Output(arguments);
  }
  static void ExpectSame(const Objects& one, const Objects& other) {
    std::set<std::string> names, others;
    for (const auto& [name, object] : one) names.insert(name);
    for (const auto& [name, object] : other) others.insert(name);
    EXPECT_EQ(names, others);
    for (const auto& [name, object] : one) {
      if (const auto found = other.find(name); found != other.end()) {
        EXPECT_EQ(Json::diff(object, found->second), Json::array()) << name;
      }
    }
  }
};

TEST_F(Chart, KustomizeAndHelmInstallTheSameForTheWholeCluster) {
  EnsureNamespace("borg-operator");
  auto kustomized = AsStored(Kustomized("cluster-wide"));
  EXPECT_EQ(kustomized.erase("Namespace /borg-operator"), 1U);  // helm's --create-namespace
  EXPECT_THAT(kustomized, ::testing::SizeIs(11));
  ExpectSame(kustomized, AsStored(Rendered("borg-operator", {})));
}

TEST_F(Chart, KustomizeAndHelmInstallTheSameForOneNamespace) {
  EnsureNamespace("backups");
  // One has the namespace by name, the other from the pod.
  auto text = Kustomized("one-namespace");
  text = std::regex_replace(text, std::regex(R"(\$\(POD_NAMESPACE\))"), "backups");
  auto kustomized = AsStored(text);
  kustomized.at("Deployment backups/borg-operator")["spec"]["template"]["spec"]["containers"][0].erase("env");
  ExpectSame(kustomized, AsStored(Rendered("backups", {"--set", "watchNamespaces={backups},crds.install=false"})));
}

TEST_F(Chart, TheNamespaceScheduleIsTheSame) {
  EnsureNamespace("backups");
  const TemporaryDirectory work;
  // A component is nothing by itself. Its folder has to be named relative to the kustomization.
  const auto folder =
      std::filesystem::relative(kSource / "deploy/namespace-schedule", std::filesystem::canonical(work.path())).string();
  work.Write("kustomization.yaml", "namespace: backups\ncomponents: [" + folder + "]\n");
  const auto kustomized = AsStored(Plane().Output({"kustomize", work.path()}));
  auto rendered = AsStored(Rendered("backups", {"--set", "namespaceSchedules[0].namespace=backups", "--set",
                                                "namespaceSchedules[0].schedule=0 2 * * *", "--set", "fullnameOverride=borg"}));
  Objects triggers;
  for (auto& [name, object] : rendered) {
    if (name.find("/borg-trigger") == std::string::npos) continue;
    object["metadata"].erase("labels");
    triggers.emplace(name, object);
  }
  ExpectSame(kustomized, triggers);
}

// Kinds of the Prometheus operator, as open as can be.
void InstallMonitoringKinds(const ControlPlane& plane) {
  for (const auto& [kind, plural] : std::map<std::string, std::string>{
           {"ServiceMonitor", "servicemonitors"}, {"PodMonitor", "podmonitors"}, {"PrometheusRule", "prometheusrules"}}) {
    auto singular = kind;
    std::transform(singular.begin(), singular.end(), singular.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    plane.Apply(
        {{"apiVersion", "apiextensions.k8s.io/v1"},
         {"kind", "CustomResourceDefinition"},
         {"metadata", {{"name", plural + ".monitoring.coreos.com"}}},
         {"spec",
          {{"group", "monitoring.coreos.com"},
           {"scope", "Namespaced"},
           {"names", {{"kind", kind}, {"plural", plural}, {"singular", singular}}},
           {"versions",
            Json::array(
                {{{"name", "v1"},
                  {"served", true},
                  {"storage", true},
                  {"schema", {{"openAPIV3Schema", {{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}}}}}}})}}}});
    plane.Output({"wait", "--for=condition=Established", "--timeout=60s", "crd/" + plural + ".monitoring.coreos.com"});
  }
}

TEST_F(Chart, EverythingSwitchedOnIsAccepted) {
  EnsureNamespace("all");
  InstallMonitoringKinds(Plane());
  std::string manifests;
  ASSERT_TRUE(Eventually(
      [&] {
        manifests = Rendered("all", {"--values", (kSource / "tests/api/everything.yaml").string()});
        return Plane().Kubectl({"apply", "--dry-run=server", "-f", "-"}, manifests).ok();
      },
      seconds(60)))
      << Plane().Kubectl({"apply", "--dry-run=server", "-f", "-"}, manifests).err;
  const auto objects = AsStored(manifests);
  std::set<std::string> names;
  for (const auto& [name, object] : objects) names.insert(name);
  EXPECT_THAT(names,
              IsSupersetOf({"ServiceMonitor all/borg-operator", "PodMonitor all/borg-operator", "PrometheusRule all/borg-operator",
                            "ConfigMap all/borg-operator-dashboard", "CronJob all/borg-operator-trigger", "Role all/borg-operator",
                            "NetworkPolicy all/borg-operator-engine"}));
  const auto& pod = objects.at("Deployment all/borg-operator").at("spec").at("template").at("spec");
  const auto container = pod.at("containers")[0].dump();
  for (const char* part : {"borg-operator@sha256:", "--engine-image=registry.example/engine@sha256:", "--engine-pull-secret=pull",
                           "--namespace=all", "--log-level=debug", "--workers=2", "--api-rate=10", "--lease-renew=3"})
    EXPECT_THAT(container, HasSubstr(part));
  EXPECT_EQ(pod.at("priorityClassName"), "system-cluster-critical");
  EXPECT_EQ(pod.at("imagePullSecrets")[0].at("name"), "pull");
  for (const auto& [name, object] : objects) {
    EXPECT_EQ(object.at("metadata").at("labels").value("team", ""), "storage") << name;
  }
}

TEST_F(Chart, PodsPassRestrictedPodSecurity) {
  for (const std::string ns : {"borg-operator", "backups"}) {
    EnsureNamespace(ns);
    Plane().Output({"label", "namespace", ns, "--overwrite", "pod-security.kubernetes.io/enforce=restricted",
                    "pod-security.kubernetes.io/warn=restricted"});
  }
  // A Deployment that breaks the rules is only warned about; its pods would be refused.
  const auto ended = Plane().Kubectl({"apply", "--dry-run=server", "-f", "-"},
                                     Rendered("borg-operator", {"--set", "namespaceSchedules[0].namespace=backups", "--set",
                                                                "namespaceSchedules[0].schedule=@daily"}));
  EXPECT_TRUE(ended.ok()) << ended.err;
  EXPECT_THAT(ended.err, ::testing::Not(HasSubstr("would violate PodSecurity")));
  const auto loose = Plane().Kubectl({"create", "deployment", "loose", "--image=none", "-n", "backups", "--dry-run=server"});
  EXPECT_THAT(loose.err, HasSubstr("would violate PodSecurity"));
}

// YAML would take these names for numbers and truth values.
TEST_F(Chart, NamespacesAndReleasesMayHaveAnyName) {
  const TemporaryDirectory work;
  const auto values = work.Write(
      "values.yaml", R"({"watchNamespaces": ["n", "12"], "namespaceSchedules": [{"namespace": "yes", "schedule": "@daily"}],
      "metrics": {"dashboard": {"enabled": true}}})");
  const auto rendered = Helm::Output({"template", "1", Helm::Chart(), "--namespace", "on", "--values", values});
  const auto ended = Plane().Kubectl({"create", "--dry-run=client", "-o", "name", "-f", "-"}, rendered);
  EXPECT_TRUE(ended.ok()) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("deployment.apps/1-borg-operator"));
}

TEST_F(Chart, ValuesThatAreWrongAreRefused) {
  const struct {
    const char* value;
    const char* says;
  } table[] = {
      {"replicas=many", "replicas"},
      {"replica=2", "replica"},
      {"image.digest=abc", "image.digest"},
      {"engine.image.pullPolicy=Sometimes", "pullPolicy"},
      {"watchNamespaces={Not_One}", "watchNamespaces"},
      {"namespaceSchedules[0].namespace=a", "schedule is required"},
      {"logLevel=loud", "logLevel"},
      {"metrics.port=80", "metrics.port"},
      {"serviceAccount.create=false", "serviceAccount.name: needed"},
  };
  for (const auto& row : table) {
    const auto ended = Helm::Run({"template", "x", Helm::Chart(), "--set", row.value});
    EXPECT_FALSE(ended.ok()) << row.value;
    EXPECT_THAT(ended.err, HasSubstr(row.says)) << row.value;
  }
}

TEST_F(Chart, LintAndPackage) {
  const auto lint = Helm::Run({"lint", "--strict", Helm::Chart()});
  EXPECT_TRUE(lint.ok()) << lint.out;
  const TemporaryDirectory work;
  Helm::Output({"package", Helm::Chart(), "--destination", work.path()});
  // The CRDs and rules are in it, not links to what is beside the chart.
  const auto packaged =
      Helm::Output({"template", "borg-operator", work.path() + "/borg-operator-" + std::string(kVersion) + ".tgz", "-n", "x"});
  EXPECT_EQ(packaged, Helm::Output({"template", "borg-operator", Helm::Chart(), "-n", "x"}));
  EXPECT_THAT(packaged, HasSubstr("borgbackuptargets.borg-operator.dev"));
}

TEST(ChartFiles, AlertsAndDashboardAskForMetricsThatThereAre) {
  std::string sources;
  for (const auto& entry : std::filesystem::directory_iterator(kSource / "controller/metrics")) sources += ReadAll(entry.path());
  const std::regex metric("borg_operator_[a-z_]+");
  for (const char* file : {"helm/files/rules.yaml", "helm/files/dashboard.json"}) {
    const auto text = ReadAll(kSource / file);
    std::set<std::string> unknown;
    std::size_t found = 0;
    for (std::sregex_iterator it(text.begin(), text.end(), metric), end; it != end; ++it, ++found) {
      if (sources.find('"' + it->str() + '"') == std::string::npos) unknown.insert(it->str());
    }
    EXPECT_THAT(unknown, IsEmpty()) << file;
    EXPECT_GT(found, 5U) << file;
  }
  EXPECT_TRUE(Json::accept(ReadAll(kSource / "helm/files/dashboard.json")));
}

TEST(ChartFiles, EveryValueIsDocumented) {
  const auto table = lab::RunToEnd({.argv = {(kSource / "tools/helm_values.py").string()}});
  ASSERT_TRUE(table.ok()) << table.err;
  EXPECT_EQ(table.out, ReadAll(kSource / "docs/helm-values.md")) << "./dev docs writes it";
  // The same values in the schema: one that is not there is refused, and the defaults are taken (LintAndPackage).
  const auto schema = Json::parse(ReadAll(kSource / "helm/values.schema.json"));
  for (const auto& [name, value] : schema.at("properties").items()) {
    if (name == "global") continue;
    EXPECT_THAT(table.out, HasSubstr("| `" + name)) << name;
  }
}

TEST(ChartFiles, ChartAndProgramHaveOneVersion) {
  std::smatch version;
  const auto cmake = ReadAll(kSource / "CMakeLists.txt");
  ASSERT_TRUE(std::regex_search(cmake, version, std::regex(R"(project\(borg-operator VERSION ([0-9.]+))")));
  const auto chart = ReadAll(kSource / "helm/Chart.yaml");
  EXPECT_THAT(chart, HasSubstr("\nversion: " + version[1].str() + "\n"));
  EXPECT_THAT(chart, HasSubstr("\nappVersion: " + version[1].str() + "\n"));
}

}  // namespace
}  // namespace borgop::api_tests
