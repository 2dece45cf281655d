// A target that was taken over does what it can with what a backup gives it. Whatever that is, every earlier archive restores byte for byte, also after C
// has checked and compacted; the run says what was asked; and the next honest run works.
#include <algorithm>
#include <sstream>

#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

struct Attack {
  std::string name;       // of evil_borg.py
  std::string reason;     // of the report; empty: it is a backup like any other
  std::string refused{};  // the method that the report counts first
};
class EvilTargetTest : public EngineTest {
 protected:
  // Two archives of different content.
  void Back() {
    ExpectCompleted(RunEngine(MakePlan()));
    AddData(1);
    ExpectCompleted(RunEngine(MakePlan()));
    before_ = Archives();
    ASSERT_EQ(std::count(before_.begin(), before_.end(), '\n'), 2) << before_;
  }
  Plan Evil(const std::string& attack) {
    Plan plan = MakePlan();
    for (const char* file : {"evil_borg.py", "trickle.py"}) {
      t_.WriteFile(dir() + '/' + file, c_.ReadFile(std::string(EVIL_SCRIPTS) + '/' + file));
      t_.Output("chmod 755 " + dir() + '/' + file);
    }
    plan.targets[0].borg = dir() + "/evil";
    t_.WriteFile(plan.targets[0].borg, "#!/bin/sh\nexec /usr/bin/python3 " + dir() + "/evil_borg.py " + attack + " \"$@\"\n");
    t_.Output("chmod 755 " + plan.targets[0].borg);
    return plan;
  }
  // Name and digest of all that is in each of these archives (all), a line each; as borg on B sees it.
  std::string Archives(const std::string& names = "$(borg list --short)") const {
    return b_.Output("export BORG_PASSPHRASE='" + std::string(kPassphrase) + "' BORG_REPO='" + repository() +
                         "' BORG_BASE_DIR=$(mktemp -d); for a in " + names +
                         "; do echo \"$a $(borg export-tar \"::$a\" - | "
                         "sha256sum)\" || exit 1; done; rm -r \"$BORG_BASE_DIR\"",
                     {.user = "backup", .timeout = seconds(120)});
  }
  void ExpectAllThere() const {
    std::string names;
    std::istringstream lines(before_);
    for (std::string line; std::getline(lines, line);) names += line.substr(0, line.find(' ')) + ' ';
    EXPECT_EQ(Archives(names), before_);
  }
  void ExpectVerified() const {
    const auto check = b_.Run("BORG_PASSPHRASE='" + std::string(kPassphrase) +
                                  "' BORG_BASE_DIR=$(mktemp -d) borg check --verify-data '" + repository() + "'",
                              {.user = "backup", .timeout = seconds(120)});
    EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
  }

  std::string before_;
};

const Attack kAttacks[] = {
    {"delete", "TargetMisbehaved", "destroy"},
    {"delete-newest", "TargetMisbehaved", "delete"},
    {"prune", "TargetMisbehaved", "delete"},
    {"compact", "TargetMisbehaved", "commit"},
    {"check-repair", "TargetMisbehaved", "check"},
    {"change-passphrase", "TargetMisbehaved", "open"},
    {"recreate", "TargetMisbehaved", "delete"},
    {"break-lock", "TargetMisbehaved", "break_lock"},
    {"destroy", "TargetMisbehaved", "destroy"},
    {"save-key", "TargetMisbehaved", "save_key"},
    {"check", "TargetMisbehaved", "check"},
    {"rename-method", "TargetMisbehaved", "delete?"},
    {"inject-exception", "TargetMisbehaved", "inject_exception"},
    {"commit-compact", "TargetMisbehaved", "commit"},
    {"delete-manifest", "TargetMisbehaved", "delete"},
    {"overwrite-archive", "TargetMisbehaved", "put"},
    {"overwrite-chunk-and-delete-it", "TargetMisbehaved", "put"},
    {"overwrite-at-once", "TargetMisbehaved", "put"},
    {"delete-archive-object", "TargetMisbehaved", "delete"},
    {"delete-chunk", "TargetMisbehaved", "delete"},
    {"another-path", "TargetMisbehaved", "open"},
    {"create-repository", "TargetMisbehaved", "open"},
    {"without-lock", "TargetMisbehaved", "open"},
    {"oversized-string", "BorgOutputInvalid"},
    {"oversized-map", "BorgOutputInvalid"},
    {"nested", "BorgOutputInvalid"},
    {"malformed", "BorgOutputInvalid"},
    {"split-everywhere", ""},
};

