// A run that is cut at any point leaves nothing behind, and the next run succeeds without waiting for a lock.
#include <signal.h>

#include <ostream>
#include <tuple>

#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;

enum class How { kTerminate, kInterrupt, kKill, kServerSession, kTargetSession };

struct When {
  std::string name;
  std::string phase;
  int mebibytes = 0;  // of data that are under way
};

void PrintTo(const When& when, std::ostream* out) { *out << when.name; }

std::string NameOf(How how) {
  switch (how) {
    case How::kTerminate: return "SigtermToEngine";
    case How::kInterrupt: return "SigintToEngine";
    case How::kKill: return "SigkillToEngine";
    case How::kServerSession: return "ServersSessionKilled";
    case How::kTargetSession: return "TargetsSessionKilled";
  }
  return "";
}

class CutTest : public EngineTest, public testing::WithParamInterface<std::tuple<When, How>> {
 protected:
  // All phases, of which maintenance has something to do.
  Plan WholePlan() const {
    Plan plan = MakePlan();
    plan.targets[0].retention.keep_last = 1;
    plan.targets[0].maintenance = {.check = CheckMode::kFull, .compact = true};
    return plan;
  }
  // The run's own repository is in a staging directory until it is whole, so it is looked for.
  bool TransferIsUnderWay() const { return b_.Run("test $(du -sm '" + dir() + "' | cut -f1) -ge 10").ok(); }
  void KillSession(const LabHost& host) const {
    const auto pids = Find(host, "sshd: backup");
    ASSERT_FALSE(pids.empty()) << "there is no session to kill";
    for (const pid_t pid : pids) host.Run("kill -KILL " + std::to_string(pid));
  }
};

TEST_P(CutTest, LeavesNothingAndTheNextRunIsGood) {
  const auto& [when, how] = GetParam();
  if (when.mebibytes != 0) AddData(when.mebibytes);
  auto process = Start(WholePlan());
  ASSERT_TRUE(WaitForPhase(process, when.phase)) << process.Err();
  if (when.mebibytes != 0) {
    ASSERT_TRUE(process.WaitUntil([&] { return TransferIsUnderWay(); }, seconds(60))) << process.Err();
  }
  switch (how) {
    case How::kTerminate: process.Signal(SIGTERM); break;
    case How::kInterrupt: process.Signal(SIGINT); break;
    case How::kKill: process.Signal(SIGKILL); break;
    case How::kServerSession: KillSession(b_); break;
    case How::kTargetSession: KillSession(t_); break;
  }
  const bool stopped = how == How::kTerminate || how == How::kInterrupt;
  const auto result = Finish(process, stopped ? seconds(10) : seconds(40));
  const bool archived = when.phase == "prune" || when.phase == "check" || when.phase == "compact";
  if (stopped) {
    EXPECT_EQ(result.exit_code(), 130) << result.All();
    EXPECT_EQ(result.outcome(), "Cancelled") << result.All();
    EXPECT_EQ(result.reason(), "Cancelled") << result.All();
    EXPECT_EQ(result.target().contains("archive"), archived) << result.All();
  } else if (how == How::kKill) {
    EXPECT_EQ(result.ended.signal, SIGKILL) << result.All();
    ForgetClient();
  } else if (how == How::kTargetSession && (archived || when.phase == "list")) {
    // What is left to do needs B only, and is done.
    ExpectCompleted(result);
    EXPECT_NE(result.ended.err.find("\"phase\":\"compact\""), std::string::npos) << result.All();
  } else {
    EXPECT_EQ(result.outcome(), "Failed") << result.All();
    EXPECT_EQ(result.reason(), "ConnectionLost") << result.All();
    EXPECT_EQ(result.exit_code(), 75) << result.All();
    EXPECT_EQ(result.target().contains("archive"), archived) << result.All();
  }
  ExpectNothingLeft();
  ExpectNextRunGood(MakePlan());
}

const std::vector<When> kAlways = {{"Inspect", "inspect"}, {"Init", "init"},           {"CreateEarly", "create"},
                                   {"List", "list"},       {"Prune", "prune"},         {"Check", "check"},
                                   {"Compact", "compact"}, {"Transfer", "create", 100}};

std::string NameOfCut(const testing::TestParamInfo<std::tuple<When, How>>& cut) {
  return std::get<0>(cut.param).name + "_" + NameOf(std::get<1>(cut.param));
}

