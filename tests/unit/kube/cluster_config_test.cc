#include "controller/kube/cluster_config.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "controller/kube/client_certificate.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/temporary_directory.h"
#include "tests/fakes/test_certificates.h"

namespace borgop::kube {
namespace {

using namespace std::chrono_literals;

class ClusterConfigTest : public testing::Test {
 protected:
  ClusterConfigTest() {
    sources_.environment = [this](const char* name) {
      const auto found = environment_.find(name);
      return found == environment_.end() ? std::nullopt : std::optional(found->second);
    };
    sources_.service_account = directory_.At("sa");
  }
  void BePod(const std::string& host, const std::string& port = "443") {
    environment_["KUBERNETES_SERVICE_HOST"] = host;
    environment_["KUBERNETES_SERVICE_PORT"] = port;
    directory_.Write("sa/ca.crt", "CA");
    directory_.Write("sa/namespace", "operators\n");
    directory_.Write("sa/token", "one\n");
  }
  std::string WriteKubeconfig(const std::string& name, const std::string& server, const std::string& user = "{token: t}") {
    return directory_.Write(name,
                            "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u, namespace: n}}]\n"
                            "clusters: [{name: k, cluster: {server: \"" +
                                server +
                                "\", certificate-authority-data: Q0E=}}]\n"
                                "users: [{name: u, user: " +
                                user + "}]\n");
  }
  std::string FoundServer() {
    const auto config = FindClusterConfig(sources_, clock_);
    return config ? config->server : config.error().message;
  }

  TemporaryDirectory directory_;
  ManualClock clock_;
  std::map<std::string, std::string, std::less<>> environment_;
  ConfigSources sources_;
};

TEST_F(ClusterConfigTest, APodUsesItsServiceAccount) {
  BePod("10.0.0.1", "6443");
  const auto config = FindClusterConfig(sources_, clock_);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://10.0.0.1:6443");
  EXPECT_EQ(config->authority_pem, "CA");
  EXPECT_EQ(config->ns, "operators");
  const auto credential = config->credentials->Get({});
  ASSERT_TRUE(credential);
  EXPECT_EQ((*credential)->token.Reveal(), "one");
}

TEST_F(ClusterConfigTest, AnIpv6AddressStandsInBrackets) {
  BePod("fd00::1");
  EXPECT_EQ(FoundServer(), "https://[fd00::1]:443");
}

TEST_F(ClusterConfigTest, APodWithoutTokenOrAuthorityIsRefused) {
  BePod("10.0.0.1");
  std::filesystem::remove(directory_.At("sa/token"));
  EXPECT_NE(FoundServer().find("sa/token"), std::string::npos);
  BePod("10.0.0.1");
  std::filesystem::remove(directory_.At("sa/ca.crt"));
  EXPECT_NE(FoundServer().find("sa/ca.crt"), std::string::npos);
  BePod("10.0.0.1");
  directory_.Write("sa/ca.crt", "");
  EXPECT_NE(FoundServer().find("is empty"), std::string::npos) << "no CA must never mean the system's";
  BePod("10.0.0.1", "6443/x");
  EXPECT_NE(FoundServer().find("is no port"), std::string::npos);
}

TEST_F(ClusterConfigTest, TheTokenFileIsReadAgainAsItRotates) {
  BePod("10.0.0.1");
  const auto config = FindClusterConfig(sources_, clock_);
  ASSERT_TRUE(config);
  CredentialSource& source = *config->credentials;
  const auto first = source.Get({});
  directory_.Write("sa/token", "two");
  EXPECT_EQ(*source.Get({}), *first);
  clock_.Advance(TokenFileCredentials::kReread);
  const auto second = source.Get({});
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)->token.Reveal(), "two");
  EXPECT_EQ((*first)->token.Reveal(), "one") << "who still uses the old one is not disturbed";
  clock_.Advance(TokenFileCredentials::kReread);
  EXPECT_EQ(*source.Get({}), *second) << "the same token is the same object";
}

TEST_F(ClusterConfigTest, ARefusedTokenIsReadAgainAtOnce) {
  BePod("10.0.0.1");
  const auto config = FindClusterConfig(sources_, clock_);
  ASSERT_TRUE(config);
  const auto first = config->credentials->Get({});
  directory_.Write("sa/token", "two");
  config->credentials->Reject(*first);
  EXPECT_EQ((*config->credentials->Get({}))->token.Reveal(), "two");
}

