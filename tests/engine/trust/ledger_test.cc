// With a ledger (--state) what C knows outlasts a run: retention goes by it, and a server that shows something else is noticed before anything is sent to it.
#include <optional>
#include <sstream>

#include "engine/base/finding.h"
#include "engine/retention/ledger_changes.h"
#include "tests/engine/engine_fixture.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LedgerTest : public EngineTest {
 protected:
  RunResult Run(const Plan& plan) const { return RunEngine(plan, seconds(90), {"--state", State()}); }
  RunResult Acknowledge(const std::string& finding, const Plan& plan) const {
    return RunEngine(plan, seconds(90), {"--state", State(), "--acknowledge", finding});
  }
  // What a run accuses, and says again until somebody has acknowledged it.
  std::string Finding() const {
    const RunResult result = Run(Named("refused"));
    ExpectFailed(result, "RepositoryTampered", "Terminal", 1);
    std::string finding = result.target().value("error", Json::object()).value("finding", "");
    EXPECT_TRUE(IsFindingId(finding)) << result.All();
    EXPECT_THAT(result.ended.err, HasSubstr(finding));
    return finding;
  }
  std::string State() const { return directory_.At("state"); }
  Plan Named(const std::string& archive) const {
    Plan plan = MakePlan();
    plan.targets[0].archive_name = archive;
    return plan;
  }
  Json Ledger() const { return Json::parse(c_.ReadFile(State() + "/target0.json")); }
  std::vector<std::string> Listed() const {
    std::vector<std::string> names;
    std::istringstream lines(OnServer("borg list --short repo0"));
    for (std::string name; std::getline(lines, name);) names.push_back(name);
    return names;
  }
  // A borg on T that adds to what create is told.
  void GiveBorg(Plan& plan, const std::string& script) const {
    plan.targets[0].borg = dir() + "/borg";
    t_.WriteFile(plan.targets[0].borg, "#!/bin/sh\n" + script + "\n");
    t_.Output("chmod 755 " + plan.targets[0].borg);
  }
  // What B shows from now on is no longer what was there; nothing is sent to it, and T is not asked.
  void ExpectTampered(const std::string& message) const {
    const std::string before = OnServer("find repo0 -name '[0-9]*' -size +0 2>/dev/null | sort | xargs -r cat | sha256sum");
    const Json ledger = Ledger();
    const RunResult result = Run(Named("after"));
    ExpectFailed(result, "RepositoryTampered", "Terminal", 1);
    EXPECT_THAT(result.message(), HasSubstr(message)) << result.All();
    for (const Json& phase : result.target().value("phases", Json::array())) EXPECT_NE(phase.value("name", ""), "create");
    EXPECT_EQ(OnServer("find repo0 -name '[0-9]*' -size +0 2>/dev/null | sort | xargs -r cat | sha256sum"), before);
    EXPECT_EQ(Ledger().value("archives", Json()), ledger.value("archives", Json()));
    ExpectNothingLeft();
  }

  // C shares this machine's files.
  const TemporaryDirectory directory_;
};

TEST_F(LedgerTest, RetentionGoesByWhatCSaw) {
  Plan plan = MakePlan();
  plan.targets[0].retention.keep_last = 2;
  for (const char* name : {"one", "two", "three"}) {
    plan.targets[0].archive_name = name;
    const RunResult result = Run(plan);
    ExpectCompleted(result);
    EXPECT_EQ(result.target().value("pruned", -1), std::string(name) == "three" ? 1 : 0) << result.All();
    c_.Output("sleep 1.1");  // keepLast goes by seconds
  }
  EXPECT_THAT(Listed(), ElementsAre("two", "three"));
  const Json ledger = Ledger();
  ASSERT_EQ(ledger.value("archives", Json::array()).size(), 3U) << ledger.dump(1);
  EXPECT_TRUE(ledger["archives"][0].contains("dropped"));
  EXPECT_FALSE(ledger["archives"][1].contains("dropped"));
  EXPECT_EQ(ledger.value("encryption", ""), "repokey-blake2");
  EXPECT_EQ(ledger.value("key", "").size(), 64U);
  const RunResult last = Run(MakePlan());
  EXPECT_EQ(last.target()["repository"].value("keyFingerprint", ""), ledger.value("key", "-")) << last.All();
  EXPECT_GT(ledger.value("nonce", 0U), 0U);
  ExpectRepositorySound(repository());
}

