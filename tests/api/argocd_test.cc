// What Argo CD says of the operator's resources, by its own code (tests/cluster/gitops), with its settings as deploy/argocd makes them.
#include <fstream>

#include "controller/api/names.h"
#include "tests/api/gitops_programs.h"
#include "tests/api/operator_fixture.h"
#include "tests/api/sample_objects.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::api_tests {
namespace {

using ::testing::Each;

class ArgoCd : public OperatorTest {
 protected:
  static void SetUpTestSuite() {
    if (!ControlPlane::WhyNot().empty() || !GitOpsPrograms::WhyNot().empty()) return;
    ServeGitOpsKinds(Plane());
    Plane().Apply({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "argocd"}}}});
    // Its ConfigMap as it ships it, and the component that people add.
    const TemporaryDirectory folder;
    std::filesystem::copy(kSource / "deploy/argocd", folder.At("borg-operator"));
    folder.Write("kustomization.yaml", "resources: [settings.yaml]\ncomponents: [borg-operator]\n");
    folder.Write("settings.yaml",
                 "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-cm\n  namespace: argocd\n  labels:\n"
                 "    app.kubernetes.io/part-of: argocd\n");
    Plane().Output({"apply", "-k", folder.path()});
    Plane().Apply({{"apiVersion", "v1"},
                   {"kind", "Secret"},
                   {"metadata",
                    {{"name", "argocd-secret"}, {"namespace", "argocd"}, {"labels", {{"app.kubernetes.io/part-of", "argocd"}}}}}});
  }
  void SetUp() override {
    BORGOP_NEEDS_CONTROL_PLANE();
    BORGOP_NEEDS_GITOPS();
    OperatorTest::SetUp();
    application_ = Kustomized(Plane(), GitOpsTree() / "argocd").at(0);
    application_["spec"]["destination"]["namespace"] = ns();
    ASSERT_FALSE(application_.at("spec").contains("ignoreDifferences"));
  }

  void AddSecrets() const {
    const Json ssh{{"ssh-privatekey", "k"}, {"known_hosts", "h"}};
    for (const char* name : {"vault-ssh", "web-01-ssh"}) AddSecret(name, ssh);
    AddSecret("web-01-borg", {{"passphrase", "p"}});
  }
  Json Ask(const Json& rendered, const Json& live, const Json& others) const {
    const Json question{{"application", application_}, {"rendered", rendered}, {"live", live}, {"others", others}};
    const auto said = lab::RunToEnd(
        {.argv = {GitOpsPrograms::Path("argocd"), Plane().kubeconfig().string(), "argocd"}, .input = question.dump()});
    if (!said.ok()) throw std::runtime_error("Argo CD: " + said.err);
    return Json::parse(said.out);
  }
  // Marks them as the Application's and applies them, as Argo CD does by default.
  void Sync(const std::vector<Json>& rendered) {
    rendered_ = Ask(rendered, Json::array(), Json::array()).at("tracked");
    Plane().Output({"apply", "-f", "-"}, Json{{"apiVersion", "v1"}, {"kind", "List"}, {"items", rendered_}}.dump());
  }
  // What it says of each of them.
  std::vector<Json> Compare() const {
    Json live = Json::array();
    for (const auto& object : rendered_)
      live.push_back(Json::parse(Plane().Output({"get", "-o", "json", "-f", "-"}, object.dump())).at("items").at(0));
    return Ask(rendered_, live, Json::array()).at("objects").get<std::vector<Json>>();
  }
  Json Verdict(const std::string& name) const {
    const auto all = Compare();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (rendered_.at(i).at("kind") == "BorgBackupTarget" && rendered_.at(i).at("metadata").at("name") == name) return all[i];
    }
    throw std::runtime_error("no " + name);
  }
  void ExpectNoDrift() const {
    for (const Json& one : Compare()) {
      EXPECT_EQ(one.at("drift"), false) << one.dump(2);
      EXPECT_EQ(one.at("serverSideDrift"), false) << one.dump(2);
    }
  }

  Json application_, rendered_;
};

