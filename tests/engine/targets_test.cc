// Several targets in one run, and several runs at once.
#include <algorithm>
#include <set>
#include <sstream>

#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;

class TargetsTest : public EngineTest {
 protected:
  // By the log: who is between its first phase and its end.
  static std::size_t MostAtATime(const RunResult& result) {
    std::istringstream lines(result.ended.err);
    std::set<std::string> busy;
    std::size_t most = 0;
    for (std::string line; std::getline(lines, line);) {
      const Json entry = Json::parse(line, nullptr, false);
      const std::string event = entry.is_object() ? entry.value("event", "") : "";
      if (event == "phase") busy.insert(entry.value("target", ""));
      if (event == "done") busy.erase(entry.value("target", ""));
      most = std::max(most, busy.size());
    }
    return most;
  }
};

TEST_F(TargetsTest, OneTargetsFailureIsNotTheOthers) {
  Plan plan = MakePlan(4);
  plan.targets[1].connection.known_hosts = b_.KnownHosts({}, t_.address());
  plan.targets[3].borg = "/nowhere/borg";
  const auto result = RunEngine(plan);
  EXPECT_EQ(result.exit_code(), 1);
  EXPECT_EQ(result.outcome(0), "Completed") << result.All();
  EXPECT_EQ(result.reason(1), "HostKeyMismatch");
  EXPECT_EQ(result.outcome(2), "Completed") << result.All();
  EXPECT_EQ(result.reason(3), "BorgMissing");
  EXPECT_EQ(result.report["counts"],
            (Json{{"targets", 4}, {"completed", 2}, {"completedWithWarnings", 0}, {"failed", 2}, {"cancelled", 0}}));
  ExpectNextRunGood(MakePlan());
}

TEST_F(TargetsTest, NoMoreAtATimeThanWereAskedFor) {
  const auto result = RunEngine(MakePlan(3), kLimit, {"--parallel", "1"});
  ExpectCompleted(result);
  EXPECT_EQ(MostAtATime(result), 1U) << result.ended.err;
}

TEST_F(TargetsTest, AsManyAtATimeAsWereAskedFor) {
  constexpr std::size_t kTargets = 5;
  Plan plan = MakePlan(kTargets);
  // Each waits on T until there are three, but no longer than a minute.
  for (Target& target : plan.targets) {
    target.hooks.before = {{"sh", "-c",
                            "echo >>" + dir() + "/here; i=0; while [ $(wc -l <" + dir() +
                                "/here) -lt 3 ]; do i=$((i+1)); [ $i -le 300 ] || exit 1; sleep 0.2; done"}};
  }
  const auto result = RunEngine(plan, kLimit, {"--parallel", "3"});
  EXPECT_EQ(MostAtATime(result), 3U) << result.ended.err;
  for (std::size_t i = 0; i < kTargets; ++i) EXPECT_EQ(result.outcome(i), "Completed") << result.target(i).dump();
}

TEST_F(TargetsTest, FailuresThatMayAllPassByThemselvesAskForARetry) {
  Plan plan = MakePlan(3);
  plan.targets[1].connection.port = 9;
  plan.targets[1].connection.known_hosts = t_.KnownHosts({}, "[" + t_.address() + "]:9");
  plan.targets[2].connection.host = "nowhere.lab";
  plan.targets[2].connection.known_hosts = t_.KnownHosts({}, "nowhere.lab");
  const auto result = RunEngine(plan);
  EXPECT_EQ(result.outcome(0), "Completed") << result.All();
  EXPECT_EQ(result.reason(1), "ConnectFailed");
  EXPECT_EQ(result.reason(2), "NameNotResolved");
  EXPECT_EQ(result.exit_code(), 75);
  // One that will not pass, and nobody should wait for a retry.
  plan.targets[1].borg = "/nowhere/borg";
  plan.targets[1].connection = lab_.Endpoint(t_);
  EXPECT_EQ(RunEngine(plan).exit_code(), 1);
  ExpectNextRunGood(MakePlan());
}

TEST_F(TargetsTest, TwoRunsAgainstOneTargetDoNotDisturbEachOther) {
  AddData(30);
  Plan one = MakePlan(), two = MakePlan();
  two.targets[0].repository.path = "other";
  auto first = Start(one), second = Start(two);
  const auto results = {Finish(first, seconds(90)), Finish(second, seconds(90))};
  for (const auto& result : results) ExpectCompleted(result);
  EXPECT_NE(results.begin()->target()["repository"]["id"], (results.begin() + 1)->target()["repository"]["id"]);
  ExpectNextRunGood(two);
  ExpectRepositorySound(repository());
}

TEST_F(TargetsTest, TwoFirstRunsIntoOneRepositoryMakeItOnce) {
  Plan plan = MakePlan(), other = MakePlan();
  for (Plan* each : {&plan, &other}) each->targets[0].limits.lock_wait = seconds(50);  // borg looks again after a tenth of it
  other.targets[0].archive_name = "other-{utcnow}";
  auto first = Start(plan), second = Start(other);
  const auto one = Finish(first, seconds(90)), two = Finish(second, seconds(90));
  for (const auto* result : {&one, &two}) ExpectCompleted(*result);
  EXPECT_EQ(one.target()["repository"]["id"], two.target()["repository"]["id"]);
  ExpectNextRunGood(plan);
}

}  // namespace
}  // namespace borgop::lab
