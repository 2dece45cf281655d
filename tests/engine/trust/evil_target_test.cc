// A target that was taken over does what it can with what a backup gives it. After each of that, all of the repository's data is sound and every earlier
// archive restores byte for byte, also once C has checked and compacted; the run says what was asked; and the next honest run works.
#include <algorithm>
#include <sstream>

#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

struct Attack {
  std::string name;           // of evil_borg.py
  std::string reason;         // of the report; empty: it is a backup like any other
  std::string refused{};      // the method that the report counts first
  bool names_object = false;  // that the report has to name: the oldest archive's
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
  // The id of the archive that comes first by name, which is what evil_borg.py takes.
  std::string Oldest() const {
    const Json listed = Json::parse(OnServer("borg list --json repo0"));
    std::vector<std::pair<std::string, std::string>> archives;
    for (const Json& archive : listed["archives"]) archives.emplace_back(archive.value("name", ""), archive.value("id", ""));
    return archives.empty() ? "" : std::min_element(archives.begin(), archives.end())->second;
  }
  void ExpectVerified() const {
    const auto check = b_.Run("BORG_PASSPHRASE='" + std::string(kPassphrase) +
                                  "' BORG_BASE_DIR=$(mktemp -d) borg check --verify-data '" + repository() + "'",
                              {.user = "backup", .timeout = seconds(120)});
    EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
  }
  void ExpectAllThere() const {
    std::string names;
    std::istringstream lines(before_);
    for (std::string line; std::getline(lines, line);) names += line.substr(0, line.find(' ')) + ' ';
    EXPECT_EQ(Archives(names), before_);
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
    {"overwrite-archive", "TargetMisbehaved", "put", true},
    {"overwrite-chunk-and-delete-it", "TargetMisbehaved", "put"},
    {"overwrite-at-once", "TargetMisbehaved", "put"},
    {"delete-archive-object", "TargetMisbehaved", "delete", true},
    {"delete-chunk", "TargetMisbehaved", "delete"},
    {"forget-archives", "TargetMisbehaved", "put"},
    {"forget-one-and-make-one", "TargetMisbehaved", "put"},
    {"swap-archives", "TargetMisbehaved", "put"},
    {"forge-archives", "TargetMisbehaved", "put"},
    {"many-archives", "TargetMisbehaved", "put"},
    {"alias", "TargetMisbehaved", "put"},
    {"alias-as-checkpoint", "TargetMisbehaved", "put"},
    {"two-checkpoints", "TargetMisbehaved", "put"},
    {"nul-name", "TargetMisbehaved", "put"},
    {"garbage-manifest", "TargetMisbehaved", "put"},
    {"redate-archives", "TargetMisbehaved", "put"},
    {"manifest-of-before", "TargetMisbehaved", "put"},
    {"empty-manifest-at-once", "TargetMisbehaved", "put"},
    {"another-path", "TargetMisbehaved", "open"},
    {"create-repository", "TargetMisbehaved", "open"},
    {"without-lock", "TargetMisbehaved", "open"},
    {"oversized-string", "BorgOutputInvalid"},
    {"oversized-map", "BorgOutputInvalid"},
    {"nested", "BorgOutputInvalid"},
    {"malformed", "BorgOutputInvalid"},
    {"split-everywhere", ""},
};

// Of all that a backup may do, too.
const Attack kRestoreAttacks[] = {
    {"delete", "TargetMisbehaved", "open"},
    {"prune", "TargetMisbehaved", "open"},
    {"compact", "TargetMisbehaved", "open"},
    {"change-passphrase", "TargetMisbehaved", "save_key"},
    {"break-lock", "TargetMisbehaved", "break_lock"},
    {"destroy", "TargetMisbehaved", "destroy"},
    {"save-key", "TargetMisbehaved", "save_key"},
    {"check", "TargetMisbehaved", "check"},
    {"put", "TargetMisbehaved", "put"},
    {"garbage-manifest", "TargetMisbehaved", "put"},
    {"forget-archives", "TargetMisbehaved", "get_free_nonce"},
    {"overwrite-archive", "TargetMisbehaved", "put"},
    {"delete-archive-object", "TargetMisbehaved", "delete"},
    {"delete-manifest", "TargetMisbehaved", "delete"},
    {"reserve-nonces", "TargetMisbehaved", "commit_nonce_reservation"},
    {"commit-compact", "TargetMisbehaved", "commit"},
    {"list", "TargetMisbehaved", "list"},
    {"inject-exception", "TargetMisbehaved", "inject_exception"},
    {"another-path", "TargetMisbehaved", "open"},
    {"create-repository", "TargetMisbehaved", "open"},
    {"without-lock", "TargetMisbehaved", "open"},
    {"fill", "TargetMisbehaved", "put"},
    {"oversized-string", "BorgOutputInvalid"},
    {"malformed", "BorgOutputInvalid"},
};

// One after the other on one repository; after each of them an honest run of C with all the maintenance there is, which frees what one of
// them had taken away.
TEST_F(EvilTargetTest, NothingThatItAsksForTakesAnythingAway) {
  Back();
  Plan honest = MakePlan();
  honest.targets[0].maintenance.check = CheckMode::kVerifyData;
  honest.targets[0].maintenance.compact = true;
  honest.targets[0].retention.keep_last = 1000;  // it drops what is unfinished
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
    if (!refused.empty()) {
      EXPECT_GE(refused[0].value("count", 0), 1) << result.All();
    }
    if (attack.names_object) {
      EXPECT_EQ(refused.empty() ? "" : refused[0]["objects"].dump(), "[\"" + Oldest() + "\"]") << result.All();
    }
    ExpectNothingLeft();
    ExpectVerified();
    ExpectAllThere();
    ExpectCompleted(RunEngine(honest));
    ExpectAllThere();
    if (HasFailure()) return;
  }
}

