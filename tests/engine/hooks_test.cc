// Hooks on T: in their order around borg create, and the after hooks exactly once, however a run ends.
#include <signal.h>

#include <algorithm>
#include <functional>
#include <ostream>

#include "engine/borg/shell_quote.h"
#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class HooksTest : public EngineTest {
 protected:
  std::string LogFile() const { return dir() + "/log"; }
  // On T: what the hooks wrote, a word each.
  std::string Words() const {
    std::string words = t_.Run("cat '" + LogFile() + "' 2>/dev/null").out;
    std::replace(words.begin(), words.end(), '\n', ' ');
    return words;
  }
  static HookCommand Sh(const std::string& text) { return {"sh", "-c", text}; }
  // Writes a word to the log, then does `rest`.
  HookCommand Note(const std::string& word, const std::string& rest = ":") const {
    return Sh("echo " + word + " >>" + ShellQuote(LogFile()) + "; " + rest);
  }
  bool WaitForWords(Process& process, const std::string& words) const {
    return process.WaitUntil([&] { return Words() == words; }, seconds(60));
  }
  static std::vector<std::string> PhasesOf(const RunResult& result) {
    std::vector<std::string> names;
    for (const Json& phase : result.target().value("phases", Json::array()))
      names.push_back(phase.value("name", "") + (phase.value("ok", false) ? "" : " failed"));
    return names;
  }
};

TEST_F(HooksTest, RunAroundCreateInTheirOrder) {
  Plan plan = MakePlan();
  // borg create sees what the hooks before it made, and not what those after it do.
  plan.targets[0].hooks.before = {Note("before1", "sleep 0.5"), Note("before2", "echo dump >" + ShellQuote(source() + "/dump"))};
  plan.targets[0].hooks.after = {Note("after1", "sleep 0.5; rm " + ShellQuote(source() + "/dump")), Note("after2")};
  const auto result = RunEngine(plan);
  ExpectCompleted(result);
  EXPECT_EQ(Words(), "before1 before2 after1 after2 ");
  EXPECT_EQ(PhasesOf(result),
            (std::vector<std::string>{"connect", "inspect", "init", "before", "create", "after", "list", "cleanup"}));
  EXPECT_THAT(result.ended.err, HasSubstr("running hooks.before[1] ("));
  const std::string archive = result.target()["archive"].value("name", "");
  EXPECT_THAT(b_.Run("BORG_PASSPHRASE='" + std::string(kPassphrase) + "' borg list --short '" + repository() + "::" + archive + "'",
                     {.user = "backup"})
                  .out,
              HasSubstr("/source/dump"));
  EXPECT_FALSE(t_.Exists(source() + "/dump"));
  ExpectNothingLeft();
}

TEST_F(HooksTest, OneThatFailsBeforeKeepsCreateFromRunning) {
  Plan plan = MakePlan();
  plan.targets[0].hooks.before = {Note("before1"), Note("before2", "echo 'no such database' >&2; exit 3"), Note("before3")};
  plan.targets[0].hooks.after = {Note("after")};
  const auto result = RunEngine(plan);
  ExpectFailed(result, "HookFailed", "Transient", 75);
  EXPECT_THAT(result.message(), HasSubstr("hooks.before[1] ('sh' '-c' "));
  EXPECT_THAT(result.message(), HasSubstr(" ended with status 3; it said: no such database"));
  EXPECT_EQ(Words(), "before1 before2 after ");
  EXPECT_EQ(PhasesOf(result), (std::vector<std::string>{"connect", "inspect", "init", "before failed", "after", "cleanup"}));
  plan.targets[0].hooks.before.clear();
  ExpectNextRunGood(plan);
}

TEST_F(HooksTest, OneThatFailsAfterIsAWarning) {
  Plan plan = MakePlan();
  plan.targets[0].hooks.after = {Note("after1", "echo oops; exit 7"), {"no-such-program"}, Note("after3")};
  const auto result = RunEngine(plan);
  EXPECT_EQ(result.exit_code(), 0) << result.All();
  EXPECT_EQ(result.outcome(), "CompletedWithWarnings") << result.All();
  EXPECT_TRUE(result.target().contains("archive"));
  EXPECT_EQ(result.target()["warnings"].size(), 2U) << result.All();
  EXPECT_THAT(result.warnings(), HasSubstr("hooks.after[0] ("));
  EXPECT_THAT(result.warnings(), HasSubstr("ended with status 7; it said: oops"));
  EXPECT_THAT(result.warnings(), HasSubstr("hooks.after[1] ('no-such-program') on the target"));
  EXPECT_THAT(result.warnings(), HasSubstr("ended with status 127"));
  EXPECT_EQ(Words(), "after1 after3 ");
  EXPECT_THAT(PhasesOf(result), testing::Contains("after failed"));
  ExpectNothingLeft();
}

