// Many targets at once, again and again: all complete, nothing stays, memory does not grow.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

constexpr int kTargets = 20;
constexpr int kRounds = 3;
constexpr long kGrowthKib = 4096;

class SoakTest : public EngineTest {
 protected:
  static std::size_t ListenerFds(const LabHost& host) {
    return std::stoul(host.Output("ls /proc/$(cat /run/sshd.pid)/fd | wc -l"));
  }
};

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
          std::ifstream status("/proc/" + std::to_string(process.pid()) + "/status");
          for (std::string line; std::getline(status, line);) {
            if (line.starts_with("VmHWM:")) peaks[round] = std::max(peaks[round], std::stol(line.substr(6)));
          }
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