// Dates and further archives of T's own making push out nothing.
TEST_F(LedgerTest, ForgedArchivesPushOutNothing) {
  ExpectCompleted(Run(Named("good1")));
  ExpectCompleted(Run(Named("good2")));
  Plan plan = Named("forged");
  GiveBorg(plan, R"(test "$1" = create || exec borg "$@"
shift; exec borg create --timestamp 2099-01-01T00:00:00 "$@")");
  c_.Output("sleep 1.1");
  ExpectCompleted(Run(plan));
  c_.Output("sleep 1.1");
  plan = Named("good3");
  plan.targets[0].retention.keep_last = 1;
  ExpectCompleted(Run(plan));
  // The newest is the one that was seen last, whatever its neighbour says of itself.
  EXPECT_THAT(Listed(), ElementsAre("good3"));
}

// What C did not see made counts for nothing and stays.
TEST_F(LedgerTest, StrangersStay) {
  ExpectCompleted(Run(Named("one")));
  OnServer("for i in 1 2 3; do borg create --timestamp 209$i-01-01T00:00:00 repo0::stranger$i /etc/hostname; done");
  Plan plan = Named("two");
  plan.targets[0].retention.keep_last = 2;
  c_.Output("sleep 1.1");
  const RunResult result = Run(plan);
  ExpectCompleted(result);
  EXPECT_EQ(result.target().value("pruned", -1), 0);
  EXPECT_THAT(result.ended.err, HasSubstr("3 archives in the repository were not seen made"));
  EXPECT_THAT(Listed(), testing::UnorderedElementsAre("one", "two", "stranger1", "stranger2", "stranger3"));
}

TEST_F(LedgerTest, ARepositoryThatWasThereBeforeIsAdoptedOnRequest) {
  ExpectCompleted(RunEngine(Named("old1")));
  ExpectCompleted(RunEngine(Named("old2")));
  Plan plan = Named("new");
  plan.targets[0].repository.adopt = true;
  plan.targets[0].retention.keep_last = 1;
  const RunResult result = Run(plan);
  ExpectCompleted(result);
  EXPECT_THAT(result.ended.err, HasSubstr("begins with 2 archives"));
  EXPECT_EQ(result.target().value("pruned", -1), 2);
  EXPECT_THAT(Listed(), ElementsAre("new"));
}

TEST_F(LedgerTest, AnEarlierStateIsNoticed) {
  ExpectCompleted(Run(Named("one")));
  OnServer("cp -a repo0 saved");
  ExpectCompleted(Run(Named("two")));
  OnServer("mv repo0 away && mv saved repo0");
  ExpectTampered("");
}

TEST_F(LedgerTest, AnArchiveThatIsGoneIsNoticed) {
  ExpectCompleted(Run(Named("one")));
  ExpectCompleted(Run(Named("two")));
  OnServer("borg delete repo0::one");
  ExpectTampered("1 is gone (one)");
}

TEST_F(LedgerTest, AnotherRepositoryIsNoticed) {
  ExpectCompleted(Run(Named("one")));
  OnServer("mv repo0 away && borg init -e repokey-blake2 repo0");
  ExpectTampered("was there, and now there is");
}

