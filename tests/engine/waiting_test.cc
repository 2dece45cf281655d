// What passes by itself on B, or once somebody has done something there: errors of the kind Waiting.
#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class WaitingTest : public EngineTest {};

TEST_F(WaitingTest, FullDiskIsWaitedForAndThenPasses) {
  Plan plan = MakePlan();
  plan.server.root_dir = "/small";
  plan.targets[0].repository.path = "repo";
  ExpectCompleted(RunEngine(plan));

  b_.FillDisk();  // nothing can be written from the beginning
  ExpectFailed(RunEngine(plan), "DiskFull", "Waiting", 75);
  ExpectNothingLeft();
  b_.FreeDisk();
  ExpectNextRunGood(plan);

  AddData(40);
  b_.Output("dd if=/dev/zero of=/small/.filler bs=1M count=40 2>/dev/null");  // full in mid-transfer
  const auto result = RunEngine(plan);
  ExpectFailed(result, "DiskFull", "Waiting", 75);
  EXPECT_EQ(result.last_phase(), "create") << result.All();
  EXPECT_THAT(result.message(), HasSubstr("on the repository server"));
  ExpectNothingLeft();
  b_.FreeDisk();
  ExpectNextRunGood(plan);
  b_.Output("rm -r /small/repo");
}

TEST_F(WaitingTest, RepositoryLockedByALiveBorgIsWaitedFor) {
  Plan plan = MakePlan();
  ExpectCompleted(RunEngine(plan));
  plan.targets[0].limits.lock_wait = seconds(1);
  {
    auto holder = b_.Start({"setpriv", "--reuid", "backup", "--regid", "backup", "--init-groups", "--reset-env", "env",
                            "BORG_PASSPHRASE=" + std::string(kPassphrase), "borg", "with-lock", repository(), "sleep", "4711"});
    // borg starts the program once it holds the lock.
    ASSERT_TRUE(holder.WaitUntil([&] { return b_.Run("pgrep -x sleep").ok(); }, seconds(30))) << holder.Err();
    const auto result = RunEngine(plan);
    ExpectFailed(result, "RepositoryLocked", "Waiting", 75);
    // With the limit that a target has by itself, it is noticed soon that the lock has gone.
    auto patient = Start(MakePlan());
    ASSERT_TRUE(
        patient.WaitUntil([&] { return patient.Err().find("is locked by another client") != std::string::npos; }, seconds(40)))
        << patient.Err();
    b_.Output("pkill -x sleep");
    EXPECT_TRUE(holder.Wait(seconds(20)).has_value());
    ExpectCompleted(Finish(patient, seconds(45)));
  }
  ExpectNextRunGood(plan);
}

}  // namespace
}  // namespace borgop::lab