TEST_F(HooksTest, AfterRunsWhenCreateFails) {
  Plan plan = MakePlan();
  plan.targets[0].hooks.before = {Note("before")};
  plan.targets[0].hooks.after = {Note("after")};
  plan.targets[0].borg = "/usr/local/bin/bad-borg";
  t_.WriteFile("/usr/local/bin/bad-borg", "#!/bin/sh\nexit 2\n");
  t_.Output("chmod 755 /usr/local/bin/bad-borg");
  const auto result = RunEngine(plan);
  EXPECT_EQ(result.outcome(), "Failed") << result.All();
  EXPECT_EQ(result.reason(), "CreateFailed") << result.All();
  EXPECT_EQ(Words(), "before after ");
  EXPECT_EQ(result.warnings(), "[]");
  EXPECT_EQ(PhasesOf(result),
            (std::vector<std::string>{"connect", "inspect", "init", "before", "create failed", "after", "cleanup"}));
  ExpectNothingLeft();
}

TEST_F(HooksTest, NoneRunsWhereTheRepositoryCannotBeReached) {
  Plan plan = MakePlan();
  ExpectCompleted(RunEngine(plan));
  plan.targets[0].repository.passphrase = Secret("wrong");
  plan.targets[0].hooks.before = {Note("before")};
  plan.targets[0].hooks.after = {Note("after")};
  ExpectFailed(RunEngine(plan), "PassphraseWrong", "Terminal", 1);
  EXPECT_EQ(Words(), "");
}

