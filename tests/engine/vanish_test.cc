// C, or the way to a machine, vanishes without a word in mid-transfer: what it left on T and B ends by itself, while not one packet
// gets through, and a new run is not held up. All cases wait at the same time, each in a lab of its own, for the switch takes a
// minute.
#include <signal.h>

#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;
using testing::AnyOf;

constexpr auto kGone = seconds(90);  // from the cut until a new run can get through

struct OwnLab {
  Lab own_lab;
};

// One vanishing, as a fixture with machines of its own.
class Vanishing : private OwnLab, public EngineTest {
 public:
  Vanishing(std::string name, bool kill_engine, std::function<void(const Vanishing&)> cut)
      : EngineTest(OwnLab::own_lab), name_(std::move(name)), kill_engine_(kill_engine), cut_(std::move(cut)) {
    SetUp();
  }
  ~Vanishing() override { TearDown(); }
  void TestBody() override {}
  using EngineTest::b_, EngineTest::lab_, EngineTest::t_;

  const std::string& name() const { return name_; }

  // Until the cut.
  void Begin() {
    AddData(40);
    Plan plan = MakePlan();
    plan.targets[0].limits.upload_rate_kib = 2048;
    plan.targets[0].hooks.after = {{"sh", "-c", "echo after >>" + dir() + "/after"}};
    engine_.emplace(Start(plan));
    ASSERT_TRUE(WaitForPhase(*engine_, "create")) << engine_->Err();
    ASSERT_TRUE(engine_->WaitUntil([&] { return b_.Run("test $(du -sm '" + dir() + "' | cut -f1) -ge 4").ok(); }, seconds(60)))
        << engine_->Err();
    for (const auto* host : {&t_, &b_}) ASSERT_FALSE(Find(*host, "borg").empty()) << "nothing runs there that could be left";
    cut_(*this);
    if (kill_engine_) engine_->Signal(SIGKILL);
    at_ = std::chrono::steady_clock::now();
  }

  // While nothing gets through, and from then on until a new run is through as well.
  void End() {
    ExpectNothingLeftOnMachines(at_ + kGone);
    EXPECT_EQ(t_.ReadFile(dir() + "/after"), "after\n") << "T runs hooks by itself, once";
    const auto result = Finish(*engine_, seconds(30));
    if (kill_engine_) {
      ForgetClient();
    } else {
      ExpectFailedByConnection(result);
    }
    lab_.Restore();
    ExpectNextRunGood(MakePlan());
  }

 private:
  static void ExpectFailedByConnection(const RunResult& result) {
    EXPECT_EQ(result.exit_code(), 75) << result.All();
    EXPECT_THAT(result.reason(), AnyOf("NoProgress", "ConnectionLost")) << result.All();
  }
  void ExpectNothingLeftOnMachines(std::chrono::steady_clock::time_point end) const {
    std::string left = MachinesRemains();
    while (!left.empty() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      left = MachinesRemains();
    }
    EXPECT_EQ(left, "");
  }

  std::string name_;
  bool kill_engine_;
  std::function<void(const Vanishing&)> cut_;
  std::optional<Process> engine_;
  std::chrono::steady_clock::time_point at_;
};

TEST(VanishTest, WhatIsLeftBehindEndsByItself) {
  BORGOP_NEEDS_ISOLATION();
  std::vector<std::unique_ptr<Vanishing>> all;
  const auto add = [&](const std::string& name, bool kill_engine, std::function<void(const Vanishing&)> cut) {
    all.push_back(std::make_unique<Vanishing>(name, kill_engine, std::move(cut)));
  };
  add("packets to the server dropped", false, [](const Vanishing& it) { it.b_.DropPackets(); });
  add("packets to the target dropped", false, [](const Vanishing& it) { it.t_.DropPackets(); });
  add("the server's link down", false, [](const Vanishing& it) { it.b_.LinkDown(); });
  add("the target's link down", false, [](const Vanishing& it) { it.t_.LinkDown(); });
  add("the engine killed behind dropped packets", true, [](const Vanishing& it) {
    it.t_.DropPackets();
    it.b_.DropPackets();
  });
  for (const auto& each : all) {
    SCOPED_TRACE(each->name());
    ASSERT_NO_FATAL_FAILURE(each->Begin());
  }
  for (const auto& each : all) {
    SCOPED_TRACE(each->name());
    each->End();
  }
}

// The new run is there long before the switch, and waits for the lock no longer than that takes.
TEST_F(EngineTest, ANewRunGetsThroughWhileTheOldOnesMachineIsGone) {
  AddData(40);
  Plan plan = MakePlan();
  plan.targets[0].limits.upload_rate_kib = 2048;
  auto gone = Start(plan);
  ASSERT_TRUE(WaitForPhase(gone, "create")) << gone.Err();
  ASSERT_TRUE(gone.WaitUntil([&] { return b_.Run("test $(du -sm '" + dir() + "' | cut -f1) -ge 4").ok(); }, seconds(60)))
      << gone.Err();
  gone.Signal(SIGSTOP);  // its connections stay, and say nothing
  auto next = Start(MakePlan());
  EXPECT_TRUE(next.WaitUntil([&] { return next.Err().find(R"("phase":"list")") != std::string::npos; }, kGone)) << next.Err();
  ExpectCompleted(Finish(next));
  gone.Signal(SIGCONT);
  EXPECT_EQ(Finish(gone, seconds(40)).exit_code(), 75);
  ExpectNothingLeft();
}

}  // namespace
}  // namespace borgop::lab