TEST_F(ClusterConfigTest, ATokenFileThatIsGoneForAMomentIsNoFailure) {
  BePod("10.0.0.1");
  const auto config = FindClusterConfig(sources_, clock_);
  ASSERT_TRUE(config);
  directory_.Write("sa/token", "");
  clock_.Advance(1h);
  EXPECT_EQ((*config->credentials->Get({}))->token.Reveal(), "one");
  directory_.Write("sa/token", "two");
  EXPECT_EQ((*config->credentials->Get({}))->token.Reveal(), "two");
}

TEST_F(ClusterConfigTest, LooksInOrder) {
  EXPECT_NE(FoundServer().find("no cluster to talk to"), std::string::npos);
  environment_["HOME"] = directory_.path();
  WriteKubeconfig(".kube/config", "https://home");
  EXPECT_EQ(FoundServer(), "https://home");
  BePod("10.0.0.1");
  EXPECT_EQ(FoundServer(), "https://10.0.0.1:443");
  environment_["KUBECONFIG"] = WriteKubeconfig("list", "https://list");
  EXPECT_EQ(FoundServer(), "https://list");
  sources_.kubeconfig = WriteKubeconfig("flag", "https://flag");
  EXPECT_EQ(FoundServer(), "https://flag");
  sources_.kubeconfig = directory_.At("none");
  EXPECT_NE(FoundServer().find("no kubeconfig file"), std::string::npos) << "what was asked for by name is never replaced";
}

TEST_F(ClusterConfigTest, KubeconfigsCertificateAndTokenFile) {
  directory_.Write("cert.pem", "CERT");
  directory_.Write("key.pem", "KEY");
  directory_.Write("tok", "from-file");
  const auto config = KubeconfigConfig(
      {WriteKubeconfig("config", "https://h", "{client-certificate: cert.pem, client-key: key.pem, token: x, tokenFile: tok}")}, {},
      clock_);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->ns, "n");
  EXPECT_EQ(config->authority_pem, "CA");
  const auto credential = config->credentials->Get({});
  ASSERT_TRUE(credential);
  EXPECT_EQ((*credential)->certificate_pem, "CERT");
  EXPECT_EQ((*credential)->key_pem.Reveal(), "KEY");
  EXPECT_EQ((*credential)->token.Reveal(), "from-file");
}

TEST_F(ClusterConfigTest, KubeconfigsMissingFilesAreNamed) {
  const auto config =
      KubeconfigConfig({WriteKubeconfig("config", "https://h", "{client-certificate: cert.pem, client-key: key.pem}")}, {}, clock_);
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message.find("cert.pem: No such file"), std::string::npos) << config.error().message;
}

TEST_F(ClusterConfigTest, KubeconfigsProgramIsUsed) {
  directory_.Write("login",
                   "#!/bin/sh\necho '{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"kind\":\"ExecCredential\","
                   "\"status\":{\"token\":\"from-program\"}}'\n",
                   true);
  const auto config = KubeconfigConfig(
      {WriteKubeconfig("config", "https://h", "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./login}}")}, {},
      clock_);
  ASSERT_TRUE(config) << config.error().message;
  const auto credential = config->credentials->Get({});
  ASSERT_TRUE(credential) << credential.error().message;
  EXPECT_EQ((*credential)->token.Reveal(), "from-program");
}

TEST_F(ClusterConfigTest, AContextThatIsNamedWinsOverThePod) {
  BePod("10.0.0.1");
  sources_.context = "c";
  EXPECT_NE(FoundServer().find("a context is named, but there is no kubeconfig"), std::string::npos) << FoundServer();
  environment_["HOME"] = directory_.path();
  WriteKubeconfig(".kube/config", "https://home");
  EXPECT_EQ(FoundServer(), "https://home");
  sources_.context = "d";
  EXPECT_NE(FoundServer().find("no context `d`"), std::string::npos);
}

