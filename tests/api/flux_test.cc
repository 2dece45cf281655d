// The working tree in deploy/gitops, by Flux's own controllers: what docs/gitops.md says of it.
#include <filesystem>
#include <fstream>
#include <regex>

#include "controller/api/names.h"
#include "tests/api/flux.h"
#include "tests/api/gitops_programs.h"
#include "tests/api/operator_fixture.h"

// Set by tests/api/CMakeLists.txt: BORGOP_SOURCE_DIR.

namespace borgop::api_tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kFlux = "flux-system";
constexpr const char* kNamespace = "backups";
constexpr const char* kTarget = "web-01";
constexpr const char* kOperatorNamespace = "borg-operator";

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  if (!file) throw std::runtime_error("cannot write " + path);
}

void Replace(const std::string& path, const std::string& from, const std::string& to) {
  auto text = Read(path);
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error(path + " has no " + from);
  Write(path, text.replace(at, from.size(), to));
}

std::string OutputOf(const std::vector<std::string>& argv) {
  auto ended = lab::RunToEnd({.argv = argv});
  if (!ended.ok()) throw std::runtime_error(argv.front() + ": " + ended.err);
  return std::move(ended.out);
}

// Nothing was written to an object between two looks.
std::string VersionOf(const Json& object) { return object.at("metadata").at("resourceVersion"); }

// Who owns which fields, of all but the status, which is the operator's.
Json OwnersOf(const Json& object) {
  Json owners = Json::array();
  for (auto entry : object.at("metadata").at("managedFields")) {
    entry.erase("time");
    if (entry.value("subresource", "") != "status") owners.push_back(entry);
  }
  return owners;
}

class FluxTest : public OperatorTest {
 protected:
  // The operator comes by the tree, and so do its rights.
  static void SetUpTestSuite() {
    if (!ControlPlane::WhyNot().empty() || !GitOpsPrograms::WhyNot().empty()) return;
    tree_ = std::make_unique<TemporaryDirectory>();
    std::filesystem::copy(GitOpsTree(), tree_->path(), std::filesystem::copy_options::recursive);
    EncryptSecrets();
    flux_ = std::make_unique<Flux>(Plane());
    Plane().Apply({{"apiVersion", "v1"},
                   {"kind", "Secret"},
                   {"metadata", {{"name", "sops-age"}, {"namespace", kFlux}}},
                   {"stringData", {{"age.agekey", Read(tree_->At("age.agekey"))}}}});
    std::filesystem::remove(tree_->At("age.agekey"));
    Plane().Output({"apply", "-k", tree_->At("flux")});
    Commit();
    Until("the chart's source", [] {
      return Plane().Kubectl({"get", "gitrepository/borg-operator", "-n", kOperatorNamespace}).ok();
    });
    flux_->Push({kOperatorNamespace, "borg-operator"}, BORGOP_SOURCE_DIR, "helm");
    flux_->Package({kOperatorNamespace, "borg-operator-borg-operator"}, BORGOP_SOURCE_DIR);
    PlayDeployment();
    flux_->AwaitReady("helmrelease/borg-operator", kOperatorNamespace);
    flux_->AwaitReady("kustomization/borg-operator", kFlux);
  }
  static void TearDownTestSuite() {
    StopOperator();
    flux_.reset();
    tree_.reset();
  }
  void SetUp() override {
    BORGOP_NEEDS_CONTROL_PLANE();
    BORGOP_NEEDS_GITOPS();
    if (!flux_) FAIL() << "Flux was not set up";
    OperatorTest::SetUp();
    Enter(kNamespace);
    Commit();
    flux_->AwaitReady("kustomization/backups", kFlux);
    Until("the target to be ready", [&] { return HealthOf(kTarget) == kHealthy; });
  }

  static Flux& TheFlux() { return *flux_; }
  static std::string Path(const std::string& name) { return tree_->At(name); }
  static void Commit() { flux_->Push({kFlux, "fleet"}, tree_->path()); }
  // A change of one file, until this ends.
  class Change {
   public:
    Change(const std::string& name, const std::string& from, const std::string& to) : path_(Path(name)), was_(Read(path_)) {
      Replace(path_, from, to);
      Commit();
    }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;
    ~Change() { Write(path_, was_); }

   private:
    std::string path_, was_;
  };

