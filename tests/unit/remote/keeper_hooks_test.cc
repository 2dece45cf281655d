// After hooks, as the keeper's script runs them: on every way out, once.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>

#include "engine/remote/hook_script.h"
#include "engine/remote/keeper.h"
#include "tests/fakes/temporary_directory.h"
#include "tests/lab/process.h"
#include "tests/unit/remote/posix_shells.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;

constexpr auto kHooksLimit = 60s;

class KeeperHooks : public PosixShellTest {
 protected:
  void TearDown() override {
    std::error_code ignored;
    if (!keeper_directory_.empty()) std::filesystem::remove_all(keeper_directory_, ignored);
  }
  bool Exists(const std::string& name) const { return access(directory_.At(name).c_str(), F_OK) == 0; }
  std::string Text(const std::string& name) const {
    std::ifstream file(directory_.At(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // `tick` as in keeper_script_test.cc. The hook writes a line to "ran" as it begins, and another one as it ends.
  void Start(const std::string& tick, const std::string& takes = "0") {
    std::string script = KeeperScript("no-such-borg", 12s);
    const std::string whole = "\ntick=1\n";
    script.replace(script.find(whole), whole.size(), "\ntick=" + tick + "\n");
    std::vector<std::string> argv = GetParam().argv;
    argv.insert(argv.end(), {"-c", "umask 027; eval \"`dd bs=1 count=" + std::to_string(script.size()) + " 2>/dev/null`\""});
    keeper_ = std::make_unique<lab::Process>(lab::Command{.argv = argv, .keep_stdin_open = true});
    keeper_->WriteInput(script);
    ASSERT_TRUE(keeper_->WaitUntil([&] { return keeper_->Out().find('\n') != std::string::npos; }, kHooksLimit)) << keeper_->Err();
    std::istringstream words(keeper_->Out());
    std::string ready;
    words >> ready >> keeper_directory_;
    Hooks hooks;
    hooks.after = {{"sh", "-c",
                    "echo began >>" + directory_.At("ran") + "; sleep " + takes + "; umask; echo ended >>" + directory_.At("ran")}};
    std::ofstream(keeper_directory_ + "/p/after") << HookScript(hooks, HookStage::kAfter, keeper_directory_);
  }
  void ExpectRanOnceAndGone() {
    ASSERT_TRUE(keeper_->Wait(kHooksLimit).has_value()) << "the keeper is still there";
    EXPECT_EQ(Text("ran"), "began\nended\n");
    EXPECT_FALSE(std::filesystem::exists(keeper_directory_));
  }
  std::string Said() const { return keeper_->Out(); }

  TemporaryDirectory directory_;
  std::unique_ptr<lab::Process> keeper_;
  std::string keeper_directory_;
};

TEST_P(KeeperHooks, RunWhenItIsToldToEnd) {
  ASSERT_NO_FATAL_FAILURE(Start("5"));
  keeper_->WriteInput("e\n");
  ASSERT_TRUE(keeper_->WaitUntil([&] { return Said().ends_with("\nended\n"); }, kHooksLimit)) << Said();
  EXPECT_NE(Said().find("start 0\nend 0 0 5\n0027\n\nended\n"), std::string::npos)
      << "result, and the account's own umask: " << Said();
  keeper_->WriteInput("e\n");
  keeper_->CloseInput();
  ExpectRanOnceAndGone();
  EXPECT_TRUE(Said().ends_with("\n\nended\n")) << "once: " << Said();
}

TEST_P(KeeperHooks, RunWhenItsInputEnds) {
  ASSERT_NO_FATAL_FAILURE(Start("5"));
  keeper_->CloseInput();
  ExpectRanOnceAndGone();
}

TEST_P(KeeperHooks, RunInSilence) {
  ASSERT_NO_FATAL_FAILURE(Start("0.1"));
  ExpectRanOnceAndGone();
}

TEST_P(KeeperHooks, RunAfterWhatRunsHasEnded) {
  ASSERT_NO_FATAL_FAILURE(Start("5"));
  const lab::Process process(
      lab::Command{.argv = {"sh", "-c",
                            "trap 'sleep 0.5; echo process >>" + directory_.At("ran") + "; exit' TERM; touch " +
                                directory_.At("up") + "; while :; do sleep 0.1; done"}});
  ASSERT_TRUE(keeper_->WaitUntil([&] { return Exists("up"); }, kHooksLimit));
  std::ofstream(keeper_directory_ + "/p/create.pid") << process.pid() << "\n";
  keeper_->CloseInput();
  ASSERT_TRUE(keeper_->Wait(kHooksLimit).has_value());
  EXPECT_EQ(Text("ran"), "process\nbegan\nended\n");
}

TEST_P(KeeperHooks, AreNotCutShortByTheEndOfInput) {
  ASSERT_NO_FATAL_FAILURE(Start("0.1", "1"));
  ASSERT_TRUE(keeper_->WaitUntil([&] { return Exists("ran"); }, kHooksLimit)) << "in silence";
  keeper_->CloseInput();
  ExpectRanOnceAndGone();
}

TEST_P(KeeperHooks, AreNotCutShortBySilence) {
  ASSERT_NO_FATAL_FAILURE(Start("0.1", "4"));
  keeper_->WriteInput("e\n");
  // Silence ends the keeper, but only once the hooks have ended.
  ExpectRanOnceAndGone();
  EXPECT_TRUE(Said().ends_with("\nended\n")) << Said();
}

TEST_P(KeeperHooks, AreNotCutShortBySignals) {
  ASSERT_NO_FATAL_FAILURE(Start("5", "1"));
  keeper_->WriteInput("e\n");
  ASSERT_TRUE(keeper_->WaitUntil([&] { return Exists("ran"); }, kHooksLimit));
  keeper_->Signal(SIGTERM);
  keeper_->Signal(SIGHUP);
  keeper_->CloseInput();
  ExpectRanOnceAndGone();
}

TEST_P(KeeperHooks, AreNotThereWithoutOne) {
  ASSERT_NO_FATAL_FAILURE(Start("5"));
  std::filesystem::remove(keeper_directory_ + "/p/after");
  keeper_->WriteInput("e\n");
  ASSERT_TRUE(keeper_->WaitUntil([&] { return Said().ends_with("\nended\n"); }, kHooksLimit)) << Said();
  keeper_->CloseInput();
  ASSERT_TRUE(keeper_->Wait(kHooksLimit).has_value());
  EXPECT_FALSE(Exists("ran"));
}

INSTANTIATE_TEST_SUITE_P(All, KeeperHooks, PosixShells(), NameOf);

}  // namespace
}  // namespace borgop
