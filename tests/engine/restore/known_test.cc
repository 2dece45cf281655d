// `list`, `restore` and `verify` with what runs know (--state): a repository that is not what it was is not read as if it were, and an archive that
// nobody saw made is not taken for one of ours.
#include "tests/engine/restore/restore_fixture.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::lab {
namespace {

using testing::HasSubstr;
using testing::Not;

class KnownTest : public RestoreTest {
 protected:
  std::string State() const { return directory_.At("state"); }
  Plan Named(const std::string& archive) const {
    Plan plan = MakePlan();
    plan.targets[0].archive_name = archive;
    return plan;
  }
  void Run(const std::string& archive) const {
    ExpectCompleted(RunEngine(Named(archive), std::chrono::seconds(60), {"--state", State()}));
  }
  Ended Known(const std::string& verb, std::vector<std::string> args) const {
    args.insert(args.end(), {"--state", State()});
    return Verb(verb, MakePlan(), args);
  }
  std::string Digest() const { return c_.Output("cd '" + State() + "' && cat * | sha256sum && stat -c '%n %Y %Z' . *"); }
  static Json Parsed(const Ended& ended) {
    Json json = Json::parse(ended.out, nullptr, false);
    return json.is_object() ? json : Json::object();
  }

  // C shares this machine's files.
  const TemporaryDirectory directory_;
};

TEST_F(KnownTest, WhatNoRunSawMadeIsSaid) {
  Run("one");
  OnServer("borg create --timestamp 2099-01-01T00:00:00 repo0::forged /etc/hostname");
  const std::string before = Digest();
  const Ended list = Known("list", {"--json"});
  EXPECT_EQ(list.exit_code, 0) << list.out << list.err;
  const Json archives = Parsed(list)["targets"][0]["archives"];
  ASSERT_EQ(archives.size(), 2U) << list.out;
  EXPECT_TRUE(archives[0]["seen"].is_string()) << list.out;
  EXPECT_TRUE(archives[1].contains("seen") && archives[1]["seen"].is_null()) << list.out;
  EXPECT_THAT(list.err, HasSubstr("1 archives in the repository were not seen made"));
  EXPECT_THAT(Known("list", {}).out, HasSubstr("not seen made"));
  EXPECT_THAT(Verb("list", MakePlan(), {"--json"}).out, Not(HasSubstr("seen")));

  // T's dates choose nothing.
  const Ended tar = Known("restore", {"target0", "--tar", source() + "/hello"});
  EXPECT_EQ(tar.exit_code, 0) << tar.err;
  EXPECT_THAT(tar.out, HasSubstr("hello\n"));
  EXPECT_EQ(Verb("restore", MakePlan(), {"target0", "--tar", source() + "/hello"}).exit_code, 1);
  const Ended verified = Known("verify", {"target0", "--json"});
  EXPECT_EQ(Parsed(verified)["archive"].value("name", ""), "one") << verified.out << verified.err;
  const Ended named = Known("restore", {"target0", "--tar", "--archive", "forged"});
  EXPECT_EQ(named.exit_code, 0) << named.err;
  EXPECT_THAT(named.err, HasSubstr("no run has seen the archive forged made"));
  EXPECT_EQ(Digest(), before) << "the state was written to";
  ExpectNothingLeft();
}

TEST_F(KnownTest, AnEarlierStateOrAnotherRepositoryIsNotRead) {
  Run("one");
  OnServer("cp -a repo0 saved");
  Run("two");
  OnServer("mv repo0 away && mv saved repo0");
  const auto expect_tampered = [&](const std::string& message) {
    SCOPED_TRACE(message);
    const std::string before = Digest();
    const Ended list = Known("list", {"--json"});
    EXPECT_EQ(list.exit_code, 1);
    EXPECT_EQ(ReasonOf(Parsed(list)["targets"][0]), "RepositoryTampered") << list.out;
    EXPECT_THAT(list.out, HasSubstr(message));
    const Ended restore = Known("restore", {"target0", "--json", "--destination", directory_.At("back")});
    EXPECT_EQ(ReasonOf(Parsed(restore)), "RepositoryTampered") << restore.out;
    EXPECT_FALSE(std::filesystem::exists(directory_.At("back")));
    EXPECT_EQ(ReasonOf(Parsed(Known("verify", {"target0", "--json"}))), "RepositoryTampered");
    EXPECT_EQ(Digest(), before) << "the state was written to";
  };
  expect_tampered("two");
  // Who wants it nevertheless leaves it out.
  EXPECT_EQ(Verb("list", MakePlan(), {}).exit_code, 0);
  OnServer("rm -r repo0 && borg init --encryption=repokey-blake2 repo0 && borg create repo0::one /etc/hostname");
  expect_tampered("was there, and now there is");
  const Ended nothing = Verb("list", MakePlan(), {"--json", "--state", directory_.At("typo")});
  EXPECT_THAT(nothing.out, HasSubstr("StateUnusable"));
  EXPECT_FALSE(std::filesystem::exists(directory_.At("typo")));
  ExpectNothingLeft();
}

}  // namespace
}  // namespace borgop::lab