TEST_F(LedgerTest, AnUnencryptedOneIsNoticed) {
  ExpectCompleted(Run(Named("one")));
  OnServer("id=$(grep ^id repo0/config) && mv repo0 away && borg init -e none repo0 && sed -i \"s/^id.*/$id/\" repo0/config");
  const RunResult result = Run(Named("after"));
  ExpectFailed(result, "RepositoryTampered", "Terminal", 1);
  EXPECT_THAT(result.message(), HasSubstr("was encrypted by"));
  EXPECT_FALSE(result.target().contains("archive"));
  EXPECT_THAT(OnServer("borg list --short repo0"), IsEmpty());
}

TEST_F(LedgerTest, AnotherKeyIsNoticed) {
  ExpectCompleted(Run(Named("one")));
  OnServer("borg key change-passphrase repo0");
  ExpectTampered("another key than before");
}

TEST_F(LedgerTest, AVanishedRepositoryIsNotMadeAgain) {
  ExpectCompleted(Run(Named("one")));
  OnServer("mv repo0 away");
  ExpectTampered("is gone; nothing was put in its place");
  EXPECT_FALSE(b_.Exists(repository()));
}

// A person has looked into it. That very finding is lifted, and no other.
TEST_F(LedgerTest, AnAcknowledgedFindingIsNotFoundAgain) {
  for (const char* name : {"one", "two", "three"}) ExpectCompleted(Run(Named(name)));
  OnServer("borg delete repo0::one");
  const std::string finding = Finding();
  EXPECT_EQ(Finding(), finding);
  OnServer("borg delete repo0::two");
  const RunResult other = Acknowledge(finding, Named("four"));
  ExpectFailed(other, "RepositoryTampered", "Terminal", 1);
  EXPECT_THAT(other.message(), HasSubstr("2 are gone (one, two)"));
  ExpectCompleted(Acknowledge(Finding(), Named("four")));
  ExpectCompleted(Run(Named("five")));
  EXPECT_THAT(Listed(), ElementsAre("three", "four", "five"));
}

TEST_F(LedgerTest, AnAcknowledgedEarlierStateIsGoneOnFrom) {
  ExpectCompleted(Run(Named("one")));
  OnServer("cp -a repo0 saved");
  ExpectCompleted(Run(Named("two")));
  OnServer("mv repo0 away && mv saved repo0");
  // T's own borg remembers, too.
  ExpectFailed(Acknowledge(Finding(), Named("three")), "RepositoryReplay", "Terminal", 1);
  t_.Output("rm -r ~/.cache/borg ~/.config/borg", {.user = "backup"});
  // What else is not as it was is a finding of its own.
  const RunResult nonces = Run(Named("three"));
  ExpectFailed(nonces, "RepositoryTampered", "Terminal", 1);
  EXPECT_THAT(nonces.message(), HasSubstr("counts nonces from"));
  ExpectCompleted(Acknowledge(Finding(), Named("three")));
  ExpectCompleted(Run(Named("four")));
  EXPECT_THAT(Listed(), ElementsAre("one", "three", "four"));
}

TEST_F(LedgerTest, AnAcknowledgedRepositoryIsTheOneFromThenOn) {
  ExpectCompleted(Run(Named("one")));
  OnServer("mv repo0 away && borg init -e repokey-blake2 repo0");
  ExpectCompleted(Acknowledge(Finding(), Named("two")));
  ExpectCompleted(Run(Named("three")));
  OnServer("mv repo0 gone");
  ExpectCompleted(Acknowledge(Finding(), Named("four")));
  EXPECT_THAT(Listed(), ElementsAre("four"));
  OnServer("mv repo0 second && mv away repo0");
  ExpectFailed(Run(Named("five")), "RepositoryTampered", "Terminal", 1);
}

TEST_F(LedgerTest, AnAcknowledgedKeyIsTheOneFromThenOn) {
  ExpectCompleted(Run(Named("one")));
  OnServer("borg key change-passphrase repo0");
  ExpectCompleted(Acknowledge(Finding(), Named("two")));
  ExpectCompleted(Run(Named("three")));
}

