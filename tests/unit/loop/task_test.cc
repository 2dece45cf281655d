#include "engine/loop/task.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "tests/fakes/loop_fixture.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;

// Where the stack ends while work runs: coroutines keep their variables elsewhere.
struct StackUse {
  std::uintptr_t lowest = std::numeric_limits<std::uintptr_t>::max(), highest = 0;
  [[gnu::noinline]] void Look() {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    lowest = std::min(lowest, here);
    highest = std::max(highest, here);
  }
};

Task<int> Ready(StackUse& use, int value) {
  use.Look();
  co_return value;
}

Task<int> ReadyBelow(StackUse& use, int value) { co_return co_await Ready(use, value); }

Task<int> SometimesWaits(Context context, StackUse& use, int value) {
  if (value % 100 == 0) co_await Sleep(context, 1s);
  use.Look();
  co_return value;
}

TEST(Tasks, ALoopOverWorkThatNeverWaitsTakesNoStack) {
  RunJumping([](Context) -> Task<void> {
    StackUse use;
    int sum = 0;
    for (int i = 0; i < 10'000; ++i) sum += co_await ReadyBelow(use, 1);
    EXPECT_EQ(sum, 10'000);
    EXPECT_LT(use.highest - use.lowest, 16'384U);
  });
}

TEST(Tasks, ALoopOverWorkThatSometimesWaitsTakesNoStack) {
  RunJumping([](Context context) -> Task<void> {
    StackUse use;
    int sum = 0;
    for (int i = 1; i <= 10'000; ++i) sum += co_await SometimesWaits(context, use, i) - i + 1;
    EXPECT_EQ(sum, 10'000);
    EXPECT_LT(use.highest - use.lowest, 16'384U);
  });
}

}  // namespace
}  // namespace borgop