// One after the other on one repository; after some of them an honest run of C with all the maintenance there is. What one of them had taken away
// would be missing from then on.
TEST_F(EvilTargetTest, NothingThatItAsksForTakesAnythingAway) {
  Back();
  Plan honest = MakePlan();
  honest.targets[0].maintenance.check = CheckMode::kFull;
  honest.targets[0].maintenance.compact = true;
  std::size_t done = 0;
  for (const Attack& attack : kAttacks) {
    SCOPED_TRACE(attack.name);
    const RunResult result = RunEngine(Evil(attack.name), seconds(120));
    if (attack.reason.empty()) {
      ExpectCompleted(result);
    } else {
      EXPECT_EQ(result.outcome(), "Failed") << result.All();
      EXPECT_EQ(result.reason(), attack.reason) << result.All();
      EXPECT_FALSE(result.target().contains("archive")) << result.All();
    }
    const Json refused = result.target().value("refused", Json::array());
    EXPECT_EQ(refused.empty() ? "" : refused[0].value("method", "?"), attack.refused) << result.All();
    ExpectNothingLeft();
    if (++done % 7 == 0) {
      ExpectCompleted(RunEngine(honest));
      ExpectAllThere();
    }
    if (HasFailure()) return;
  }
  ASSERT_EQ(done % 7, 0U) << "the last ones are maintained after, too";
  ExpectVerified();
}

// The manifest is T's to write, and nobody can see what it says before it is there. What it leaves out is noticed before anything is freed.
TEST_F(EvilTargetTest, AManifestThatLeavesArchivesOutStopsEverything) {
  Back();
  b_.Output("cp -a '" + repository() + "' '" + dir() + "/saved'", {.user = "backup"});
  for (const auto& [attack, reason] :
       {std::pair("forget-archives", "RepositoryTampered"), std::pair("swap-archives", "RepositoryTampered"),
        std::pair("garbage-manifest", "BorgOutputInvalid")}) {
    SCOPED_TRACE(attack);
    Plan plan = Evil(attack);
    plan.targets[0].retention.keep_last = 1;
    plan.targets[0].maintenance.check = CheckMode::kFull;
    plan.targets[0].maintenance.compact = true;
    const RunResult result = RunEngine(plan, seconds(120));
    EXPECT_EQ(result.outcome(), "Failed") << result.All();
    EXPECT_EQ(result.reason(), reason) << result.All();
    for (const Json& phase : result.target().value("phases", Json::array()))
      EXPECT_THAT((std::vector<std::string>{"prune", "check", "compact"}), testing::Not(testing::Contains(phase.value("name", ""))))
          << result.All();
    ExpectNothingLeft();
    // For the next one.
    b_.Output("rm -r '" + repository() + "' && cp -a '" + dir() + "/saved' '" + repository() + "'", {.user = "backup"});
    t_.Output("rm -rf ~/.cache/borg ~/.config/borg", {.user = "backup"});
  }
}

TEST_F(EvilTargetTest, OneThatFillsTheServerIsCutOff) {
  Back();
  Plan plan = Evil("fill");
  plan.targets[0].limits.max_new_bytes = std::uint64_t{20} << 20U;
  const RunResult result = RunEngine(plan, seconds(120));
  EXPECT_EQ(result.reason(), "TargetMisbehaved") << result.All();
  EXPECT_THAT(result.message(), HasSubstr("more than this target may add"));
  ExpectNothingLeft();
  ExpectAllThere();
  // An honest one stays below it.
  plan = MakePlan();
  plan.targets[0].limits.max_new_bytes = std::uint64_t{20} << 20U;
  AddData(1);
  ExpectCompleted(RunEngine(plan));
  AddData(30);
  EXPECT_EQ(RunEngine(plan).reason(), "TargetMisbehaved");
}

TEST_F(EvilTargetTest, ASecondConnectionIsNone) {
  Back();
  const RunResult result = RunEngine(Evil("connect-twice"), seconds(120));
  EXPECT_EQ(result.outcome(), "Failed") << result.All();
  ExpectNothingLeft();
  ExpectAllThere();
  ExpectNextRunGood(MakePlan());
}

}  // namespace
}  // namespace borgop::lab
