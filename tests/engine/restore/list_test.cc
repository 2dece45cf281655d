// `borg-engine list` on real machines.
#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

using testing::HasSubstr;
using testing::Not;

class ListTest : public EngineTest {
 protected:
  Ended List(const Plan& plan, std::vector<std::string> args = {}, const std::string& zone = "UTC") const {
    args.insert(args.begin(), {"list", "--plan", "-", "--log-format", "json"});
    auto process = StartVerb(plan, args, {{"TZ", zone}});
    auto ended = process.Wait(std::chrono::seconds(60));
    return ended ? *std::move(ended) : Ended{};
  }
};

TEST_F(ListTest, ShowsEveryTargetsArchivesWithoutReachingTheTarget) {
  Plan plan = MakePlan(3);
  plan.targets[0].archive_name = "first {borgversion}";
  Plan made = MakePlan(2);
  made.targets[0].archive_name = plan.targets[0].archive_name;
  ExpectCompleted(RunEngine(made));
  t_.StopSshd();

  const Ended json = List(plan, {"--json"});
  EXPECT_EQ(json.exit_code, 1) << json.out << json.err;
  const Json targets = Json::parse(json.out)["targets"];
  ASSERT_EQ(targets.size(), 3U);
  ASSERT_EQ(targets[0]["archives"].size(), 1U) << json.out;
  EXPECT_THAT(targets[0]["archives"][0].value("name", ""), HasSubstr("first 1."));
  EXPECT_EQ(targets[0]["archives"][0].value("id", "").size(), 64U);
  EXPECT_EQ(targets[0]["repository"].value("path", ""), repository(0));
  EXPECT_EQ(targets[0]["repository"].value("encryption", ""), "repokey-blake2");
  EXPECT_FALSE(targets[1].contains("error"));
  EXPECT_EQ(targets[2]["error"].value("reason", ""), "RepositoryMissing") << json.out;

  // borg prints local times.
  const Json elsewhere = Json::parse(List(plan, {"--json", "target0"}, "Asia/Tokyo").out)["targets"];
  EXPECT_EQ(elsewhere[0]["archives"], targets[0]["archives"]);

  const Ended table = List(plan, {"target1", "target0"});
  EXPECT_EQ(table.exit_code, 0) << table.out << table.err;
  EXPECT_LT(table.out.find("target1"), table.out.find("target0"));
  EXPECT_THAT(table.out, HasSubstr("first 1."));
  EXPECT_EQ(table.err, "");
  ExpectNothingLeft();
}

TEST_F(ListTest, WrongPassphraseAndAServerThatIsAway) {
  ExpectCompleted(RunEngine(MakePlan()));
  Plan wrong = MakePlan();
  wrong.targets[0].repository.passphrase = Secret("not that");
  const Ended refused = List(wrong);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out, HasSubstr("PassphraseWrong"));
  EXPECT_THAT(refused.out + refused.err, Not(HasSubstr("not that")));
  b_.StopSshd();
  const Ended away = List(MakePlan(), {"--json"});
  EXPECT_EQ(away.exit_code, 75);
  EXPECT_THAT(away.out, HasSubstr("ConnectFailed"));
  const Ended unknown = List(MakePlan(), {"taget0"});
  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean `target0`"));
  ExpectNothingLeft();
}

}  // namespace
}  // namespace borgop::lab