// To get files back, T is let in as well. It may read, and nothing else, whatever its borg asks for; and C writes nothing of what it says.
TEST_F(EvilTargetTest, ARestoreOntoItOnlyReads) {
  Back();
  const std::string bytes = "cd '" + repository() +
                            "' && find . -type f ! -name 'index.*' ! -name 'hints.*' ! -name 'integrity.*' | "
                            "LC_ALL=C sort | xargs sha256sum";
  const std::string before = b_.Output(bytes);
  const auto restore = [&](const Plan& plan) {
    auto process = StartVerb(plan, {"restore", "--plan", "-", "--log-format", "json", "target0", "--json", "--to-target",
                                    dir() + "/copy", "--overwrite"});
    const auto ended = process.Wait(seconds(120));
    EXPECT_TRUE(ended);
    const Json report = Json::parse(ended ? ended->out : "", nullptr, false);
    return report.is_object() ? report : Json::object();
  };
  for (const Attack& attack : kRestoreAttacks) {
    SCOPED_TRACE(attack.name);
    const Json report = restore(Evil(attack.name));
    EXPECT_EQ(report.value("error", Json::object()).value("reason", ""), attack.reason) << report.dump(1);
    const std::string message = report.value("error", Json::object()).value("message", "");
    if (!attack.refused.empty()) {
      EXPECT_THAT(message, HasSubstr("asked for " + attack.refused + ","));
    }
    EXPECT_EQ(b_.Output(bytes), before);
    ExpectNothingLeft();
    if (HasFailure()) return;
  }
  ExpectAllThere();
  EXPECT_FALSE(restore(MakePlan()).contains("error"));
  EXPECT_EQ(t_.Output("cat '" + dir() + "/copy" + source() + "/hello'"), "hello\n");
  ExpectNextRunGood(MakePlan());
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

// Who says that it did not get the lock is let in again, but not once it has put something.
TEST_F(EvilTargetTest, OneThatFillsTheServerBitByBitIsNotLetInAgain) {
  Back();
  Plan plan = Evil("fill-and-say-locked");
  plan.targets[0].limits.max_new_bytes = std::uint64_t{20} << 20U;
  const auto size = [this] { return std::stoull(b_.Output("du -sm '" + repository() + "'")); };
  const auto before = size();
  const RunResult result = RunEngine(plan, seconds(120));
  EXPECT_EQ(result.outcome(), "Failed") << result.All();
  EXPECT_LE(size(), before + 20);
  EXPECT_GE(size(), before + 9) << "it has put nothing, and so shows nothing";
  ExpectNothingLeft();
  ExpectAllThere();
}

#ifndef __SANITIZE_ADDRESS__  // with which nothing is limited (Subprocess::LimitMemory)
// A few megabytes that are gigabytes to whoever reads them, which is C.
TEST_F(EvilTargetTest, AListThatSwellsIsReadWithinBounds) {
  Back();
  const RunResult result = RunEngine(Evil("swelling-manifest"), seconds(120));
  EXPECT_EQ(result.reason(), "TargetMisbehaved") << result.All();
  EXPECT_THAT(result.ended.err, HasSubstr("MemoryError"));
  ExpectNothingLeft();
  ExpectAllThere();
  ExpectNextRunGood(MakePlan());
}
#endif

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
