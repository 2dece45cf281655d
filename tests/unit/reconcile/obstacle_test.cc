#include "controller/reconcile/obstacle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/api/fixture.h"

namespace borgop::controller {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

api::BorgBackupTargetSpec Target() { return api::ReadTarget(test::GoodTarget()).value(); }

Secrets AllSecrets() {
  const SecretFacts key{"1", {"ssh-privatekey", "known_hosts"}};
  return {{"web-01-ssh", key}, {"hop-ssh", key}, {"web-01-borg", {"1", {"pass"}}}};
}

TEST(SecretNamesTest, AllOfBoth) {
  EXPECT_THAT(SecretNames(test::GoodTarget(), test::GoodServer()),
              ElementsAre("hop-ssh", "jump-ssh", "vault-ssh", "web-01-borg", "web-01-ssh"));
  EXPECT_THAT(SecretNames(test::GoodTarget(), nullptr), ElementsAre("hop-ssh", "web-01-borg", "web-01-ssh"));
  EXPECT_THAT(SecretNames(nullptr, test::GoodServer()), ElementsAre("jump-ssh", "vault-ssh"));
}

struct ObstacleRow {
  const char* name;
  const char* secret;
  const char* key;  // null: the whole Secret
  const char* reason;
  const char* message;
};
void PrintTo(const ObstacleRow& row, std::ostream* out) { *out << row.name; }

class SecretObstacleTest : public testing::TestWithParam<ObstacleRow> {};

TEST_P(SecretObstacleTest, NamesWhatIsMissing) {
  Secrets secrets = AllSecrets();
  if (GetParam().key == nullptr) {
    secrets.erase(GetParam().secret);
  } else {
    secrets.at(GetParam().secret).keys.erase(GetParam().key);
  }
  const std::optional<Obstacle> obstacle = SecretObstacle(SecretsOf(Target()), secrets);
  ASSERT_TRUE(obstacle);
  EXPECT_EQ(obstacle->reason, GetParam().reason);
  EXPECT_THAT(obstacle->message, HasSubstr(GetParam().message));
  EXPECT_TRUE(obstacle->passes);
}

const ObstacleRow kObstacleRows[] = {
    {"Passphrase", "web-01-borg", nullptr, "SecretMissing",
     "spec.repository.passphraseSecretRef.name: the Secret web-01-borg does not exist"},
    {"PassphraseKey", "web-01-borg", "pass", "SecretKeyMissing",
     "spec.repository.passphraseSecretRef: the Secret web-01-borg has no key pass"},
    {"Key", "web-01-ssh", "ssh-privatekey", "SecretKeyMissing",
     "spec.connection.sshSecretRef: the Secret web-01-ssh has no key ssh-privatekey"},
    {"KnownHosts", "web-01-ssh", "known_hosts", "SecretKeyMissing", "has no key known_hosts"},
    {"Jump", "hop-ssh", nullptr, "SecretMissing", "spec.connection.jumpHost.sshSecretRef.name: the Secret hop-ssh does not exist"},
};
INSTANTIATE_TEST_SUITE_P(Table, SecretObstacleTest, testing::ValuesIn(kObstacleRows),
                         [](const auto& row) { return row.param.name; });

TEST(ObstacleTest, NoneWhereAllIsThere) {
  EXPECT_FALSE(SecretObstacle(SecretsOf(Target()), AllSecrets()));
  api::BorgBackupTargetSpec plain = Target();
  plain.repository.passphrase_secret.clear();
  Secrets secrets = AllSecrets();
  secrets.erase("web-01-borg");
  EXPECT_FALSE(SecretObstacle(SecretsOf(plain), secrets));
  EXPECT_EQ(SecretsOf(api::ReadServer(test::GoodServer()).value(), "BorgServer vault, ")[1].field,
            "BorgServer vault, spec.jumpHost.sshSecretRef");
}

TEST(SharingObstacleTest, TheOlderKeepsThePath) {
  const auto at = [](int second) { return WallTime(std::chrono::seconds(second)); };
  const std::vector<PathClaim> claims = {{"young", "web//01/", at(2)}, {"old", "web/01", at(1)}, {"other", "web/02", at(0)}};
  EXPECT_FALSE(SharingObstacle("old", "web/01", claims));
  EXPECT_FALSE(SharingObstacle("other", "web/02", claims));
  const std::optional<Obstacle> obstacle = SharingObstacle("young", "web//01/", claims);
  ASSERT_TRUE(obstacle);
  EXPECT_EQ(obstacle->reason, "RepositoryShared");
  EXPECT_FALSE(obstacle->passes);
  EXPECT_THAT(obstacle->message, HasSubstr("the BorgBackupTarget old"));
  // Made within one second: names decide, the same way for both.
  const std::vector<PathClaim> tie = {{"b", "p", at(1)}, {"a", "p", at(1)}};
  EXPECT_FALSE(SharingObstacle("a", "p", tie));
  EXPECT_TRUE(SharingObstacle("b", "p", tie));
}

TEST(TimetableProblemsTest, HaveTheirFields) {
  api::BorgBackupTargetSpec target = Target();
  EXPECT_TRUE(TimetableProblems(target).empty());
  target.schedule = "@daily-random";
  target.maintenance.schedule = "";
  EXPECT_TRUE(TimetableProblems(target).empty());
  target.schedule = "61 * * * *";
  target.maintenance.schedule = "@sometimes";
  target.time_zone = "Europe/Atlantis";
  const api::Problems problems = TimetableProblems(target);
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_EQ(problems[0].field, "spec.schedule");
  EXPECT_EQ(problems[1].field, "spec.maintenance.schedule");
  EXPECT_EQ(problems[2].field, "spec.timeZone");
}

}  // namespace
}  // namespace borgop::controller
