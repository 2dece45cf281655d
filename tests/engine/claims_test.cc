// T's borg can say that it made a backup without having made one. What counts is what C itself sees.
#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

using testing::HasSubstr;

class ClaimsTest : public EngineTest {
 protected:
  // A borg on T that speaks with nobody, and says that it made this archive.
  RunResult RunThatClaims(const std::string& archive, const std::string& repository_id, const std::vector<std::string>& args = {}) {
    Plan plan = MakePlan();
    plan.targets[0].borg = dir() + "/borg";
    plan.targets[0].retention.keep_last = 1;
    const Json stats = {{"original_size", 1}, {"compressed_size", 1}, {"deduplicated_size", 1}, {"nfiles", 1}};
    const Json made = {{"id", archive},
                       {"name", "n"},
                       {"start", "2026-01-01T00:00:00.000000"},
                       {"end", "2026-01-01T00:00:01.000000"},
                       {"stats", stats}};
    const Json said = {{"archive", made}, {"repository", {{"id", repository_id}}}};
    t_.WriteFile(plan.targets[0].borg, "#!/bin/sh\ncat <<'END'\n" + said.dump() + "\nEND\n");
    t_.Output("chmod 755 " + plan.targets[0].borg);
    return RunEngine(plan, std::chrono::seconds(60), args);
  }
  static void ExpectNoBackup(const RunResult& result, const std::string& reason, const std::string& message) {
    ExpectFailed(result, reason, "Terminal", 1);
    EXPECT_THAT(result.message(), HasSubstr(message)) << result.All();
    EXPECT_FALSE(result.target().contains("archive")) << result.All();
    for (const Json& phase : result.target().value("phases", Json::array())) EXPECT_NE(phase.value("name", ""), "prune");
  }
};

TEST_F(ClaimsTest, CountForNothing) {
  const RunResult good = RunEngine(MakePlan());
  ExpectCompleted(good);
  const std::string archive = good.target()["archive"].value("id", ""), id = good.target()["repository"].value("id", "");
  ExpectNoBackup(RunThatClaims(std::string(64, 'a'), id), "ArchiveNotSeen", "does not list the archive aaaa");
  ExpectNoBackup(RunThatClaims(archive, std::string(64, 'b')), "ArchiveNotSeen", "says it made in bbbb");
  // That one is there; but it was before. With a ledger too, which does not know it.
  ExpectNoBackup(RunThatClaims(archive, id), "TargetMisbehaved", "was there before this backup");
  const std::string state = c_.Output("mktemp -d");
  ExpectNoBackup(RunThatClaims(archive, id, {"--state", state.substr(0, state.find('\n'))}), "TargetMisbehaved",
                 "was there before this backup");
  ExpectNothingLeft();
  ExpectNextRunGood(MakePlan());
}

}  // namespace
}  // namespace borgop::lab