TEST_F(ArgoCd, SeesHealthAndNoDriftWhateverTheOperatorWrites) {
  AddSecrets();
  auto server = SampleServer(ns()), target = SampleTarget(ns());
  target["metadata"]["name"] = "web";
  Sync({server, target});
  AwaitReady("web", "True", "Unscheduled");
  ExpectNoDrift();
  EXPECT_EQ(Verdict("web").at("health"), "Healthy");

  const auto job = RunNow("web", "1");
  PlayedPod::Of(job).Run();
  Await("web", "/state", "Running");
  ExpectNoDrift();
  EXPECT_EQ(Verdict("web").at("health"), "Healthy");
  PlayedPod::Of(job).End(BadReport(Reason::kHostKeyMismatch));
  AwaitResult("web", job);
  Until("the target to stop", [&] { return HealthOf("web") == kStopped; });
  ExpectNoDrift();
  EXPECT_EQ(Verdict("web").at("health"), "Degraded");
  EXPECT_EQ(Verdict("web").at("message"), Condition("web", "Ready").at("message"));

  // What somebody else writes is drift.
  ChangeSpec("web", {{"source", {{"paths", {"/elsewhere"}}}}});
  EXPECT_EQ(Verdict("web").at("drift"), true);
  EXPECT_EQ(Verdict("web").at("serverSideDrift"), true);
  EXPECT_EQ(Verdict("web").at("health"), "Progressing");  // until the operator has seen it
}

// Whatever labels it goes by: what the operator makes belongs to the target and not to the Application, which would prune it.
TEST_F(ArgoCd, TakesNothingThatTheOperatorMakesForItsOwn) {
  AddSecrets();
  for (const char* method : {"annotation", "label", "annotation+label"}) {
    SCOPED_TRACE(method);
    Plane().Output({"patch", "configmap", "argocd-cm", "-n", "argocd", "--type=merge", "-p",
                    Json{{"data", {{"application.resourceTrackingMethod", method}}}}.dump()});
    auto target = SampleTarget(ns());
    const auto name = std::string("web-") + std::to_string(std::string_view(method).size());
    target["metadata"]["name"] = name;
    target["spec"]["schedule"] = "@daily-random";
    target["spec"]["repository"]["path"] = name;
    Sync({SampleServer(ns()), target});
    AwaitReady(name, "True", "Scheduled");
    Backup(name, "1", GoodReport());
    const auto made =
        Plane().Get({"cronjobs,jobs,pods,configmaps", "-n", ns(), "-l", std::string(api::kTargetLabel) + '=' + name}).at("items");
    EXPECT_GE(made.size(), 5U);
    EXPECT_THAT(Ask(rendered_, Json::array(), made).at("owners"), Each(""));
    // Without owners, too.
    auto orphans = made;
    for (auto& each : orphans) each["metadata"].erase("ownerReferences");
    EXPECT_THAT(Ask(rendered_, Json::array(), orphans).at("owners"), Each(""));
    auto own = Target(name);
    EXPECT_EQ(Ask(rendered_, Json::array(), Json::array({own})).at("owners").at(0), "backups");
    ExpectNoDrift();
  }
  Plane().Output({"patch", "configmap", "argocd-cm", "-n", "argocd", "--type=json", "-p",
                  R"([{"op": "remove", "path": "/data/application.resourceTrackingMethod"}])"});
}

// Defaults that the API server adds are no drift, in whichever field.
TEST_F(ArgoCd, TakesEveryGoodObjectAsItIs) {
  AddSecrets();
  std::vector<Json> objects;
  for (auto& good : GoodObjects(ns())) {
    good.object["metadata"]["name"] = "good-" + std::to_string(objects.size());
    objects.push_back(good.object);
  }
  ASSERT_GT(objects.size(), 25U);
  Sync(objects);
  ExpectNoDrift();
}

TEST_F(ArgoCd, SeesNoDriftInTheOperatorsOwnObjects) {
  const auto objects = Kustomized(Plane(), kSource / "deploy/cluster-wide");
  ASSERT_GT(objects.size(), 10U);
  Sync(objects);
  ExpectNoDrift();
}

// A quick program says the same of single objects, wherever its word is used in tests.
TEST_F(ArgoCd, IsWhatJudgeSays) {
  AddServer(Json::object(), "web-01-borg");
  auto target = SampleTarget(ns());
  target["metadata"]["name"] = "waits";
  Sync({target});
  AwaitReady("waits", "False", "SecretMissing");
  EXPECT_EQ(Verdict("waits").at("health"), JudgeOf(Target("waits")).argo);
  EXPECT_EQ(Verdict("waits").at("health"), "Progressing");
}

}  // namespace
}  // namespace borgop::api_tests
