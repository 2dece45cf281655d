// What borg-operator says to people before it talks to any cluster.
#include <gmock/gmock.h>

#include "engine/report/report.h"
#include "tests/cli/program.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::clitest {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

struct OperatorCase {
  const char* name;
  std::vector<std::string> arguments;
  int exit_code;
  std::vector<const char*> says;  // on standard error
};

TEST(OperatorMessages, WhatCannotBeUsedIsNamed) {
  const TemporaryDirectory directory;
  const std::string broken = directory.Write("broken", "clusters: [");
  const std::string insecure = directory.Write("insecure", R"({"apiVersion": "v1", "kind": "Config", "current-context": "x",
    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], "users": [{"name": "u", "user": {}}],
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1", "insecure-skip-tls-verify": true}}]})");
  const std::vector<std::string> run = {"run", "--engine-image", "x", "--metrics-address", "off"};
  const auto with = [&run](std::vector<std::string> more) {
    std::vector<std::string> all = run;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  for (const OperatorCase& one : std::vector<OperatorCase>{
           {"no verb", {}, exit_code::kUsage, {"no verb is given", "trigger"}},
           {"unknown verb", {"tigger"}, exit_code::kUsage, {"unknown verb", "did you mean", "trigger"}},
           {"unknown option", {"run", "--engine-imgae", "x"}, exit_code::kUsage, {"unknown option", "--engine-image"}},
           {"no image", {"run"}, exit_code::kUsage, {"--engine-image", "required", "--help shows"}},
           {"workers", with({"--workers", "0"}), exit_code::kUsage, {"--workers"}},
           {"namespace",
            with({"--namespace", "good,Bad_NS"}),
            exit_code::kUsage,
            {"--namespace", "`Bad_NS` is no name of a namespace"}},
           {"namespace of the Lease", with({"--lease-namespace", "a.b"}), exit_code::kUsage, {"--lease-namespace", "`a.b`"}},
           {"namespace to trigger", {"trigger", "-n", "x/y"}, exit_code::kUsage, {"`x/y` is no name"}},
           {"image",
            {"run", "--engine-image", "an image"},
            exit_code::kUsage,
            {"--engine-image", "`an image` is no name of an image"}},
           {"times of the Lease",
            with({"--lease-duration", "3", "--lease-renew", "1.5"}),
            exit_code::kUsage,
            {"--lease-duration and --lease-renew do not fit together", "two renewals"}},
           {"all and names", {"trigger", "--all", "web-01"}, exit_code::kUsage, {"--all"}},
           {"no cluster", run, exit_code::kConfig, {"no cluster to talk to", "KUBECONFIG"}},
           {"no kubeconfig", with({"--kubeconfig", directory.At("none")}), exit_code::kConfig, {"none"}},
           {"broken kubeconfig", with({"--kubeconfig", broken}), exit_code::kConfig, {"broken"}},
           {"unverified TLS", with({"--kubeconfig", insecure}), exit_code::kConfig, {"insecure-skip-tls-verify"}},
           {"trigger without a cluster", {"trigger"}, exit_code::kConfig, {"borg-operator trigger: ", "no cluster to talk to"}},
       }) {
    SCOPED_TRACE(one.name);
    const lab::Ended ended = RunOperator(one.arguments, {{"PATH", "/usr/bin:/bin"}});
    EXPECT_EQ(ended.exit_code, one.exit_code) << ended.err;
    EXPECT_THAT(ended.out, IsEmpty());
    for (const char* words : one.says) EXPECT_THAT(ended.err, HasSubstr(words));
  }
}

TEST(OperatorMessages, AClusterThatIsNotThereIsNamed) {
  const TemporaryDirectory directory;
  // Port 1 (tcpmux) of the loopback is closed.
  const std::string config = directory.Write("config", R"({"apiVersion": "v1", "kind": "Config", "current-context": "x",
    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], "users": [{"name": "u", "user": {"token": "sesame-open"}}],
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}]})");
  const lab::Ended ended = RunOperator({"trigger", "--kubeconfig", config});
  EXPECT_EQ(ended.exit_code, exit_code::kFailed);
  EXPECT_THAT(ended.err, HasSubstr("127.0.0.1:1"));
  EXPECT_THAT(ended.err, Not(HasSubstr("sesame-open")));
}

TEST(OperatorMessages, HelpHasExamples) {
  for (const char* verb : {"run", "trigger", "completion"}) {
    SCOPED_TRACE(verb);
    const lab::Ended ended = RunOperator({verb, "--help"});
    EXPECT_EQ(ended.exit_code, exit_code::kOk);
    EXPECT_THAT(ended.out, HasSubstr("Examples:\n  "));
    EXPECT_THAT(ended.err, IsEmpty());
  }
  EXPECT_THAT(RunOperator({"--version"}).out, testing::StartsWith("borg-operator "));
  EXPECT_THAT(RunOperator({"completion", "bash"}).out, HasSubstr("--engine-image"));
}

}  // namespace
}  // namespace borgop::clitest
