// What each kind of check finds in a repository whose data rotted on B, and what is freed then: nothing.
#include "tests/engine/engine_fixture.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::lab {
namespace {

using testing::HasSubstr;

class CheckTest : public EngineTest {
 protected:
  Plan Checked(CheckMode mode, std::chrono::seconds longest = {}) const {
    Plan plan = MakePlan();
    plan.targets[0].maintenance = {.check = mode, .check_max_duration = longest, .compact = true};
    return plan;
  }
  // The backup itself is good.
  static void ExpectDamage(const RunResult& result) {
    EXPECT_EQ(result.reason(), "CheckFailed") << result.All();
    EXPECT_EQ(result.exit_code(), 1);
    for (const Json& phase : result.target()["phases"]) EXPECT_NE(phase.value("name", ""), "compact") << "something was freed";
  }

  // Other bytes in place of the largest object, stored well: its CRC is right.
  void SpoilData() const {
    b_.Output("python3 - '" + repository() + "'", {.user = "backup", .input = R"(import sys
from borg.logger import setup_logging
setup_logging()
from borg.repository import Repository
with Repository(sys.argv[1], exclusive=True) as repository:
    largest = max(repository.list(), key=lambda id: len(repository.get(id)))
    data = bytearray(repository.get(largest))
    data[len(data) // 2] ^= 1
    repository.put(largest, bytes(data))
    repository.commit(compact=False)
)"});
  }
};

TEST_F(CheckTest, OnlyVerifyDataSeesOtherContents) {
  AddData(10);
  ExpectCompleted(RunEngine(Checked(CheckMode::kVerifyData)));
  SpoilData();
  // Chunks that are known are not sent again.
  for (const CheckMode mode : {CheckMode::kRepository, CheckMode::kArchives, CheckMode::kFull})
    ExpectCompleted(RunEngine(Checked(mode)));
  const auto result = RunEngine(Checked(CheckMode::kVerifyData));
  ExpectDamage(result);
  EXPECT_THAT(result.message(), HasSubstr("found errors in the repository")) << result.All();
  ExpectNothingLeft();
}

// With a ledger, which only --state or the plan can name, nothing is dropped either.
TEST_F(CheckTest, WithALedgerNothingIsDroppedUnlessTheCheckPassed) {
  AddData(10);
  const TemporaryDirectory directory;
  Plan plan = Checked(CheckMode::kVerifyData);
  plan.targets[0].retention.keep_last = 1;
  const auto run = [&] {
    c_.Output("sleep 1.1");  // keepLast goes by seconds
    return RunEngine(plan, std::chrono::seconds(90), {"--state", directory.At("state")});
  };
  ExpectCompleted(run());
  SpoilData();
  const auto damaged = run();
  ExpectDamage(damaged);
  EXPECT_EQ(damaged.target().value("pruned", -1), 0);
  plan.targets[0].maintenance.check = CheckMode::kRepository;
  const auto good = run();
  ExpectCompleted(good);
  EXPECT_EQ(good.target().value("pruned", -1), 2);
}

TEST_F(CheckTest, APartialCheckGoesOnWhereItStopped) {
  AddData(10);
  const Plan plan = Checked(CheckMode::kRepository, std::chrono::seconds(3600));
  ExpectCompleted(RunEngine(plan));
  // As one leaves it that ran out of time; what is rotten is in what it has looked at.
  b_.Output("cd '" + repository() + R"sh(' && cd data/0 && first=$(ls -v | head -n 1) && [ "$(stat -c %s "$first")" -gt 1000 ] &&
                printf rotten | dd of="$first" bs=1 seek=500 conv=notrunc 2>&1 && echo "last_segment_checked = $first" >>../../config)sh",
            {.user = "backup"});
  ExpectCompleted(RunEngine(plan));
  EXPECT_FALSE(b_.Run("grep last_segment_checked '" + repository() + "/config'").ok()) << "it came to its end";
  ExpectDamage(RunEngine(plan));
}

}  // namespace
}  // namespace borgop::lab
