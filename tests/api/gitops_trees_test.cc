// The trees in deploy/gitops are what the tools' own definitions take, without a field that those do not know, and fit together.
#include <map>
#include <set>

#include "tests/api/gitops_programs.h"
#include "tests/api/operator_fixture.h"

namespace borgop::api_tests {
namespace {

using ::testing::HasSubstr;

class GitOpsTrees : public ::testing::Test {
 protected:
  static ControlPlane& Plane() { return ControlPlane::Shared(); }
  void SetUp() override {
    BORGOP_NEEDS_CONTROL_PLANE();
    BORGOP_NEEDS_GITOPS();
    ServeGitOpsKinds(Plane().WithCrds());
    for (const char* ns : {"flux-system", "argocd", "backups", "borg-operator"})
      Plane().Apply({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns}}}});
  }
  // Nothing stays of it.
  static lab::Ended Check(const Json& object) {
    return Plane().Kubectl({"create", "--dry-run=server", "--validate=strict", "-f", "-"}, object.dump());
  }
  static std::set<std::string> SecretsOf(const Json& value) {
    std::set<std::string> names;
    for (const auto& [key, below] : value.items()) {
      if (key == "sshSecretRef" || key == "passphraseSecretRef") names.insert(below.at("name").get<std::string>());
      if (below.is_structured()) names.merge(SecretsOf(below));
    }
    return names;
  }
};

TEST_F(GitOpsTrees, AreWhatTheToolsTake) {
  for (const char* folder : {"operator", "flux", "argocd", "backups-external-secrets", "backups-sealed-secrets"}) {
    for (auto object : Kustomized(Plane(), GitOpsTree() / folder)) {
      SCOPED_TRACE(folder + std::string(": ") + object.at("kind").get<std::string>());
      if (object.at("kind") == "Namespace") continue;
      object["metadata"]["name"] = "tried";  // as the real one may be there
      const auto said = Check(object);
      EXPECT_TRUE(said.ok()) << said.err;
      object["spec"]["mistyped"] = 1;
      EXPECT_THAT(Check(object).err, HasSubstr("mistyped"));
    }
  }
}

TEST_F(GitOpsTrees, MakeTheSecretsThatAreNamed) {
  std::set<std::string> wanted;
  for (const auto& object : Kustomized(Plane(), GitOpsTree() / "backups")) wanted.merge(SecretsOf(object));
  EXPECT_EQ(wanted, (std::set<std::string>{"vault-ssh", "web-01-ssh", "web-01-borg"}));
  const std::map<std::string, std::set<std::string>> keys{{"vault-ssh", {"ssh-privatekey", "known_hosts"}},
                                                          {"web-01-ssh", {"ssh-privatekey", "known_hosts"}},
                                                          {"web-01-borg", {"passphrase"}}};
  for (const char* way : {"sops", "external-secrets", "sealed-secrets"}) {
    std::map<std::string, std::set<std::string>> made;
    for (const auto& object : Kustomized(Plane(), GitOpsTree() / (std::string("backups-") + way))) {
      std::set<std::string> names;
      const std::string kind = object.at("kind");
      if (kind == "ExternalSecret") {
        for (const auto& each : object.at("spec").at("data")) names.insert(each.at("secretKey").get<std::string>());
        EXPECT_EQ(object.at("spec").at("target").at("name"), object.at("metadata").at("name"));
      } else if (kind == "SealedSecret") {
        for (const auto& [key, sealed] : object.at("spec").at("encryptedData").items()) names.insert(key);
      } else if (kind == "Secret") {
        for (const auto& [key, encrypted] : object.at("stringData").items()) {
          EXPECT_THAT(encrypted.get<std::string>(), HasSubstr("ENC[AES256_GCM"));
          names.insert(key);
        }
      } else {
        continue;
      }
      made[object.at("metadata").at("name")] = names;
    }
    EXPECT_EQ(made, keys) << way;
  }
}

}  // namespace
}  // namespace borgop::api_tests
