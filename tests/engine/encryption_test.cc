// Every mode in which a repository can be made, and a server that puts one of another mode in its place.
#include <ostream>

#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

struct Mode {
  std::string name;
  bool passphrase = true;
};
void PrintTo(const Mode& mode, std::ostream* out) { *out << mode.name; }

class EncryptionTest : public EngineTest, public testing::WithParamInterface<Mode> {};

TEST_P(EncryptionTest, IsMadeAndUsedAgain) {
  Plan plan = MakePlan();
  Target& target = plan.targets[0];
  target.repository.encryption = GetParam().name;
  if (!GetParam().passphrase) target.repository.passphrase = Secret();
  target.maintenance = {.check = CheckMode::kFull, .compact = true};
  target.retention.keep_last = 1;
  for (int run = 0; run < 2; ++run) {
    const auto result = RunEngine(plan);
    ExpectCompleted(result);
    EXPECT_EQ(result.target()["repository"].value("encryption", ""), GetParam().name) << result.All();
    // As on a machine that has never seen the repository.
    t_.Output("rm -rf /home/backup/.cache/borg /home/backup/.config/borg");
  }
  ExpectNothingLeft();
}

INSTANTIATE_TEST_SUITE_P(Modes, EncryptionTest,
                         testing::Values(Mode{"repokey"}, Mode{"repokey-blake2"}, Mode{"authenticated"},
                                         Mode{"authenticated-blake2"}, Mode{"none", false}),
                         [](const auto& row) {
                           std::string name = row.param.name;
                           std::erase(name, '-');
                           return name;
                         });

TEST_F(EncryptionTest, ServerThatPutsAnUnencryptedOneInItsPlaceIsRefused) {
  ExpectCompleted(RunEngine(MakePlan()));
  b_.Output("su backup -c 'mv " + repository() + " " + dir() + "/kept && borg init -e none " + repository() + "' 2>&1");
  const auto result = RunEngine(MakePlan());
  ExpectFailed(result, "RepositoryAccessAborted", "Terminal", 1);
  EXPECT_EQ(b_.Output("su backup -c 'BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes borg list " + repository() + "'"), "")
      << "something was written to it";
  b_.Output("rm -r " + repository() + " && mv " + dir() + "/kept " + repository());
  ExpectNextRunGood(MakePlan());
}

}  // namespace
}  // namespace borgop::lab
