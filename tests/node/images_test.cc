// The images that ./dev images made: what is in them, and what is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "tests/node/installed_operator.h"

namespace borgop::node_tests {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class Images : public ::testing::Test {
 protected:
  void SetUp() override { BORGOP_NEEDS_OPERATOR(); }

  // What came of a pod that runs `command` in `image`, without a user or a policy that could be what stops it.
  static Json RunOnce(const std::string& image, const std::vector<std::string>& command) {
    auto& cluster = InstalledOperator::Shared().cluster();
    const auto ns = cluster.NewNamespace("images");
    cluster.Apply({{"apiVersion", "v1"},
                   {"kind", "Pod"},
                   {"metadata", {{"name", "once"}, {"namespace", ns}}},
                   {"spec",
                    {{"restartPolicy", "Never"},
                     {"containers", Json::array({{{"name", "main"}, {"image", image}, {"command", command}}})}}}});
    Json pod;
    EXPECT_TRUE(Eventually(
        [&] {
          pod = cluster.Get({"pod", "once", "-n", ns});
          const auto phase = pod.at("status").value("phase", "");
          return phase == "Succeeded" || phase == "Failed";
        },
        seconds(60)))
        << pod.dump(1);
    auto state = pod.at("status").at("containerStatuses")[0].at("state").at("terminated");
    state["log"] = cluster.Kubectl({"logs", "once", "-n", ns}).out;
    return state;
  }
  static std::set<std::string> Packages(const std::string& name) {
    std::ifstream file(std::filesystem::path(BORGOP_SOURCE_DIR) / "build/images" / (name + ".spdx.json"));
    std::set<std::string> names;
    const auto list = Json::parse(file);
    for (const auto& package : list.at("packages")) names.insert(package.at("name").get<std::string>());
    return names;
  }
};

TEST_F(Images, TheOperatorsHasNoShell) {
  const auto image = ImageOf("borg-operator");
  EXPECT_THAT(RunOnce(image, {"borg-operator", "--version"}).at("log"), HasSubstr("borg-operator " + std::string(kVersion)));
  for (const char* shell : {"sh", "/bin/sh", "/bin/bash"}) {
    EXPECT_THAT(RunOnce(image, {shell, "-c", "true"}).value("message", ""),
                AnyOf(HasSubstr("no such file or directory"), HasSubstr("executable file not found")))
        << shell;
  }
}

TEST_F(Images, TheEnginesHasBorgAndIsNotRoot) {
  const auto ended =
      RunOnce(ImageOf("borg-engine"), {"sh", "-c", "id -u; borg --version; borg-engine --version; touch /usr/bin/x 2>&1"});
  EXPECT_THAT(ended.at("log"), AllOf(HasSubstr("65532\n"), HasSubstr("borg 1."), HasSubstr("borg-engine " + std::string(kVersion)),
                                     HasSubstr("Permission denied")));
}

TEST_F(Images, ListsOfWhatIsInThem) {
  EXPECT_THAT(Packages("borg-operator"), AllOf(Contains("borg-operator"), Contains("libc6"), Contains("libcpprest2.10"),
                                               Contains("tzdata"), Contains("ca-certificates"), Not(Contains("bash"))));
  EXPECT_THAT(Packages("borg-engine"),
              AllOf(Contains("borg-engine"), Contains("borgbackup"), Contains("libssh2-1"), Contains("libc6")));
}

}  // namespace
}  // namespace borgop::node_tests
