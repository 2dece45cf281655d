// Where B's account runs `borg serve` and nothing else, a repository is made at its path, step by step. Wherever that is cut, the next
// run finishes it; and what is no repository that somebody just began is left as it is.
#include <signal.h>

#include <ostream>
#include <tuple>

#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr const char* kUser = "initonly";
const std::string kManifestId(64, '0');

class InitTest : public EngineTest {
 protected:
  Plan ServeOnlyPlan(const std::string& flags = "") const {
    return MakeForcedPlan(kUser, "borg serve --restrict-to-path " + dir() + flags);
  }
  std::string AsServer(const std::string& command) const {
    return b_.Output("BORG_PASSPHRASE='" + std::string(kPassphrase) + "'; export BORG_PASSPHRASE; exec 2>&1; " + command,
                     {.user = kUser});
  }
  static void ExpectGood(const RunResult& result) {
    EXPECT_EQ(result.exit_code(), 0) << result.All();
    EXPECT_EQ(result.outcome(), "CompletedWithWarnings") << result.All();  // what such an account lacks
    EXPECT_TRUE(result.target().contains("archive")) << result.All();
  }
};

// What borg asks of B, one after the other; it waits before it asks that.
class CutInitTest : public InitTest, public testing::WithParamInterface<std::tuple<const char*, const char*>> {};

TEST_P(CutInitTest, IsFinishedByTheNextRun) {
  const auto& [before, flags] = GetParam();
  const Plan plan = ServeOnlyPlan(flags);
  std::string place = c_.Output("mktemp -d");
  place.pop_back();
  const std::string borg = place + "/borg", waits = place + "/waits";
  c_.WriteFile(borg,
               "#!/usr/bin/python3\nimport borg.archiver, borg.remote, os, sys, time\ndef wait(self, *args, **named):\n    "
               "print(os.getpid(), file=open('" +
                   waits + "', 'w'))\n    time.sleep(600)\nborg.remote.RemoteRepository." + before +
                   " = wait\nsys.exit(borg.archiver.main())\n");
  c_.Output("chmod 755 " + borg);
  auto process = Start(plan, {"--borg", borg});
  ASSERT_TRUE(process.WaitUntil([&] { return c_.Run("test -e " + waits).ok(); }, seconds(60))) << process.Err();
  ASSERT_TRUE(process.WaitUntil([&] { return c_.Run("test -s " + waits).ok(); }, seconds(10)));
  process.Signal(SIGKILL);
  c_.Output("kill -KILL $(cat " + waits + ")");  // as whoever ends C does
  Finish(process, seconds(40));
  ForgetClient();
  c_.Output("rm -r " + place);
  const std::string listed = AsServer("borg list " + repository() + " || true");
  ASSERT_THAT(listed,
              before == std::string("commit") ? testing::IsEmpty() : testing::Matcher<std::string>(HasSubstr("no manifest")));
  ExpectGood(RunEngine(plan));
  ExpectGood(RunEngine(plan));
  ExpectNothingLeft();
  ExpectRepositorySound(repository(), kUser);
}

INSTANTIATE_TEST_SUITE_P(All, CutInitTest,
                         testing::Combine(testing::Values("save_key", "put", "commit"), testing::Values("", " --append-only")),
                         [](const auto& cut) {
                           return std::string(std::get<0>(cut.param)) + (*std::get<1>(cut.param) == '\0' ? "" : "_AppendOnly");
                         });

TEST_F(InitTest, ARepositoryThatLostItsManifestIsLeftAsItIs) {
  const Plan plan = ServeOnlyPlan();
  ExpectGood(RunEngine(plan));
  AsServer("BORG_CHECK_I_KNOW_WHAT_I_AM_DOING=YES borg debug delete-obj " + repository() + " " + kManifestId);
  const std::string config = AsServer("cat " + repository() + "/config");
  const auto result = RunEngine(plan);
  ExpectFailed(result, "ManifestMissing", "Terminal", 1);
  EXPECT_THAT(result.message(), HasSubstr("not empty"));
  EXPECT_EQ(AsServer("cat " + repository() + "/config"), config);
  AsServer("BORG_CHECK_I_KNOW_WHAT_I_AM_DOING=YES borg check --repair " + repository());
  EXPECT_THAT(AsServer("borg list " + repository()), HasSubstr("snapshot-"));
  ExpectNothingLeft();
}

TEST_F(InitTest, AnEmptyDirectoryIsTakenAndAnyOtherIsNot) {
  const Plan plan = ServeOnlyPlan();
  AsServer("mkdir " + repository());
  ExpectGood(RunEngine(plan));
  AsServer("rm -r " + repository() + " && mkdir " + repository() + " && echo mine >" + repository() + "/file");
  const auto result = RunEngine(plan);
  ExpectFailed(result, "RepositoryInvalid", "Terminal", 1);
  EXPECT_EQ(AsServer("ls " + repository()), "file\n");
  ExpectNothingLeft();
}

}  // namespace
}  // namespace borgop::lab
