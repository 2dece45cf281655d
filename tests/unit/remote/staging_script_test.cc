// The scripts that make a repository's place and give it its name, under the shells that /bin/sh may be.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/remote/staging.h"
#include "tests/fakes/temporary_directory.h"
#include "tests/lab/process.h"
#include "tests/unit/remote/posix_shells.h"

namespace borgop {
namespace {

class StagingScripts : public PosixShellTest {
 protected:
  StagingScripts() {
    std::filesystem::create_directory(registry_);
    std::filesystem::create_directory(programs_);
  }
  std::string At(const std::string& name) const { return directory_.path() + "/" + name; }
  static bool Exists(const std::string& path) { return std::filesystem::exists(std::filesystem::symlink_status(path)); }

  lab::Ended Run(const std::string& script) const {
    lab::Command command;
    command.argv = GetParam().argv;
    command.argv.insert(command.argv.end(), {"-c", script});
    command.env = {{"PATH", programs_ + ":/usr/bin:/bin"}};
    return lab::RunToEnd(command, std::chrono::seconds(30));
  }
  std::string Stage() const {
    const lab::Ended ended = Run(StagingScript(path_, registry_));
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_TRUE(ended.out.ends_with("x")) << ended.out;
    std::string staging = ended.out.substr(0, ended.out.size() - 1);
    std::ofstream(staging + "/config") << "ours";
    return staging;
  }
  lab::Ended Publish(const std::string& staging) const { return Run(PublishingScript(staging, path_, registry_)); }
  // An mv that another run's is quicker than; or one that knows no -T, too.
  void PutMv(const std::string& before) const {
    std::ofstream(programs_ + "/mv") << "#!/bin/sh\n" << before << "\nexec /bin/mv \"$@\"\n";
    std::filesystem::permissions(programs_ + "/mv", std::filesystem::perms::owner_all);
  }
  std::string Race() const {
    const std::string quoted = "\"" + path_ + "\"";
    return "[ -e " + quoted + " ] || { mkdir " + quoted + "; echo theirs >" + quoted + "/config; }";
  }
  static std::string Config(const std::string& place) {
    std::ifstream file(place + "/config");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TemporaryDirectory directory_;
  std::string path_ = At("it's a place"), registry_ = At("registry"), programs_ = At("programs");
};

constexpr char kNoSuchOption[] = "[ \"$1\" != -T ] || { echo 'mv: illegal option -- T' >&2; exit 64; }\n";

TEST_P(StagingScripts, WhatWasMadeGetsItsName) {
  for (const char* mv : {"", kNoSuchOption}) {
    PutMv(mv);
    const std::string staging = Stage();
    EXPECT_TRUE(Exists(registry_ + "/staging.rm"));
    const lab::Ended ended = Publish(staging);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(ended.err, "");
    EXPECT_EQ(Config(path_), "ours");
    EXPECT_FALSE(Exists(staging));
    EXPECT_FALSE(Exists(registry_ + "/staging.rm")) << "the keeper would remove what is no longer there";
    std::filesystem::remove_all(path_);
  }
}

TEST_P(StagingScripts, WhoComesSecondTouchesNothing) {
  for (const std::string& mv : {Race(), kNoSuchOption + Race()}) {
    SCOPED_TRACE(mv);
    PutMv("");
    const std::string staging = Stage();
    PutMv(mv);
    const lab::Ended ended = Publish(staging);
    EXPECT_EQ(ended.exit_code, 1);
    EXPECT_NE(ended.err.find("there is something at that path by now"), std::string::npos) << ended.err;
    EXPECT_EQ(Config(path_), "theirs\n");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path_), {}), 1) << "ours is in theirs";
    EXPECT_TRUE(Exists(staging)) << "the keeper removes it there";
    EXPECT_TRUE(Exists(registry_ + "/staging.rm"));
    std::filesystem::remove_all(path_);
    std::filesystem::remove_all(staging);
  }
}

TEST_P(StagingScripts, WhatIsThereAlreadyIsInTheWay) {
  const std::string staging = Stage();
  std::filesystem::create_symlink("/nowhere", path_);
  EXPECT_EQ(Publish(staging).exit_code, 1);
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  EXPECT_TRUE(Exists(staging));
  EXPECT_EQ(Run(StagingScript(path_, registry_)).exit_code, 1) << "nor is anything staged";
}

TEST_P(StagingScripts, WhatIsAnEmptyDirectory) {
  const auto empty = [&] { return Run(EmptinessScript(path_)).exit_code == 0; };
  EXPECT_FALSE(empty()) << "there is nothing";
  std::filesystem::create_directories(path_);
  EXPECT_TRUE(empty());
  std::ofstream(path_ + "/.hidden") << "x";
  EXPECT_FALSE(empty());
  std::filesystem::remove_all(path_);
  std::ofstream(path_) << "x";
  EXPECT_FALSE(empty()) << "a file";
}

INSTANTIATE_TEST_SUITE_P(All, StagingScripts, PosixShells(), NameOf);

}  // namespace
}  // namespace borgop