INSTANTIATE_TEST_SUITE_P(All, CutTest,
                         testing::Combine(testing::ValuesIn(kAlways),
                                          testing::Values(How::kTerminate, How::kKill, How::kServerSession, How::kTargetSession)),
                         NameOfCut);
INSTANTIATE_TEST_SUITE_P(Interrupt, CutTest,
                         testing::Combine(testing::Values(When{"Inspect", "inspect"}, When{"Transfer", "create", 100}),
                                          testing::Values(How::kInterrupt)),
                         NameOfCut);
// A session that is killed while it is being made is made again.
INSTANTIATE_TEST_SUITE_P(Login, CutTest,
                         testing::Combine(testing::Values(When{"Connect", "connect"}),
                                          testing::Values(How::kTerminate, How::kKill)),
                         NameOfCut);

// T cannot be told, so what it has of the run ends by itself; whoever stops the engine does not wait for that.
TEST_F(EngineTest, ATargetThatIsOutOfReachHoldsUpNoStop) {
  AddData(40);
  Plan plan = MakePlan();
  plan.targets[0].limits.upload_rate_kib = 2048;
  auto process = Start(plan);
  ASSERT_TRUE(WaitForPhase(process, "create")) << process.Err();
  ASSERT_TRUE(process.WaitUntil([&] { return b_.Run("test $(du -sm '" + dir() + "' | cut -f1) -ge 4").ok(); }, seconds(60)))
      << process.Err();
  t_.DropPackets();
  process.Signal(SIGTERM);
  const auto result = Finish(process, seconds(10));
  EXPECT_EQ(result.exit_code(), 130) << result.All();
  EXPECT_EQ(result.outcome(), "Cancelled") << result.All();
  EXPECT_EQ(result.reason(), "Cancelled") << result.All();
  EXPECT_FALSE(result.target().contains("archive")) << result.All();
  lab_.Restore();
  ExpectCompleted(RunEngine(MakePlan(), seconds(120)));  // at once
  ExpectNothingLeft(seconds(90));
  ExpectRepositorySound(repository());
}

TEST_F(EngineTest, ManyTargetsAtOnceAreStoppedAsOne) {
  constexpr int kTargets = 10;
  AddData(40);
  Plan plan = MakePlan(kTargets);
  for (Target& target : plan.targets) target.limits.upload_rate_kib = 512;  // none is done before the last has begun
  auto process = Start(plan, {"--parallel", std::to_string(kTargets)});
  const auto all_under_way = [&] {
    return b_.Run("test $(du -sk '" + dir() + "'/repo* | awk '$1 >= 1024' | wc -l) -eq " + std::to_string(kTargets)).ok();
  };
  ASSERT_TRUE(process.WaitUntil(all_under_way, seconds(120))) << process.Err();
  process.Signal(SIGTERM);
  const auto result = Finish(process, seconds(10));
  EXPECT_EQ(result.exit_code(), 130) << result.All();
  for (std::size_t i = 0; i < kTargets; ++i) {
    EXPECT_EQ(result.outcome(i), "Cancelled") << result.target(i).dump();
    EXPECT_FALSE(result.target(i).contains("archive")) << result.target(i).dump();
  }
  ExpectNextRunGood(MakePlan());
}

// What is stopped does not end by being told to; and what it has started goes with it.
TEST_F(EngineTest, StoppedProcessesOnTheTargetAreLeftToNobody) {
  AddData(100);
  auto process = Start(MakePlan());
  ASSERT_TRUE(WaitForPhase(process, "create")) << process.Err();
  ASSERT_TRUE(process.WaitUntil([&] { return b_.Run("test $(du -sm '" + dir() + "' | cut -f1) -ge 10").ok(); }, seconds(60)))
      << process.Err();
  std::vector<pid_t> stopped = Find(t_, "borg create");
  for (const pid_t pid : Find(t_, "UNIX-CONNECT")) stopped.push_back(pid);
  ASSERT_GE(stopped.size(), 2U);
  for (const pid_t pid : stopped) t_.Output("kill -STOP " + std::to_string(pid));
  process.Signal(SIGTERM);
  EXPECT_EQ(Finish(process, seconds(10)).exit_code(), 130);
  ExpectNextRunGood(MakePlan());
}

}  // namespace
}  // namespace borgop::lab
