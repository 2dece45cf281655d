#include "controller/kube/kubeconfig.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/fakes/temporary_directory.h"

namespace borgop::kube {
namespace {

// One context "c" of cluster "k" and user "u" with these fields, each a line.
std::string Config(const std::string& cluster, const std::string& user) {
  const auto indented = [](const std::string& lines) {
    std::string text;
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = std::min(lines.find('\n', at), lines.size());
      text += "    " + lines.substr(at, end - at) + "\n";
      at = end + 1;
    }
    return text;
  };
  return "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts:\n- name: c\n  context: {cluster: k, user: u, namespace: "
         "here}\n"
         "clusters:\n- name: k\n  cluster:\n" +
         indented(cluster) + "users:\n- name: u\n  user:\n" + indented(user);
}

Result<KubeContext> Read(const std::string& text, std::string_view context = {}) {
  std::vector<KubeconfigText> files;
  files.push_back({"/etc/kube/config", Secret(text)});
  return ReadKubeconfig(files, context);
}

const std::string kServer = "server: https://example.org:6443/";

TEST(Kubeconfig, HasServerNamespaceAndToken) {
  const auto context =
      Read(Config(kServer + "\ntls-server-name: other.example.org\ncertificate-authority-data: Q0E=", "token: t0k"));
  ASSERT_TRUE(context) << context.error().message;
  EXPECT_EQ(context->name, "c");
  EXPECT_EQ(context->server, "https://example.org:6443");
  EXPECT_EQ(context->tls_server_name, "other.example.org");
  EXPECT_EQ(context->ns, "here");
  EXPECT_EQ(context->authority.data.Reveal(), "CA");
  EXPECT_EQ(context->token.Reveal(), "t0k");
  EXPECT_FALSE(context->exec);
}

TEST(Kubeconfig, PathsAreRelativeToTheFileAndDataWins) {
  const auto context =
      Read(Config(kServer + "\ncertificate-authority: ../ca.pem",
                  "client-certificate: /abs/cert.pem\nclient-key: key.pem\nclient-key-data: S0VZ\ntokenFile: tok"));
  ASSERT_TRUE(context) << context.error().message;
  EXPECT_EQ(context->authority.path, "/etc/ca.pem");
  EXPECT_EQ(context->certificate.path, "/abs/cert.pem");
  EXPECT_EQ(context->key.path, "");
  EXPECT_EQ(context->key.data.Reveal(), "KEY");
  EXPECT_EQ(context->token_file, "/etc/kube/tok");
}

TEST(Kubeconfig, IsReadFromJsonToo) {
  const auto context = Read(R"({"current-context":"c","contexts":[{"name":"c","context":{"cluster":"k","user":"u"}}],
    "clusters":[{"name":"k","cluster":{"server":"https://h"}}],"users":[{"name":"u","user":{"token":"t"}}]})");
  ASSERT_TRUE(context) << context.error().message;
  EXPECT_EQ(context->server, "https://h");
}

TEST(Kubeconfig, ExecPluginIsRead) {
  const auto context =
      Read(Config(kServer,
                  "exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: ./bin/login\n  args: [get, \"--x=1\"]\n"
                  "  env: [{name: A, value: \"1\"}]\n  installHint: get it\n  provideClusterInfo: true\n"
                  "  interactiveMode: IfAvailable"));
  ASSERT_TRUE(context) << context.error().message;
  ASSERT_TRUE(context->exec);
  EXPECT_EQ(context->exec->api_version, "client.authentication.k8s.io/v1");
  EXPECT_EQ(context->exec->command, "/etc/kube/bin/login");
  EXPECT_EQ(context->exec->args, (std::vector<std::string>{"get", "--x=1"}));
  ASSERT_EQ(context->exec->env.size(), 1U);
  EXPECT_EQ(context->exec->env[0], std::pair(std::string("A"), std::string("1")));
  EXPECT_EQ(context->exec->install_hint, "get it");
  EXPECT_TRUE(context->exec->provide_cluster_info);
}

TEST(Kubeconfig, OfSeveralFilesTheFirstThatSetsAValueWins) {
  std::vector<KubeconfigText> files;
  files.push_back({"/a/1", Secret("")});
  files.push_back({"/a/2", Secret("contexts: [{name: c, context: {cluster: k, user: u, namespace: first}}]\n"
                                  "users: [{name: u, user: {tokenFile: tok}}]")});
  files.push_back({"/b/3", Secret(Config(kServer, "token: second"))});
  files.push_back({"/b/4", Secret("current-context: other\nclusters: [{name: k, cluster: {server: \"https://late\"}}]")});
  const auto context = ReadKubeconfig(files);
  ASSERT_TRUE(context) << context.error().message;
  EXPECT_EQ(context->name, "c");
  EXPECT_EQ(context->ns, "first");
  EXPECT_EQ(context->server, "https://example.org:6443");
  EXPECT_EQ(context->token_file, "/a/tok");
  EXPECT_TRUE(context->token.empty());
}