TEST_F(HooksTest, WordsAndOutputOfAllKinds) {
  Plan plan = MakePlan();
  HookCommand command = {"sh", "-c", "printf '<%s>' \"$@\" >" + ShellQuote(dir() + "/words"), "sh"};
  std::string expected;
  for (const char* word :
       {"", "two  words", "it's", "\"$HOME\" `id` $(id) ${x}", "\\n", "line\nbreak", "*", "-x", "caf\xc3\xa9", "\xff"}) {
    command.emplace_back(word);
    expected += std::string("<") + word + ">";
  }
  plan.targets[0].hooks.before = {command, Sh("yes 'much of it' | head -c 20000000; echo; echo the end; sleep 1000 & exit 0"),
                                  Sh("env; id -un; umask; test -z \"$(cat)\"")};
  const auto result = RunEngine(plan, seconds(60), {"--log-level", "debug"});
  ExpectCompleted(result);
  EXPECT_EQ(t_.ReadFile(dir() + "/words"), expected);
  EXPECT_THAT(result.ended.err, HasSubstr("hooks.before[1]: the end"));
  EXPECT_LT(result.ended.err.size(), 100'000U);
  EXPECT_THAT(result.ended.err, HasSubstr("hooks.before[2]: backup"));
  EXPECT_THAT(result.ended.err, HasSubstr("hooks.before[2]: 0022"));
  EXPECT_EQ(result.All().find(kPassphrase), std::string::npos);
  EXPECT_EQ(result.ended.err.find("BORG_"), std::string::npos) << "nothing of ours is in the environment: " << result.All();
  t_.Run("kill $(pgrep -f '^sleep 1000')");
  ExpectNothingLeft();
}

TEST_F(HooksTest, OneThatTakesTooLongIsEnded) {
  Plan plan = MakePlan();
  plan.targets[0].hooks.timeout = seconds(1);
  plan.targets[0].hooks.before = {Note("before", "echo stuck; sleep 1000 | sleep 1000")};
  plan.targets[0].hooks.after = {Note("after", "sleep 1000")};
  const auto result = RunEngine(plan);
  ExpectFailed(result, "HookFailed", "Transient", 75);
  EXPECT_THAT(result.message(), HasSubstr("had not ended after 1 s, and was ended; it said: stuck"));
  EXPECT_THAT(result.warnings(), HasSubstr("hooks.after[0] ("));
  EXPECT_THAT(result.warnings(), HasSubstr("had not ended after 1 s"));
  EXPECT_EQ(Words(), "before after ");
  ExpectNothingLeft();
}

TEST_F(HooksTest, RunThroughEveryKindOfLoginShell) {
  for (const std::string shell : {"fish", "tcsh", "zsh"}) {
    const std::string path = t_.Output("command -v " + shell + " || true");
    if (path.empty()) continue;
    SCOPED_TRACE(shell);
    const std::string user = "hooks-" + shell;
    t_.AddUser(user, path.substr(0, path.size() - 1));
    t_.Output("chmod 777 '" + dir() + "'; rm -f '" + LogFile() + "'");
    Plan plan = MakePlan();
    plan.targets[0].connection.user = user;
    plan.targets[0].hooks.before = {Note("\"it's $((1+1))\"")};
    plan.targets[0].hooks.after = {Note("after")};
    ExpectCompleted(RunEngine(plan));
    EXPECT_EQ(Words(), "it's 2 after ");
    ExpectNothingLeft();
  }
}

// A way in which a run ends early, while a hook runs or in mid-transfer.
enum class How { kTerminate, kKill, kDeadline, kTargetSession, kServerSession };
enum class When { kBefore, kCreate, kAfter };

std::string NameOf(How how) {
  switch (how) {
    case How::kTerminate: return "Sigterm";
    case How::kKill: return "Sigkill";
    case How::kDeadline: return "Deadline";
    case How::kTargetSession: return "TargetsSessionKilled";
    case How::kServerSession: return "ServersSessionKilled";
  }
  return "";
}

std::string NameOf(When when) { return when == When::kBefore ? "InBefore" : when == When::kCreate ? "InCreate" : "InAfter"; }

class HooksCutTest : public HooksTest, public testing::WithParamInterface<std::tuple<When, How>> {
 protected:
  static void KillSession(const LabHost& host) {
    for (const pid_t pid : Find(host, "sshd: backup")) host.Run("kill -KILL " + std::to_string(pid));
  }
};

TEST_P(HooksCutTest, AfterHooksRunOnce) {
  const auto& [when, how] = GetParam();
  Plan plan = MakePlan();
  // The repository is there already, so that the deadline falls where it shall.
  ExpectCompleted(RunEngine(plan));
  if (when == When::kCreate) {
    AddData(40);
    plan.targets[0].limits.upload_rate_kib = 1024;
  }
  // Nobody looks at B while hooks run before; what became of it shows when they have ended.
  const std::string slow = when != When::kBefore ? ":" : how == How::kServerSession ? "sleep 4" : "sleep 1000";
  plan.targets[0].hooks.before = {Note("before", slow)};
  plan.targets[0].hooks.after = {Note("after1", when == When::kAfter ? "sleep 8; echo waited >>" + ShellQuote(LogFile()) : ":"),
                                 Note("after2")};
  if (how == How::kDeadline) plan.targets[0].limits.deadline = seconds(6);
  auto process = Start(plan);
  ASSERT_TRUE(WaitForWords(process, when == When::kAfter ? "before after1 " : "before ")) << process.Err();
  if (when == When::kCreate) {
    ASSERT_TRUE(WaitForPhase(process, "create")) << process.Err();
    ASSERT_TRUE(process.WaitUntil([&] { return b_.Run("test $(du -sm '" + dir() + "' | cut -f1) -ge 1").ok(); }, seconds(60)));
  }
  switch (how) {
    case How::kTerminate: process.Signal(SIGTERM); break;
    case How::kKill: process.Signal(SIGKILL); break;
    case How::kTargetSession: KillSession(t_); break;
    case How::kServerSession: KillSession(b_); break;
    case How::kDeadline: break;
  }
  const auto result = Finish(process, how == How::kTerminate ? seconds(10) : seconds(60));
  const std::string all = when == When::kAfter ? "before after1 waited after2 " : "before after1 after2 ";
  if (how == How::kKill) {
    EXPECT_EQ(result.ended.signal, SIGKILL);
    ForgetClient();
  }
  if (how == How::kTerminate) {
    EXPECT_EQ(result.exit_code(), 130) << result.All();
    EXPECT_EQ(result.reason(), "Cancelled") << result.All();
  }
  if (how == How::kDeadline) {
    EXPECT_EQ(result.reason(), "DeadlineExceeded") << result.All();
  }
  // Those that run after the engine has gone take a while longer.
  ExpectNothingLeft(seconds(20));
  EXPECT_EQ(Words(), all) << result.All();
  const bool seen = !result.report.is_null() && how != How::kTargetSession && !(when == When::kAfter && how != How::kServerSession);
  if (seen) {
    EXPECT_EQ(result.warnings(), "[]") << result.All();
    EXPECT_THAT(PhasesOf(result), testing::Contains("after")) << result.All();
  }
  if (how == How::kTargetSession) {
    EXPECT_THAT(result.warnings(), HasSubstr("not seen to end: hooks.after[0] (")) << result.All();
  }
  Plan next = MakePlan();
  next.targets[0].limits.lock_wait = seconds(5);
  ExpectNextRunGood(next);
}

std::string NameOfCut(const testing::TestParamInfo<std::tuple<When, How>>& cut) {
  return NameOf(std::get<0>(cut.param)) + "_" + NameOf(std::get<1>(cut.param));
}

INSTANTIATE_TEST_SUITE_P(All, HooksCutTest,
                         testing::Combine(testing::Values(When::kBefore, When::kCreate, When::kAfter),
                                          testing::Values(How::kTerminate, How::kKill, How::kDeadline, How::kTargetSession,
                                                          How::kServerSession)),
                         NameOfCut);

}  // namespace
}  // namespace borgop::lab
