// Many targets at once, again and again: all complete, nothing stays, memory does not grow.
#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>

#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

constexpr int kTargets = 20;
constexpr int kRounds = 3;
constexpr long kGrowthKib = 4096;
constexpr long kSteadyKib = 1024;  // 200 have been seen between transfers; ten targets lie between the windows

class SoakTest : public EngineTest {
 protected:
  static std::size_t ListenerFds(const LabHost& host) {
    return std::stoul(host.Output("ls /proc/$(cat /run/sshd.pid)/fd | wc -l"));
  }
};

long MemoryKib(pid_t pid, const std::string& which) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(which)) return std::stol(line.substr(which.size()));
  }
  return 0;
}

// What each target of a run leaves in memory would add up.
TEST_F(SoakTest, MemoryStaysAsItIsFromTargetToTarget) {
  constexpr int kMany = 20;
  constexpr long kNone = std::numeric_limits<long>::max();
  constexpr int kWindow = 5;  // ends of targets, with three under way all the time
  auto process = Start(MakePlan(kMany), {"--parallel", "3"});
  long early = kNone, late = kNone;  // the least in each window: between the peaks of transfers
  process.WaitUntil(
      [&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        const long now = MemoryKib(process.pid(), "VmRSS:");
        if (now == 0) return false;  // it has just ended
        const std::string log = process.Err();
        int done = 0;
        for (std::size_t at = 0; (at = log.find("\"event\":\"done\"", at)) != std::string::npos; ++at) ++done;
        if (done >= 3 && done < 3 + kWindow) early = std::min(early, now);
        if (done > kMany - 3 - kWindow && done <= kMany - 3) late = std::min(late, now);
        return false;
      },
      std::chrono::seconds(300));
  const auto result = Finish(process, std::chrono::seconds(10));
  EXPECT_EQ(result.exit_code(), 0) << result.All();
  ASSERT_LT(early, kNone);
  ASSERT_LT(late, kNone);
  RecordProperty("early_KiB", static_cast<int>(early));
  RecordProperty("late_KiB", static_cast<int>(late));
  EXPECT_LE(late, early + kSteadyKib);
}

TEST_F(SoakTest, TwentyTargetsThreeRounds) {
  AddData(4);
  const Plan plan = MakePlan(kTargets);
  const std::size_t fds[] = {ListenerFds(t_), ListenerFds(b_)};
  long peaks[kRounds] = {};
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round + 1));
    auto process = Start(plan, {"--parallel", std::to_string(kTargets)});
    process.WaitUntil(
        [&] {
          peaks[round] = std::max(peaks[round], MemoryKib(process.pid(), "VmHWM:"));
          return false;
        },
        std::chrono::seconds(300));
    const auto result = Finish(process, std::chrono::seconds(10));
    EXPECT_EQ(result.exit_code(), 0);
    for (std::size_t i = 0; i < kTargets; ++i) {
      EXPECT_EQ(result.outcome(i), "Completed") << result.target(i).dump();
      EXPECT_EQ(result.target(i)["repository"].value("archives", 0), round + 1);
    }
    ExpectNothingLeft();
    ASSERT_FALSE(HasFailure()) << result.ended.err.substr(0, 4000);
    ASSERT_GT(peaks[round], 0);
  }
  EXPECT_LE(peaks[kRounds - 1], peaks[0] + kGrowthKib);
  EXPECT_EQ(ListenerFds(t_), fds[0]);
  EXPECT_EQ(ListenerFds(b_), fds[1]);
}

}  // namespace
}  // namespace borgop::lab