// The caller keeps the ledger: it gives it to read, and takes in what the report hands on. Without that nothing is dropped.
TEST_F(LedgerTest, ALedgerThatTheCallerKeepsIsHandedOn) {
  const std::string file = directory_.At("known.json");
  std::optional<borgop::Ledger> ledger;
  const auto run = [&](const std::string& name, bool take_in) {
    Plan plan = Named(name);
    plan.targets[0].retention.keep_last = 1;
    plan.targets[0].repository.ledger_file = file;
    const RunResult result = RunEngine(plan);
    ExpectCompleted(result);
    const auto changes = ReadLedgerChanges(result.target().value("ledger", Json()).dump());
    ASSERT_TRUE(changes) << result.All();
    if (take_in) {
      ASSERT_TRUE(Apply(ledger, *changes));
      c_.WriteFile(file, WriteLedger(*ledger).value());
    }
    c_.Output("sleep 1.1");  // keepLast goes by seconds
  };
  run("one", true);
  EXPECT_FALSE(ledger->key.empty());
  EXPECT_TRUE(ledger->nonce);
  run("two", true);
  EXPECT_THAT(Listed(), ElementsAre("one", "two")) << "marked, and not more";
  run("three", true);
  EXPECT_THAT(Listed(), ElementsAre("two", "three"));
  // Nobody took in what this one found out, and what the next is given is old.
  run("lost", false);
  EXPECT_THAT(Listed(), ElementsAre("three", "lost"));
  const std::string known = c_.ReadFile(file);
  run("five", true);
  EXPECT_THAT(Listed(), ElementsAre("three", "lost", "five"));
  EXPECT_NE(c_.ReadFile(file), known);

  OnServer("borg delete repo0::five");
  Plan plan = Named("six");
  plan.targets[0].repository.ledger_file = file;
  const RunResult accused = RunEngine(plan);
  ExpectFailed(accused, "RepositoryTampered", "Terminal", 1);
  plan.targets[0].repository.acknowledge = accused.target()["error"].value("finding", "");
  const RunResult forgiven = RunEngine(plan);
  ExpectCompleted(forgiven);
  ASSERT_TRUE(Apply(ledger, ReadLedgerChanges(forgiven.target().value("ledger", Json()).dump()).value()));
  c_.WriteFile(file, WriteLedger(*ledger).value());
  plan = Named("seven");
  plan.targets[0].repository.ledger_file = file;
  ExpectCompleted(RunEngine(plan));

  EXPECT_THAT(RunEngine(plan, seconds(60), {"--state", State()}).ended.err, HasSubstr("Leave out one of the two."));
}

TEST_F(LedgerTest, WhatCannotBeKeptIsSaidBeforeAnythingHappens) {
  ExpectCompleted(Run(Named("one")));
  c_.WriteFile(State() + "/target0.json", "{");
  ExpectFailed(Run(Named("two")), "LedgerInvalid", "Terminal", 1);
  EXPECT_THAT(Listed(), ElementsAre("one"));
  const RunResult nowhere = RunEngine(Named("two"), seconds(60), {"--state", directory_.At("missing/state")});
  EXPECT_EQ(nowhere.exit_code(), 2) << nowhere.All();
  EXPECT_THAT(nowhere.ended.err, HasSubstr("cannot be made"));
}

TEST_F(LedgerTest, OneRunOfATargetAtATime) {
  AddData(20);
  Plan slow = Named("one");
  slow.targets[0].limits.upload_rate_kib = 2048;
  Process first = Start(slow, {"--state", State()});
  ASSERT_TRUE(WaitForPhase(first, "create"));
  const RunResult second = Run(Named("two"));
  EXPECT_EQ(second.reason(), "StateInUse") << second.All();
  EXPECT_EQ(second.exit_code(), 75);
  ExpectCompleted(Finish(first));
}

}  // namespace
}  // namespace borgop::lab