 private:
  // As docs/gitops.md says, with the Secrets of deploy/examples.
  static void EncryptSecrets() {
    OutputOf({GitOpsPrograms::Path("age-keygen"), "-o", tree_->At("age.agekey")});
    const std::regex recipient("age1[0-9a-z]+");
    std::smatch key;
    const auto made = Read(tree_->At("age.agekey"));
    if (!std::regex_search(made, key, recipient)) throw std::runtime_error("no public key in " + made);
    const auto rules = tree_->At("backups-sops/.sops.yaml"), secrets = tree_->At("backups-sops/secrets.yaml");
    Write(rules, std::regex_replace(Read(rules), recipient, key[0].str()));
    const auto examples = Read(BORGOP_SOURCE_DIR "/deploy/examples/secrets.yaml");
    Write(secrets, examples.substr(examples.find("apiVersion: v1\nkind: Secret")));
    OutputOf({GitOpsPrograms::Path("sops"), "--config", rules, "encrypt", "--in-place", secrets});
  }
  // There is no node: what a kubelet would say of the operator's pods.
  static void PlayDeployment() {
    const auto released = [] {
      const auto pods = Plane().Get({"pods", "-n", kOperatorNamespace});
      for (const auto& pod : pods.at("items")) {
        if (pod.at("status").value("phase", "") == "Running") continue;
        Api().Patch(kube::Pods(), kube::KeyOf(pod),
                    {{"status", {{"phase", "Running"}, {"conditions", Json::array({{{"type", "Ready"}, {"status", "True"}}})}}}},
                    "status");
      }
      return Plane()
          .Kubectl({"wait", "helmrelease/borg-operator", "-n", kOperatorNamespace, "--for=condition=Ready", "--timeout=1s"})
          .ok();
    };
    Until("the operator's pods", released, std::chrono::seconds(90));
  }

  static std::unique_ptr<TemporaryDirectory> tree_;
  static std::unique_ptr<Flux> flux_;
};

std::unique_ptr<TemporaryDirectory> FluxTest::tree_;
std::unique_ptr<Flux> FluxTest::flux_;

TEST_F(FluxTest, TheTreeBringsOperatorSecretsAndTargets) {
  // Of the chart, which has all that kubectl would apply.
  for (const char* of_the_chart :
       {"clusterrole/borg-operator", "crd/borgbackuptargets.borg-operator.dev", "crd/borgservers.borg-operator.dev"}) {
    EXPECT_EQ(Plane().Get({of_the_chart}).at("metadata").at("annotations").value("meta.helm.sh/release-name", ""), "borg-operator")
        << of_the_chart;
  }
  // Decrypted: the example's text, and no trace of sops.
  const auto secret = Plane().Get({"secret", "web-01-borg", "-n", kNamespace});
  EXPECT_EQ(secret.at("data").size(), 1U);
  EXPECT_THAT(
      Plane().Output({"get", "secret", "web-01-borg", "-n", kNamespace, "-o", "go-template={{.data.passphrase | base64decode}}"}),
      HasSubstr("a long passphrase"));
  EXPECT_FALSE(secret.contains("sops"));
  EXPECT_THAT(Read(Path("backups-sops/secrets.yaml")), Not(HasSubstr("a long passphrase")));
  EXPECT_EQ(Plane().Get({"cronjob", kTarget, "-n", kNamespace}).at("spec").at("suspend"), false);
}

TEST_F(FluxTest, WhatTheOperatorWritesIsNoDrift) {
  const auto generation = Target(kTarget).at("metadata").at("generation");
  const auto owners = OwnersOf(Target(kTarget));
  Backup(kTarget, "drift", GoodReport());
  Until("the run to be settled", [&] { return !HasUnreadFinalizer(Jobs(kTarget).back()) && At(kTarget, "/state") == "Scheduled"; });
  // Of run-now, which was set by the test, and nothing else.
  const auto after = OwnersOf(Target(kTarget));
  EXPECT_EQ(after.size(), owners.size() + 1);
  EXPECT_EQ(Target(kTarget).at("metadata").at("generation"), generation);

  const auto all = [] {
    return Plane().Get({"borgservers,borgbackuptargets,secrets,configmaps,cronjobs,jobs", "-n", kNamespace}).at("items");
  };
  const auto were = all();
  EXPECT_GE(were.size(), 8U);
  for (int again = 0; again < 2; ++again) {
    const auto ready = TheFlux().Reconcile("kustomization/backups", kFlux);
    EXPECT_EQ(ready.at("status"), "True") << ready;
    EXPECT_EQ(TheFlux().Reconcile("kustomization/borg-operator", kFlux).at("status"), "True");
  }
  const auto are = all();
  ASSERT_EQ(are.size(), were.size());
  for (std::size_t i = 0; i < were.size(); ++i) EXPECT_EQ(VersionOf(are[i]), VersionOf(were[i])) << are[i].dump(2);

  // What somebody else writes is: it is put back.
  Plane().Output({"patch", "bbt", kTarget, "-n", kNamespace, "--type=merge", "-p", R"({"spec": {"schedule": "@hourly"}})"});
  TheFlux().Reconcile("kustomization/backups", kFlux);
  EXPECT_EQ(Target(kTarget).at("spec").at("schedule"), "@daily-random");
}

