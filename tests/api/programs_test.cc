// Which of Kubernetes's programs tests and clusters run: somebody's own where they fit, from KUBEBUILDER_ASSETS first and from PATH where
// none were built.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/api/control_plane.h"

namespace borgop::api_tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class KubernetesPrograms : public ::testing::Test {
 protected:
  void SetUp() override {
    auto pattern = (std::filesystem::temp_directory_path() / "programs-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = std::filesystem::canonical(pattern);
    // Where nothing was built.
    std::filesystem::create_directories(folder_ / "root/tests");
    std::filesystem::copy(kSource / "tools", folder_ / "root/tools", std::filesystem::copy_options::recursive);
    std::filesystem::copy(kSource / "tests/cluster", folder_ / "root/tests/cluster", std::filesystem::copy_options::recursive);
    std::ifstream module(kSource / "tests/cluster/go.mod");
    const std::string text{std::istreambuf_iterator<char>(module), {}};
    const std::string kubernetes = "k8s.io/kubernetes v1.";
    minor_ = std::stoi(text.substr(text.find(kubernetes) + kubernetes.size()));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Programs that say these versions, all but the ones that a test names.
  std::string Make(const std::string& name, int minor) const {
    const auto folder = folder_ / name;
    std::filesystem::create_directories(folder);
    for (const std::string program : {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"}) {
      const std::string version = program == "etcd" ? "etcd Version: 99.1.2" : "Kubernetes v1." + std::to_string(minor) + ".9";
      std::ofstream(folder / program) << "#!/bin/sh\necho '" << version << "'\n";
      std::filesystem::permissions(folder / program, std::filesystem::perms::owner_all);
    }
    return folder.string();
  }
  lab::Ended Find(const std::string& assets, const std::string& path) const {
    return lab::RunToEnd({.argv = {(folder_ / "root/tools/cluster/programs.sh").string(), "--no-build"},
                          .env = {{"KUBEBUILDER_ASSETS", assets}, {"PATH", path + ":" + getenv("PATH")}}});
  }

  std::filesystem::path folder_;
  int minor_ = 0;
};

TEST_F(KubernetesPrograms, ThoseOfKubebuilderAssetsComeFirst) {
  const auto assets = Make("assets", minor_), path = Make("path", minor_);
  const auto found = Find(assets, path);
  EXPECT_EQ(found.exit_code, 0) << found.err;
  EXPECT_THAT(found.out, HasSubstr("kube-apiserver " + assets + "/kube-apiserver\n"));
  EXPECT_THAT(found.out, HasSubstr("etcd " + assets + "/etcd\n"));
  EXPECT_THAT(found.out, Not(HasSubstr(path)));
}

TEST_F(KubernetesPrograms, OthersAreNotUsedAndItIsSaid) {
  const auto assets = Make("assets", minor_ - 2), path = Make("path", minor_);
  const auto found = Find(assets, path);
  EXPECT_EQ(found.exit_code, 0) << found.err;
  EXPECT_THAT(found.err,
              HasSubstr("KUBEBUILDER_ASSETS has kube-apiserver 1." + std::to_string(minor_ - 2) + ".9, which does not fit"));
  EXPECT_THAT(found.out, HasSubstr("kube-apiserver " + path + "/kube-apiserver\n"));
  EXPECT_THAT(found.out, HasSubstr("etcd " + assets + "/etcd\n"));
}

TEST_F(KubernetesPrograms, WhereNoneFitsItSaysWhichAreMissing) {
  const auto found = Find("", Make("path", minor_ + 3));
  EXPECT_NE(found.exit_code, 0);
  EXPECT_THAT(found.out + found.err, HasSubstr("kube-apiserver"));
  EXPECT_THAT(found.out, Not(HasSubstr("/path/kube-apiserver")));
}

}  // namespace
}  // namespace borgop::api_tests