TEST(Kubeconfig, AContextCanBeChosen) {
  const std::string text = Config(kServer, "token: t") + "preferences: {}\n";
  EXPECT_TRUE(Read(text, "c"));
  const auto missing = Read(text, "d");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "the kubeconfig has no context `d`");
}

struct KubeconfigRow {
  const char* name;
  std::string text;
  const char* says;
};

class Refused : public testing::TestWithParam<KubeconfigRow> {};

TEST_P(Refused, WithAClearMessageAndNoSecret) {
  const auto context = Read(GetParam().text);
  ASSERT_FALSE(context);
  EXPECT_EQ(context.error().code, ApiError::Code::kConfig);
  EXPECT_NE(context.error().message.find(GetParam().says), std::string::npos) << context.error().message;
  EXPECT_EQ(context.error().message.find("s3cret"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Refused,
    testing::Values(
        KubeconfigRow{"insecure", Config(kServer + "\ninsecure-skip-tls-verify: true", "token: s3cret"),
                      "insecure-skip-tls-verify"},
        KubeconfigRow{"plain_http", Config("server: http://h", "token: s3cret"), "https://"},
        KubeconfigRow{"proxy", Config(kServer + "\nproxy-url: http://p", "token: s3cret"), "proxy-url"},
        KubeconfigRow{"no_server", Config("tls-server-name: x", "token: s3cret"), "server is missing"},
        KubeconfigRow{"bad_base64", Config(kServer + "\ncertificate-authority-data: s3cret!", "token: t"),
                      "certificate-authority-data is not base64"},
        KubeconfigRow{"password", Config(kServer, "username: a\npassword: s3cret"), "username is not supported"},
        KubeconfigRow{"auth_provider", Config(kServer, "auth-provider: {name: gcp}"), "auth-provider is not supported"},
        KubeconfigRow{"impersonation", Config(kServer, "token: s3cret\nas: admin"), "as is not supported"},
        KubeconfigRow{"key_without_certificate", Config(kServer, "client-key-data: czNjcmV0"), "go together"},
        KubeconfigRow{"exec_version", Config(kServer, "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}"),
                      "exec.apiVersion"},
        KubeconfigRow{"exec_command", Config(kServer, "exec: {apiVersion: client.authentication.k8s.io/v1}"), "exec.command"},
        KubeconfigRow{"exec_interactive",
                      Config(kServer, "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}"),
                      "interactiveMode"},
        KubeconfigRow{"exec_and_token",
                      Config(kServer, "token: s3cret\nexec: {apiVersion: client.authentication.k8s.io/v1, command: x}"),
                      "keep one"},
        KubeconfigRow{"no_context", "apiVersion: v1\nkind: Config\n", "no current-context"},
        KubeconfigRow{"no_cluster", "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]", "no cluster `k`"},
        KubeconfigRow{"no_user",
                      "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                      "clusters: [{name: k, cluster: {server: \"https://h\"}}]",
                      "no user `u`"},
        KubeconfigRow{"no_yaml", "a: [", "/etc/kube/config"}, KubeconfigRow{"a_list", "[a]", "is no kubeconfig"},
        KubeconfigRow{"empty", " \n", "no current-context"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Kubeconfig, WhatIsSetToNothingIsNotSet) {
  const auto context = Read(Config(kServer + "\nproxy-url: \"\"",
                                   "token: t\nusername: \"\"\npassword: \"\"\nas: \"\"\nas-groups: []\nas-user-extra: {}"));
  ASSERT_TRUE(context) << context.error().message;
  EXPECT_EQ(context->token.Reveal(), "t");
}

TEST(Kubeconfig, AContextWithoutAUserIsNobodys) {
  for (const char* user : {"user: \"\", ", ""}) {
    const auto context = Read(std::string("current-context: c\ncontexts: [{name: c, context: {") + user +
                              "cluster: k}}]\nclusters: [{name: k, cluster: {server: \"https://h\"}}]");
    ASSERT_TRUE(context) << context.error().message;
    EXPECT_TRUE(context->token.empty());
  }
}

TEST(Kubeconfig, WhatOtherContextsHaveIsNoneOfOurBusiness) {
  EXPECT_TRUE(Read(Config(kServer, "token: t") + "- name: other\n  user: {password: x}\n"));
}

TEST(LoadKubeconfig, LeavesOutMissingFilesOfTheList) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("sub/config", Config(kServer, "tokenFile: ../tok"));
  const auto context = LoadKubeconfig(SplitKubeconfigList(directory.At("none") + ":" + path + ":"));
  ASSERT_TRUE(context) << context.error().message;
  EXPECT_EQ(context->token_file, directory.At("tok"));
  EXPECT_FALSE(LoadKubeconfig({directory.At("none")}));
  EXPECT_FALSE(LoadKubeconfig({}));
}

}  // namespace
}  // namespace borgop::kube