TEST_F(FluxTest, TheChartDoesNotDriftAndIsPutBack) {
  const auto drifted = [] {
    const auto told = TheFlux().Told("helmrelease/borg-operator", kOperatorNamespace);
    return std::any_of(told.begin(), told.end(), [](const auto& note) { return note.find("drift") != std::string::npos; });
  };
  EXPECT_EQ(TheFlux().Reconcile("helmrelease/borg-operator", kOperatorNamespace).at("status"), "True");
  EXPECT_FALSE(drifted());
  EXPECT_EQ(Plane().Get({"helmrelease", "borg-operator", "-n", kOperatorNamespace}).at("status").at("history").size(), 1U);

  Plane().Output({"patch", "clusterrole", "borg-operator", "--type=json", "-p", R"([{"op": "remove", "path": "/rules/0"}])"});
  TheFlux().Reconcile("helmrelease/borg-operator", kOperatorNamespace);
  EXPECT_EQ(Plane().Get({"clusterrole", "borg-operator"}).at("rules").at(0).at("apiGroups").at(0), "borg-operator.dev");
  EXPECT_TRUE(drifted());
}

TEST_F(FluxTest, AHealthCheckWaitsForTheTargetAndTellsOfIt) {
  const auto ready = [] { return Plane().Get({"kustomization", "backups", "-n", kFlux}).at("status").at("conditions"); };
  const auto is = [&](const std::string& type, const std::string& status) {
    for (const auto& condition : ready()) {
      if (condition.at("type") == type) return condition.at("status") == status;
    }
    return false;
  };
  {
    // One that lacks its Secret is waited for, and becomes ready once that is there.
    const Change change("backups/target.yaml", "name: web-01-borg", "name: later");
    OperatorTest::AwaitReady(kTarget, "False", "SecretMissing");
    Until("Flux to wait", [&] { return is("Reconciling", "True") && is("Ready", "Unknown"); });
    AddSecret("later", {{"passphrase", "p"}});
    TheFlux().AwaitReady("kustomization/backups", kFlux);
  }
  // One whose backup failed for good is not healthy.
  Commit();
  TheFlux().AwaitReady("kustomization/backups", kFlux);
  Backup(kTarget, "bad", BadReport(Reason::kHostKeyMismatch));
  Until("the target to stop", [&] { return HealthOf(kTarget) == kStopped; });
  const auto failed = TheFlux().Reconcile("kustomization/backups", kFlux);
  EXPECT_EQ(failed.at("status"), "False") << failed;
  EXPECT_EQ(failed.at("reason"), "HealthCheckFailed");
  EXPECT_THAT(failed.at("message").get<std::string>(), HasSubstr("BorgBackupTarget/backups/web-01"));
  Backup(kTarget, "good", GoodReport());
  EXPECT_EQ(TheFlux().Reconcile("kustomization/backups", kFlux).at("status"), "True");
}

// As people are told to do it, by kubectl, whose changes Flux undoes elsewhere.
TEST_F(FluxTest, AnnotationsOfPeopleStayWhereTheTreeSaysSo) {
  const auto annotate = [](const std::string& value) {
    Plane().Output(
        {"annotate", "bbt", kTarget, "-n", kNamespace, "--overwrite", std::string(api::kRunNowAnnotation) + '=' + value});
  };
  const auto has = [&] { return Target(kTarget).at("metadata").at("annotations").contains(std::string(api::kRunNowAnnotation)); };
  annotate("by-kubectl");
  TheFlux().Reconcile("kustomization/backups", kFlux);
  EXPECT_TRUE(has());

  const Change change("backups/target.yaml", "kustomize.toolkit.fluxcd.io/ssa: Merge", "example.org/nothing: special");
  // What is there decides: once to take that back, and once more.
  for (int again = 0; again < 2; ++again) TheFlux().Reconcile("kustomization/backups", kFlux);
  EXPECT_FALSE(has());
}

}  // namespace
}  // namespace borgop::api_tests
