// The script that runs hooks, under the shells that /bin/sh may be.
#include "engine/remote/hook_script.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "engine/remote/hook_log.h"
#include "tests/fakes/temporary_directory.h"
#include "tests/lab/process.h"
#include "tests/unit/remote/posix_shells.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;

constexpr auto kLimit = 60s;

HookCommand Sh(const std::string& text) { return {"sh", "-c", text}; }

class HookScripts : public PosixShellTest {
 protected:
  std::string File(const std::string& name) const { return directory_.path() + "/" + name; }
  bool Exists(const std::string& name) const { return access(File(name).c_str(), F_OK) == 0; }
  std::string Text(const std::string& name) const {
    std::ifstream file(File(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // From a file, as the keeper runs the after hooks.
  lab::Process Start(const std::vector<HookCommand>& hooks, HookStage stage, std::chrono::seconds timeout = 600s) {
    Hooks all;
    all.timeout = timeout;
    (stage == HookStage::kBefore ? all.before : all.after) = hooks;
    std::ofstream(File("script")) << HookScript(all, stage, directory_.path());
    std::vector<std::string> argv = GetParam().argv;
    argv.push_back(File("script"));
    return lab::Process(lab::Command{.argv = argv});
  }
  struct Ran {
    std::size_t started = 0;
    std::map<std::size_t, HookResult> results;
  };
  static Ran Understand(const std::string& out) {
    Ran ran;
    HookLog log([&](std::size_t) { ++ran.started; }, [&](const HookResult& result) { ran.results[result.index] = result; });
    log.Feed(out);
    return ran;
  }
  Ran Run(const std::vector<HookCommand>& hooks, HookStage stage = HookStage::kAfter, std::chrono::seconds timeout = 600s) {
    lab::Process process = Start(hooks, stage, timeout);
    const std::optional<lab::Ended> ended = process.Wait(kLimit);
    EXPECT_TRUE(ended.has_value()) << "it hangs: " << process.Out() << process.Err();
    if (!ended) return {};
    EXPECT_EQ(ended->exit_code, 0) << ended->err;
    EXPECT_EQ(ended->err, "");
    return Understand(ended->out);
  }

  TemporaryDirectory directory_;
};

TEST_P(HookScripts, WordsArriveUnchanged) {
  HookCommand command = {"printf", "<%s>"};
  std::string expected;
  for (const char* word : {"",    "two  words", "it's", "\"",          "$HOME", "${x}", "`id`",        "$(id)",    "\\",
                           "\\n", "-x",         "--",   "line\nbreak", "\n",    "*",    "?",           "!",        ";",
                           "&",   "|",          ">x",   "#",           "~",     "\t",   "caf\xc3\xa9", "\xff\xfe", "\x01\x1b[31m",
                           " "}) {
    command.emplace_back(word);
    expected += std::string("<") + word + ">";
  }
  const Ran ran = Run({command});
  ASSERT_EQ(ran.results.size(), 1U);
  EXPECT_EQ(ran.results.at(0).output, expected);
  EXPECT_TRUE(ran.results.at(0).ok());
}

TEST_P(HookScripts, RunInTheirOrder) {
  const Ran ran =
      Run({Sh("echo a >>" + File("order")), Sh("sleep 0.3; echo b >>" + File("order")), Sh("echo c >>" + File("order"))});
  EXPECT_EQ(Text("order"), "a\nb\nc\n");
  EXPECT_EQ(ran.started, 3U);
  EXPECT_EQ(ran.results.size(), 3U);
}

TEST_P(HookScripts, TellStatusAndBothOutputs) {
  const Ran ran = Run({Sh("echo out; echo err >&2; exit 3"), {"no-such-program-anywhere"}, {"/dev/null"}, Sh("kill -KILL $$")});
  ASSERT_EQ(ran.results.size(), 4U);
  EXPECT_EQ(ran.results.at(0).status, 3);
  EXPECT_EQ(ran.results.at(0).output, "out\nerr\n");
  EXPECT_EQ(ran.results.at(1).status, 127);
  EXPECT_NE(ran.results.at(1).output, "") << "it says so";
  EXPECT_EQ(ran.results.at(2).status, 126);
  EXPECT_EQ(ran.results.at(3).status % 128, SIGKILL) << ran.results.at(3).status;
}

TEST_P(HookScripts, BeforeHooksEndAtTheFirstFailure) {
  const Ran ran = Run({Sh("exit 0"), Sh("exit 1"), Sh("touch " + File("third"))}, HookStage::kBefore);
  EXPECT_EQ(ran.results.size(), 2U);
  EXPECT_EQ(ran.started, 2U);
  EXPECT_FALSE(Exists("third"));
}

// A watch that has just been forked must not outlive its hook.
TEST_P(HookScripts, ManyShortOnes) {
  for (int round = 0; round < 5; ++round) {
    const Ran ran = Run(std::vector<HookCommand>(kMaxHooks, {"true"}));
    ASSERT_EQ(ran.results.size(), kMaxHooks);
  }
}

TEST_P(HookScripts, AfterHooksGoOn) {
  const Ran ran = Run({Sh("exit 1"), Sh("touch " + File("second"))}, HookStage::kAfter);
  EXPECT_EQ(ran.results.size(), 2U);
  EXPECT_TRUE(Exists("second"));
}

TEST_P(HookScripts, OfMuchOutputTheEndIsKept) {
  const Ran ran = Run({Sh("head -c 5000000 /dev/zero | tr '\\0' x; echo; echo last")});
  ASSERT_EQ(ran.results.size(), 1U);
  EXPECT_EQ(ran.results.at(0).output.size(), kMaxHookOutput);
  EXPECT_TRUE(ran.results.at(0).output.ends_with("x\nlast\n"));
}

TEST_P(HookScripts, OneThatTakesTooLongEndsWithAllThatItStarted) {
  const Ran ran = Run(
      {Sh("echo began; (sleep 1000; touch " + File("child") + ") & echo $! >" + File("pid") + "; sleep 1000; touch " + File("end")),
       Sh("touch " + File("next"))},
      HookStage::kAfter, 1s);
  ASSERT_EQ(ran.results.size(), 2U);
  EXPECT_TRUE(ran.results.at(0).late);
  EXPECT_EQ(ran.results.at(0).output, "began\n");
  EXPECT_TRUE(Exists("next"));
  EXPECT_NE(kill(std::stoi(Text("pid")), 0), 0);
}

TEST_P(HookScripts, OneThatIsDeafIsKilled) {
  const Ran ran = Run({Sh("trap '' TERM; while :; do sleep 1; done")}, HookStage::kBefore, 1s);
  ASSERT_EQ(ran.results.size(), 1U);
  EXPECT_TRUE(ran.results.at(0).late);
}

TEST_P(HookScripts, WhatStaysInTheBackgroundKeepsNobodyWaiting) {
  const Ran ran = Run({Sh("echo daemon; sleep 1000 & echo $! >" + File("pid")), Sh("echo next")});
  ASSERT_EQ(ran.results.size(), 2U);
  EXPECT_TRUE(ran.results.at(0).ok());
  EXPECT_EQ(ran.results.at(0).output, "daemon\n");
  EXPECT_EQ(ran.results.at(1).output, "next\n");
  const pid_t daemon = std::stoi(Text("pid"));
  EXPECT_EQ(kill(daemon, SIGKILL), 0) << "it was ended";
}

TEST_P(HookScripts, HaveNoInputAndNoSignalsIgnored) {
  const Ran ran = Run({Sh("cat; sed -n 's/^SigIgn:[^0-9a-f]*//p' /proc/self/status")});
  ASSERT_EQ(ran.results.size(), 1U);
  const std::uint64_t ignored = std::stoull(ran.results.at(0).output, nullptr, 16);
  // POSIX has a shell without job control ignore these two in what it starts with "&".
  EXPECT_EQ(ignored & ~((1ULL << (SIGINT - 1)) | (1ULL << (SIGQUIT - 1))), 0U) << ran.results.at(0).output;
}

TEST_P(HookScripts, SigtermEndsTheHookThatRuns) {
  lab::Process process =
      Start({Sh("echo $$ >" + File("pid") + "; touch " + File("up") + "; sleep 1000"), Sh("touch " + File("second"))},
            HookStage::kBefore);
  ASSERT_TRUE(process.WaitUntil([&] { return Exists("up"); }, kLimit));
  process.Signal(SIGTERM);
  const std::optional<lab::Ended> ended = process.Wait(kLimit);
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->exit_code, 1);
  // What watched the time goes too, at the latest with its last second.
  const std::string watch = "pgrep -g " + std::to_string(process.pid()) + " >/dev/null";
  for (int i = 0; i < 500 && std::system(watch.c_str()) == 0; ++i) usleep(10'000);
  EXPECT_NE(std::system(watch.c_str()), 0) << "something is left";
  EXPECT_NE(kill(std::stoi(Text("pid")), 0), 0);
  EXPECT_FALSE(Exists("second"));
}

TEST_P(HookScripts, RunAlthoughNobodyReads) {
  Hooks hooks;
  hooks.after = {Sh("seq 100000; touch " + File("first")), Sh("touch " + File("second"))};
  std::ofstream(File("script")) << HookScript(hooks, HookStage::kAfter, directory_.path());
  std::string shell;
  for (const std::string& word : GetParam().argv) shell += word + " ";
  // `true` closes the pipe at once.
  lab::Process process(lab::Command{.argv = {"bash", "-c", "(sleep 0.3; exec " + shell + File("script") + ") | true; wait"}});
  ASSERT_TRUE(process.WaitUntil([&] { return Exists("second"); }, kLimit));
  EXPECT_TRUE(Exists("first"));
}

TEST_P(HookScripts, RunWhereNothingCanBeWritten) {
  Hooks hooks;
  hooks.after = {Sh("echo lost; touch " + File("first"))};
  std::ofstream(File("script")) << HookScript(hooks, HookStage::kAfter, "/proc/no/such/place");
  std::vector<std::string> argv = GetParam().argv;
  argv.push_back(File("script"));
  lab::Process process(lab::Command{.argv = argv});
  const std::optional<lab::Ended> ended = process.Wait(kLimit);
  ASSERT_TRUE(ended.has_value());
  EXPECT_TRUE(Exists("first"));
  const Ran ran = Understand(ended->out);
  ASSERT_EQ(ran.results.size(), 1U) << ended->out;
  EXPECT_TRUE(ran.results.at(0).ok());
  EXPECT_EQ(ran.results.at(0).output, "");
}

INSTANTIATE_TEST_SUITE_P(All, HookScripts, PosixShells(), NameOf);

TEST(HookTimes, AreBoundedByTheHooks) {
  Hooks hooks;
  hooks.timeout = 100s;
  EXPECT_LT(LongestTime(hooks, HookStage::kAfter), 100s);
  hooks.after = {{"a"}, {"b"}};
  EXPECT_GT(LongestTime(hooks, HookStage::kAfter), 200s);
  EXPECT_LT(LongestTime(hooks, HookStage::kBefore), 100s);
}

}  // namespace
}  // namespace borgop
