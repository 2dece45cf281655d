// What a run that is dead has left locked: the next one breaks it where nobody can be behind it any more, says so, and breaks no other.
#include <signal.h>

#include <thread>

#include "tests/engine/engine_fixture.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class LockTest : public EngineTest {
 protected:
  std::string State() const { return directory_.At("state"); }
  // One that waits for no lock of another client.
  Plan Impatient() const {
    Plan plan = MakePlan();
    plan.targets[0].limits.lock_wait = seconds(1);
    return plan;
  }
  Plan Slow() const {
    AddData(40);
    Plan plan = MakePlan();
    plan.targets[0].limits.upload_rate_kib = 2048;
    return plan;
  }
  RunResult Run(const Plan& plan) const { return RunEngine(plan, seconds(180), {"--state", State()}); }
  Ended List() const {
    auto process = StartVerb(Impatient(), {"list", "--plan", "-", "--log-format", "json"});
    auto ended = process.Wait(seconds(60));
    return ended ? *std::move(ended) : Ended{};
  }
  std::string Holder() const { return b_.Run("ls '" + repository() + "/lock.exclusive' 2>/dev/null").out; }
  static void SignalAll(const LabHost& host, const std::string& text, const std::string& signal) {
    for (const pid_t pid : Find(host, text)) host.Run("kill -" + signal + " " + std::to_string(pid));
  }
  // Of T's session. Those before it, and readers, take the lock for a moment only. With it, borg on T is stopped: however slow
  // this machine is, the lock stays until borg goes on.
  bool WaitForHolder(Process& process) const {
    const auto stays = [this] {
      const std::string holder = Holder();
      if (!holder.starts_with("borg-engine-")) return false;
      std::this_thread::sleep_for(seconds(1));
      SignalAll(t_, "borg create", "STOP");
      if (Holder() == holder) return true;
      SignalAll(t_, "borg create", "CONT");
      return false;
    };
    return WaitForPhase(process, "create") && process.WaitUntil(stays, seconds(60));
  }
  // What is there as borg leaves it: `names` are HOST.PROCESS-0.
  void Plant(const std::vector<std::string>& writers, const std::string& reader = "") const {
    std::string script = "cd '" + repository() + "' && rm -rf lock.exclusive lock.roster && mkdir lock.exclusive";
    Json roster{{"exclusive", Json::array()}, {"shared", Json::array()}};
    for (const std::string& name : writers) {
      script += " && touch 'lock.exclusive/" + name + "'";
      roster["exclusive"].push_back({name.substr(0, name.rfind('.')), 4711, 0});
    }
    if (!reader.empty()) roster["shared"].push_back({reader, 4711, 0});
    b_.Output(script + " && printf %s '" + roster.dump() + "' >lock.roster", {.user = "backup"});
  }
  void Unplant() const { b_.Output("cd '" + repository() + "' && rm -rf lock.exclusive lock.roster"); }
  // OWNER of this state, as a run names it.
  std::string Owner() const { return c_.ReadFile(State() + "/target0.json.lock").substr(0, 32); }

  const TemporaryDirectory directory_;
};

TEST_F(LockTest, WhatADeadRunLeftIsBrokenAndSaid) {
  ExpectCompleted(Run(MakePlan()));
  {
    Process run = Start(Slow(), {"--state", State()});
    ASSERT_TRUE(WaitForHolder(run)) << run.Err();
    const std::string holder = Holder();
    EXPECT_THAT(holder, HasSubstr(Owner()));
    // borg on B has no time to give the lock back, and the run none to notice.
    run.Signal(SIGSTOP);
    SignalAll(b_, "borg serve", "KILL");
    run.Signal(SIGKILL);
    ASSERT_TRUE(run.Wait(seconds(10)));
    EXPECT_EQ(Holder(), holder);
    SignalAll(t_, "borg create", "CONT");
    ForgetClient();
  }
  ExpectNothingLeft(seconds(90));
  // On the same machine it can be seen that the process is gone; by readers too.
  const Ended listed = List();
  EXPECT_EQ(listed.exit_code, 0) << listed.out << listed.err;
  EXPECT_THAT(listed.err, HasSubstr("broke the repository's lock"));
  EXPECT_EQ(Holder(), "");

  // B has started again since: only the owner knows.
  Plant({"borg-engine-" + Owner() + "@00000000-0000-0000-0000-000000000000_4026531836.4711-0"});
  const Ended unknown = List();
  EXPECT_THAT(unknown.out, HasSubstr("RepositoryLocked"));
  EXPECT_THAT(unknown.out, HasSubstr("it is held by borg-engine-" + Owner()));
  const RunResult result = Run(Impatient());
  EXPECT_EQ(result.outcome(), "CompletedWithWarnings") << result.All();
  EXPECT_THAT(result.ended.err, HasSubstr("waits 75 s"));
  EXPECT_THAT(result.warnings(),
              HasSubstr("broke the repository's lock, which a run that is dead had left: borg-engine-" + Owner()));
  EXPECT_EQ(Holder(), "");
  ExpectNextRunGood(MakePlan());
}

TEST_F(LockTest, OthersLocksStay) {
  ExpectCompleted(Run(MakePlan()));
  const std::string ours = "borg-engine-" + Owner() + "@00000000-0000-0000-0000-000000000000_4026531836";
  const std::string another = "borg-engine-" + std::string(32, 'f') + "@00000000-0000-0000-0000-000000000000_4026531836";
  const std::string by_hand = "b.example.org@8796753984";
  const auto expect_kept = [&](const std::vector<std::string>& writers, const std::string& reader, const std::string& named) {
    SCOPED_TRACE(named);
    Plant(writers, reader);
    const std::string before = Holder();
    const RunResult result = Run(Impatient());
    ExpectFailed(result, "RepositoryLocked", "Waiting", 75);
    EXPECT_THAT(result.message(), HasSubstr("it is held by"));
    EXPECT_THAT(result.message(), HasSubstr(named + ".4711-0"));
    EXPECT_THAT(result.ended.err, Not(HasSubstr("broke")));
    EXPECT_EQ(Holder(), before);
  };
  expect_kept({by_hand + ".4711-0"}, "", by_hand);
  expect_kept({another + ".4711-0"}, "", another);
  expect_kept({ours + ".4711-0"}, by_hand, by_hand);
  // A run that keeps no state does not know whether others are alive.
  Plant({ours + ".4711-0"});
  EXPECT_EQ(RunEngine(Impatient()).reason(), "RepositoryLocked");
  EXPECT_NE(Holder(), "");
  Unplant();
  ExpectNextRunGood(MakePlan());
}

TEST_F(LockTest, ALivingRunKeepsItsLock) {
  ExpectCompleted(Run(MakePlan()));
  Process first = Start(Slow(), {"--state", State()});
  ASSERT_TRUE(WaitForHolder(first)) << first.Err();
  for (const std::vector<std::string>& args : {std::vector<std::string>(), {"--state", directory_.At("another")}}) {
    const RunResult second = RunEngine(Impatient(), seconds(60), args);
    EXPECT_EQ(second.reason(), "RepositoryLocked") << second.All();
    EXPECT_THAT(second.message(), HasSubstr("it is held by borg-engine-" + Owner()));
  }
  SignalAll(t_, "borg create", "CONT");
  ExpectCompleted(Finish(first, seconds(120)));
  ExpectRepositorySound(repository());
}

}  // namespace
}  // namespace borgop::lab
