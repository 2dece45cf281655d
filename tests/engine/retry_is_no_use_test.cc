// What borg refuses and will refuse again, so that nobody should try again before somebody mends it.
#include <gmock/gmock.h>

#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

using testing::HasSubstr;

constexpr char kDenied[] = "denied access by the repository server's file system";

class RetryIsNoUseTest : public EngineTest {};

TEST_F(RetryIsNoUseTest, RepositoryOfAnotherOwner) {
  b_.Output("mkdir -m 755 " + repository());
  const auto result = RunEngine(MakePlan());
  ExpectFailed(result, "RepositoryAccessDenied", "Terminal", 1);
  EXPECT_THAT(result.message(), HasSubstr(kDenied));
  EXPECT_THAT(result.action(), HasSubstr("owns"));
  b_.Output("rmdir " + repository());
  ExpectNextRunGood(MakePlan());
}

TEST_F(RetryIsNoUseTest, DirectoryThatMayNotBeWritten) {
  b_.Output("chown root " + dir());
  const auto result = RunEngine(MakePlan());
  ExpectFailed(result, "RepositoryAccessDenied", "Terminal", 1);
  EXPECT_THAT(result.message(), HasSubstr(kDenied));
  b_.Output("chown backup " + dir());
  ExpectNextRunGood(MakePlan());
}

TEST_F(RetryIsNoUseTest, ArchiveNameThatIsTaken) {
  Plan plan = MakePlan();
  plan.targets[0].archive_name = "always-this";
  ExpectCompleted(RunEngine(plan));
  const auto result = RunEngine(plan);
  ExpectFailed(result, "ArchiveExists", "Terminal", 1);
  EXPECT_THAT(result.message(), HasSubstr("always-this"));
  EXPECT_THAT(result.action(), HasSubstr("{utcnow}"));
  // A name of the time is another one later, so that another try does help.
  plan.targets[0].archive_name = "of-{now:%Y}";
  ExpectCompleted(RunEngine(plan));
  const auto soon = RunEngine(plan);
  ExpectFailed(soon, "CreateFailed", "Transient", 75);
  EXPECT_THAT(soon.action(), HasSubstr("run again"));
  ExpectNextRunGood(MakePlan());
}

}  // namespace
}  // namespace borgop::lab
