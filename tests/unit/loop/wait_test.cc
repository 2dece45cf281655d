#include "engine/loop/wait.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/fakes/loop_fixture.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;

TEST(Sleep, EndsWhenItsTimeHasPassed) {
  RunJumping([](Context context) -> Task<void> {
    const MonotonicTime start = context.loop->Now();
    EXPECT_EQ(co_await Sleep(context, 3600s), Wake::kTimedOut);
    EXPECT_GE(context.loop->Now() - start, 3600s);
  });
}

TEST(Sleep, EndsAtTheContextsDeadlineWhenThatIsEarlier) {
  RunJumping([](Context context) -> Task<void> {
    const MonotonicTime start = context.loop->Now();
    EXPECT_EQ(co_await Sleep(context.WithTimeout(5s), 3600s), Wake::kTimedOut);
    EXPECT_LT(context.loop->Now() - start, 6s);
  });
}

TEST(Stop, WakesThoseWhoWaitUnderItAndUnderItsChildren) {
  RunJumping([](Context context) -> Task<void> {
    StopSource parent;
    StopSource child(&parent);
    StopSource grandchild(&child);
    TaskGroup group(context);
    int woken = 0;
    const auto wait = [&woken](Context waiting) -> Task<void> {
      EXPECT_EQ(co_await Sleep(waiting, 3600s), Wake::kStopped);
      ++woken;
    };
    group.Spawn(wait(context.WithStop(parent)));
    group.Spawn(wait(context.WithStop(grandchild)));
    co_await Sleep(context, 1s);
    parent.Stop();
    co_await group.Join();
    EXPECT_EQ(woken, 2);
    EXPECT_TRUE(grandchild.stopped());
    EXPECT_EQ(co_await Sleep(context.WithStop(child), 1s), Wake::kStopped) << "a wait that begins after the stop";
  });
}

TEST(Stop, OfAChildLeavesTheParentAlone) {
  RunJumping([](Context context) -> Task<void> {
    StopSource parent;
    StopSource child(&parent);
    child.Stop();
    EXPECT_EQ(co_await Sleep(context.WithStop(parent), 1s), Wake::kTimedOut);
  });
}

TEST(WaitQueue, NotifiesAllWhoWaitAndNobodyElse) {
  RunJumping([](Context context) -> Task<void> {
    WaitQueue queue;
    TaskGroup group(context);
    int woken = 0;
    const auto wait = [&](Context waiting) -> Task<void> {
      EXPECT_EQ(co_await queue.Wait(waiting), Wake::kNotified);
      ++woken;
    };
    group.Spawn(wait(context));
    group.Spawn(wait(context));
    co_await Sleep(context, 1ms);
    EXPECT_FALSE(queue.empty());
    queue.NotifyAll();
    co_await group.Join();
    EXPECT_EQ(woken, 2);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(co_await queue.Wait(context.WithTimeout(1s)), Wake::kTimedOut) << "an earlier notification is not kept";
  });
}

TEST(AsyncLock, LetsInAsManyAsItHasPlaces) {
  RunJumping([](Context context) -> Task<void> {
    AsyncLock lock(2);
    TaskGroup group(context);
    int inside = 0;
    int most = 0;
    int done = 0;
    const auto enter = [&](Context entering) -> Task<void> {
      const Result<AsyncLock::Guard> turn = co_await lock.Acquire(entering, "entering");
      EXPECT_TRUE(turn.has_value());
      most = std::max(most, ++inside);
      co_await Sleep(entering, 1s);
      --inside;
      ++done;
    };
    for (int i = 0; i < 7; ++i) group.Spawn(enter(context));
    co_await group.Join();
    EXPECT_EQ(most, 2);
    EXPECT_EQ(done, 7);
  });
}

TEST(AsyncLock, GivesUpWhenStopped) {
  RunJumping([](Context context) -> Task<void> {
    AsyncLock lock;
    const Result<AsyncLock::Guard> held = co_await lock.Acquire(context, "holding");
    const Result<AsyncLock::Guard> second = co_await lock.Acquire(context.WithTimeout(1s), "entering");
    EXPECT_FALSE(second.has_value());
    if (!second) {
      EXPECT_EQ(second.error().reason, Reason::kDeadlineExceeded);
    }
  });
}

TEST(TaskGroup, JoinWaitsForAllAndPassesAnExceptionOn) {
  RunJumping([](Context context) -> Task<void> {
    TaskGroup group(context);
    bool slow_ended = false;
    const auto fail = [](Context) -> Task<void> {
      throw std::runtime_error("broken");
      co_return;
    };
    const auto slow = [&](Context inner) -> Task<void> {
      co_await Sleep(inner, 10s);
      slow_ended = true;
    };
    group.Spawn(fail(group.context()));
    group.Spawn(slow(group.context()));
    EXPECT_THROW(co_await group.Join(), std::runtime_error);
    EXPECT_TRUE(slow_ended);
  });
}

TEST(TaskGroup, StopEndsItsTasks) {
  RunJumping([](Context context) -> Task<void> {
    TaskGroup group(context);
    Wake wake = Wake::kNotified;
    const auto wait = [&](Context inner) -> Task<void> { wake = co_await Sleep(inner, 3600s); };
    group.Spawn(wait(group.context()));
    co_await Sleep(context, 1s);
    group.Stop();
    co_await group.Join();
    EXPECT_EQ(wake, Wake::kStopped);
  });
}

TEST(EventLoop, PassesAnExceptionOfItsMainTaskOn) {
  EXPECT_THROW(RunJumping([](Context) -> Task<void> {
                 throw std::runtime_error("broken");
                 co_return;
               }),
               std::runtime_error);
}

TEST(InterruptedError, TellsStopFromTime) {
  EXPECT_EQ(InterruptedError(Wake::kStopped, "doing it").reason, Reason::kCancelled);
  EXPECT_EQ(InterruptedError(Wake::kTimedOut, "doing it").reason, Reason::kDeadlineExceeded);
  EXPECT_NE(InterruptedError(Wake::kTimedOut, "doing it").message.find("doing it"), std::string::npos);
}

}  // namespace
}  // namespace borgop
