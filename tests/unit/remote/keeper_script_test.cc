// The keeper's script itself, under the shells that /bin/sh may be, over pipes in place of a connection.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>

#include "engine/remote/keeper.h"
#include "tests/fakes/temporary_directory.h"
#include "tests/lab/process.h"
#include "tests/unit/remote/posix_shells.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;

constexpr auto kScriptLimit = 60s;

bool Exists(const std::string& path) { return std::filesystem::exists(std::filesystem::symlink_status(path)); }
void Put(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

// The processes of a process group that are not zombies.
std::vector<std::string> Members(pid_t group) {
  std::vector<std::string> members;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string text;
    if (!std::getline(file, text)) continue;
    std::istringstream behind(text.substr(text.rfind(')') + 1));
    std::string state;
    pid_t parent = 0;
    pid_t pgrp = 0;
    behind >> state >> parent >> pgrp;
    if (pgrp == group && state != "Z") members.push_back(text);
  }
  return members;
}

class KeeperScripts : public PosixShellTest {
 protected:
  void TearDown() override {
    if (directory_.empty()) return;
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  // `tick` is what the script sleeps between looking for heartbeats; it acts after twelve without one.
  void Start(const std::string& tick) {
    std::string script = KeeperScript("no-such-borg", 12s);
    const std::string whole = "\ntick=1\n";
    const std::size_t at = script.find(whole);
    ASSERT_NE(at, std::string::npos);
    script.replace(at, whole.size(), "\ntick=" + tick + "\n");
    std::vector<std::string> argv = GetParam().argv;
    argv.insert(argv.end(), {"-c", "eval \"`dd bs=1 count=" + std::to_string(script.size()) + " 2>/dev/null`\""});
    keeper_ = std::make_unique<lab::Process>(lab::Command{.argv = argv, .keep_stdin_open = true});
    keeper_->WriteInput(script);
    ASSERT_TRUE(keeper_->WaitUntil([&] { return keeper_->Out().find('\n') != std::string::npos; }, kScriptLimit)) << keeper_->Err();
    std::istringstream words(keeper_->Out());
    std::string ready;
    words >> ready >> directory_;
    ASSERT_EQ(ready, "ready") << keeper_->Out();
    ASSERT_TRUE(directory_.starts_with("/tmp/borg-engine.")) << directory_;
  }
  // A process of the run, as one that has registered itself. Ended by the keeper, or by the test's end.
  std::unique_ptr<lab::Process> Register(const std::string& name, const std::vector<std::string>& argv = {"sleep", "1000"}) {
    auto process = std::make_unique<lab::Process>(lab::Command{.argv = argv});
    Put(directory_ + "/p/" + name + ".pid", std::to_string(process->pid()) + "\n");
    return process;
  }
  static int SignalOf(lab::Process& process) {
    const std::optional<lab::Ended> ended = process.Wait(kScriptLimit);
    return ended ? ended->signal : 0;
  }
  // The keeper has ended, and nothing that it made or started is left.
  void ExpectGone() {
    const pid_t group = keeper_->pid();
    keeper_->CloseInput();
    ASSERT_TRUE(keeper_->Wait(kScriptLimit).has_value()) << "the keeper is still there";
    EXPECT_FALSE(Exists(directory_));
    for (int i = 0; i < 500 && !Members(group).empty(); ++i) usleep(10'000);
    EXPECT_EQ(Members(group), std::vector<std::string>());
  }

  std::unique_ptr<lab::Process> keeper_;
  std::string directory_;
};

// Other accounts see the directory's name and can make any other name in /tmp.
TEST_P(KeeperScripts, WhatOthersMakeBesideItIsNotObeyed) {
  ASSERT_NO_FATAL_FAILURE(Start("5"));
  const TemporaryDirectory precious;
  lab::Process victim(lab::Command{.argv = {"sleep", "1000"}});
  std::vector<std::string> made;
  for (const char* suffix : {".end", ".p", "end"}) {
    made.push_back(directory_ + suffix);
    std::filesystem::create_directory(made.back());
    Put(made.back() + "/x.pid", std::to_string(victim.pid()) + "\n");
    Put(made.back() + "/staging.rm", precious.path());
  }
  keeper_->WriteInput("e\n");
  ExpectGone();
  EXPECT_TRUE(Exists(precious.path()));
  EXPECT_TRUE(victim.Running());
  for (const std::string& path : made) std::filesystem::remove_all(path);
}

TEST_P(KeeperScripts, MakesADirectoryOfItsOwn) {
  ASSERT_NO_FATAL_FAILURE(Start("5"));
  struct stat info {};
  ASSERT_EQ(lstat(directory_.c_str(), &info), 0);
  EXPECT_TRUE(S_ISDIR(info.st_mode));
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
  EXPECT_EQ(info.st_uid, geteuid());
  std::istringstream words(keeper_->Out());
  const std::vector<std::string> said{std::istream_iterator<std::string>(words), {}};
  EXPECT_EQ(std::count(said.begin(), said.end(), "fifo"), 1);
  EXPECT_EQ(std::count(said.begin(), said.end(), "borg"), 0) << "there is no such program";
  keeper_->CloseInput();
  ExpectGone();
}

TEST_P(KeeperScripts, TheEndOfItsInputEndsEverything) {
  ASSERT_NO_FATAL_FAILURE(Start("5"));
  const auto one = Register("create");
  const auto other = Register("socket");
  keeper_->CloseInput();
  EXPECT_EQ(SignalOf(*one), SIGTERM);
  EXPECT_EQ(SignalOf(*other), SIGTERM);
  ExpectGone();
}

TEST_P(KeeperScripts, EndsWhenToldSo) {
  ASSERT_NO_FATAL_FAILURE(Start("5"));
  const auto process = Register("create");
  keeper_->WriteInput("e\n");
  EXPECT_EQ(SignalOf(*process), SIGTERM);
  ExpectGone();
}

TEST_P(KeeperScripts, KillsOneByName) {
  ASSERT_NO_FATAL_FAILURE(Start("5"));
  const auto one = Register("create");
  const auto other = Register("socket");
  keeper_->WriteInput("k create\nk nobody\n");
  EXPECT_EQ(SignalOf(*one), SIGTERM);
  EXPECT_TRUE(other->Running());
  EXPECT_TRUE(keeper_->Running());
  keeper_->WriteInput("e\n");
  EXPECT_EQ(SignalOf(*other), SIGTERM);
  ExpectGone();
}

TEST_P(KeeperScripts, LeavesAloneWhatWasForgotten) {
  ASSERT_NO_FATAL_FAILURE(Start("5"));
  const auto process = Register("create");
  keeper_->WriteInput("f create\nf nobody\ne\n");
  ExpectGone();
  EXPECT_TRUE(process->Running());
}

TEST_P(KeeperScripts, RemovesASocketThatWasUsed) {
  ASSERT_NO_FATAL_FAILURE(Start("5"));
  for (const char* name : {"/s", "/i", "/o", "/kept"}) Put(directory_ + name, "");
  keeper_->WriteInput("u\n");
  EXPECT_TRUE(keeper_->WaitUntil([&] { return !Exists(directory_ + "/o"); }, kScriptLimit));
  EXPECT_FALSE(Exists(directory_ + "/s"));
  EXPECT_FALSE(Exists(directory_ + "/i"));
  EXPECT_TRUE(Exists(directory_ + "/kept"));
  keeper_->WriteInput("e\n");
  ExpectGone();
}

TEST_P(KeeperScripts, WithoutHeartbeatsEverythingEnds) {
  ASSERT_NO_FATAL_FAILURE(Start("0.1"));
  const auto process = Register("create");
  EXPECT_EQ(SignalOf(*process), SIGTERM);
  ASSERT_TRUE(keeper_->Wait(kScriptLimit).has_value());
  ExpectGone();
}

TEST_P(KeeperScripts, HeartbeatsKeepItAlive) {
  ASSERT_NO_FATAL_FAILURE(Start("0.2"));
  const auto process = Register("create");
  // Each round takes a tick at least, as the timer has to see the heartbeat: more rounds than it would wait.
  for (int round = 0; round < 15; ++round) {
    Put(directory_ + "/s", "");
    keeper_->WriteInput("b\nu\n");
    ASSERT_TRUE(keeper_->WaitUntil([&] { return !Exists(directory_ + "/s"); }, kScriptLimit)) << round;
    ASSERT_TRUE(keeper_->WaitUntil([&] { return !Exists(directory_ + "/beat"); }, kScriptLimit)) << round;
  }
  EXPECT_TRUE(process->Running());
  EXPECT_TRUE(Exists(directory_));
  keeper_->WriteInput("e\n");
  EXPECT_EQ(SignalOf(*process), SIGTERM);
  ExpectGone();
}

TEST_P(KeeperScripts, ATerminatedKeeperCleansUp) {
  ASSERT_NO_FATAL_FAILURE(Start("5"));
  const auto process = Register("create");
  keeper_->Signal(SIGTERM);
  // A shell in the middle of `read` may look at the signal only when a line comes or the input ends.
  keeper_->CloseInput();
  EXPECT_EQ(SignalOf(*process), SIGTERM);
  ExpectGone();
}

TEST_P(KeeperScripts, KillsWhatDoesNotHeed) {
  ASSERT_NO_FATAL_FAILURE(Start("5"));
  const auto process = Register("create", {"sh", "-c", "trap '' TERM; echo deaf >&2; while :; do sleep 1000; done"});
  ASSERT_TRUE(process->WaitForErr("deaf", kScriptLimit));
  keeper_->CloseInput();
  EXPECT_EQ(SignalOf(*process), SIGKILL);
  ExpectGone();
}

// As when the network comes back just then.
TEST_P(KeeperScripts, TheEndOfItsInputWhileItCleansUpByItselfChangesNothing) {
  ASSERT_NO_FATAL_FAILURE(Start("0.1"));
  const auto process = Register("create", {"sh", "-c", "trap '' TERM; echo deaf >&2; while :; do sleep 1000; done"});
  ASSERT_TRUE(process->WaitForErr("deaf", kScriptLimit));
  ASSERT_TRUE(keeper_->WaitUntil([&] { return Exists(directory_ + "/end"); }, kScriptLimit));
  keeper_->CloseInput();
  EXPECT_EQ(SignalOf(*process), SIGKILL);
  ExpectGone();
}

INSTANTIATE_TEST_SUITE_P(All, KeeperScripts, PosixShells(), NameOf);

}  // namespace
}  // namespace borgop
