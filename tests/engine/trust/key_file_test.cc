// The copy of the key that C keeps where the plan asks for one.
#include <filesystem>

#include "tests/engine/engine_fixture.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::lab {
namespace {

using testing::HasSubstr;

class KeyFileTest : public EngineTest {
 protected:
  Plan Kept() const {
    Plan plan = MakePlan();
    plan.targets[0].repository.key_file = file_;
    return plan;
  }

  // C shares this machine's files.
  const TemporaryDirectory directory_;
  const std::string file_ = directory_.At("web.key");
};

TEST_F(KeyFileTest, GetsBackARepositoryThatLostItsKey) {
  for (const char* mode : {"repokey", "repokey-blake2", "authenticated"}) {
    SCOPED_TRACE(mode);
    Plan plan = Kept();
    plan.targets[0].repository.encryption = mode;
    ExpectCompleted(RunEngine(plan));
    const std::string key = c_.ReadFile(file_);
    EXPECT_EQ(key, OnServer("borg key export repo0"));
    const auto written = std::filesystem::last_write_time(file_);
    ExpectCompleted(RunEngine(plan));
    EXPECT_EQ(std::filesystem::last_write_time(file_), written) << "once is enough";
    b_.WriteFile(dir() + "/web.key", key);
    OnServer(
        "chmod u+w repo0/config; sed -i '/^key = /,$d' repo0/config && ! borg list repo0 2>/dev/null && borg key import repo0 "
        "web.key && "
        "borg list repo0");
    OnServer("rm -r repo0");
    std::filesystem::remove(file_);
  }
}

TEST_F(KeyFileTest, OneThatWasBackedUpBeforeGetsACopyToo) {
  ExpectCompleted(RunEngine(MakePlan()));
  ExpectCompleted(RunEngine(Kept()));
  EXPECT_EQ(c_.ReadFile(file_), OnServer("borg key export repo0"));
}

TEST_F(KeyFileTest, AnotherRepositoryIsGivenNothing) {
  ExpectCompleted(RunEngine(Kept()));
  OnServer("mv repo0 kept && borg init -e repokey-blake2 repo0 2>&1");
  const auto result = RunEngine(Kept());
  ExpectFailed(result, "RepositoryTampered", "Terminal", 1);
  EXPECT_THAT(result.message(), HasSubstr("the repository's key is not the one in"));
  EXPECT_EQ(OnServer("borg list repo0"), "");
  OnServer("rm -r repo0 && mv kept repo0");
  ExpectNextRunGood(Kept());
}

TEST_F(KeyFileTest, NothingIsSentBeforeThereIsACopy) {
  Plan plan = Kept();
  plan.targets[0].repository.key_file = directory_.At("nowhere/web.key");
  const auto result = RunEngine(plan);
  ExpectFailed(result, "KeyFileUnusable", "Terminal", 1);
  EXPECT_THAT(result.message(), HasSubstr("No such file or directory"));
  EXPECT_EQ(OnServer("borg list repo0"), "");
  ExpectNextRunGood(Kept());
}

}  // namespace
}  // namespace borgop::lab