TEST_F(ClusterConfigTest, OnlyKubeconfigTheVariableIsAList) {
  const std::string path = WriteKubeconfig("a:b", "https://colon");
  sources_.kubeconfig = path;
  EXPECT_EQ(FoundServer(), "https://colon");
  sources_.kubeconfig.clear();
  environment_["KUBECONFIG"] = path;
  EXPECT_NE(FoundServer().find("no kubeconfig file"), std::string::npos);
  environment_["KUBECONFIG"] = directory_.At("none") + ":" + WriteKubeconfig("c", "https://list");
  EXPECT_EQ(FoundServer(), "https://list");
}

TEST_F(ClusterConfigTest, AClientCertificateIsReadAgainAsItRotates) {
  const TestAuthority authority;
  const TestIdentity first = authority.Issue("a", ""), second = authority.Issue("b", "");
  directory_.Write("cert.pem", first.certificate_pem);
  directory_.Write("key.pem", first.key_pem);
  const auto config =
      KubeconfigConfig({WriteKubeconfig("config", "https://h", "{client-certificate: cert.pem, client-key: key.pem}")}, {}, clock_);
  ASSERT_TRUE(config) << config.error().message;
  CredentialSource& source = *config->credentials;
  const auto before = source.Get({});
  directory_.Write("cert.pem", second.certificate_pem);
  EXPECT_EQ(*source.Get({}), *before);
  clock_.Advance(ClientCertificate::kReread);
  EXPECT_EQ((*source.Get({}))->certificate_pem, first.certificate_pem) << "the key does not belong to it yet";
  directory_.Write("key.pem", second.key_pem);
  clock_.Advance(ClientCertificate::kReread);
  const auto after = source.Get({});
  EXPECT_EQ((*after)->certificate_pem, second.certificate_pem);
  EXPECT_EQ((*after)->key_pem.Reveal(), second.key_pem);
  directory_.Write("cert.pem", first.certificate_pem);
  directory_.Write("key.pem", first.key_pem);
  source.Reject(*after);
  EXPECT_EQ((*source.Get({}))->certificate_pem, first.certificate_pem) << "a refusal has it read at once";
}

TEST_F(ClusterConfigTest, AProgramsCertificateComesBeforeTheUsersOwn) {
  directory_.Write("login", "#!/bin/sh\ncat \"${0%/*}/answer\"\n", true);
  const auto answer = [this](const std::string& status) {
    directory_.Write("answer",
                     R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" + status + "}");
  };
  const auto config = KubeconfigConfig(
      {WriteKubeconfig("config", "https://h",
                       "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login}, client-certificate-data: Q0VSVA==, "
                       "client-key-data: S0VZ}")},
      {}, clock_);
  ASSERT_TRUE(config) << config.error().message;
  answer(R"({"token":"t"})");
  const auto both = config->credentials->Get({});
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ((*both)->token.Reveal(), "t");
  EXPECT_EQ((*both)->certificate_pem, "CERT");
  EXPECT_EQ(*config->credentials->Get({}), *both) << "what did not change is the same object";
  answer(R"({"token":"t","clientCertificateData":"C","clientKeyData":"K"})");
  config->credentials->Reject(*both);
  const auto own = config->credentials->Get({});
  ASSERT_TRUE(own) << own.error().message;
  EXPECT_EQ((*own)->certificate_pem, "C");
}

TEST_F(ClusterConfigTest, AProgramIsToldWhatTheClusterHasForIt) {
  directory_.Write(
      "login",
      "#!/bin/sh\nprintf %s \"$KUBERNETES_EXEC_INFO\" >\"${0%/*}/info\"\necho "
      "'{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"t\"}}'\n",
      true);
  const auto config = KubeconfigConfig(
      {directory_.Write("config",
                        "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                        "clusters:\n- name: k\n  cluster:\n    server: https://h\n    extensions:\n"
                        "    - {name: other, extension: {x: 1}}\n"
                        "    - name: client.authentication.k8s.io/exec\n"
                        "      extension: {audience: \"06e3\", n: 7, on: true, list: [a, \"1\"], none: null}\n"
                        "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, "
                        "provideClusterInfo: true}}}]\n")},
      {}, clock_);
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(config->credentials->Get({}));
  const auto info = nlohmann::json::parse(std::ifstream(directory_.At("info")));
  EXPECT_EQ(info["spec"]["cluster"]["config"],
            nlohmann::json::parse(R"({"audience":"06e3","n":7,"on":true,"list":["a","1"],"none":null})"));
}

}  // namespace
}  // namespace borgop::kube
