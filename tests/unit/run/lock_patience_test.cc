#include "engine/run/lock_patience.h"

#include <gtest/gtest.h>

namespace borgop {
namespace {

using std::chrono::seconds;

ExchangeResult Failed(const std::string& msgid) {
  ExchangeResult result;
  result.exit = Exit{.status = 2, .signal = {}};
  result.messages.msgid = msgid;
  return result;
}

// borg looks again after a tenth of what it is told.
TEST(LockPatienceTest, BorgIsToldToWaitForAShortWhile) {
  const MonotonicTime now{};
  EXPECT_EQ(LockPatience(seconds(600), now).Slice(now), seconds(10));
  EXPECT_EQ(LockPatience(seconds(600), now).Slice(now + seconds(595)), seconds(5));
  EXPECT_EQ(LockPatience(seconds(600), now).Slice(now + std::chrono::milliseconds(599'500)), seconds(1));
  EXPECT_EQ(LockPatience(seconds(600), now).Slice(now + seconds(700)), seconds(1));
  EXPECT_EQ(LockPatience(seconds(3), now).Slice(now), seconds(3));
  EXPECT_EQ(LockPatience(seconds(0), now).Slice(now), seconds(0));
}

TEST(LockPatienceTest, AgainUntilTheTimeIsOverAndOnlyForALock) {
  const MonotonicTime now{};
  LockPatience patience(seconds(600), now);
  int told = 0;
  ExchangeOptions options;
  options.on_event = [&told](const LogEvent& event, const BridgeCounters&) {
    ++told;
    EXPECT_EQ(event.message, "the repository is locked by another client; waits for at most 600 s");
  };
  EXPECT_TRUE(patience.Again(Failed("LockTimeout"), options, now + seconds(10)));
  EXPECT_TRUE(patience.Again(Failed("LockTimeout"), options, now + seconds(599)));
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(patience.Again(Failed("LockTimeout"), options, now + seconds(600)));
  EXPECT_FALSE(patience.Again(Failed("PassphraseWrong"), options, now));
  ExchangeResult interrupted = Failed("LockTimeout");
  interrupted.interrupted = Error{Reason::kCancelled, "stopped", {}};
  EXPECT_FALSE(patience.Again(interrupted, options, now));
  ExchangeResult good;
  good.exit = Exit{};
  EXPECT_FALSE(patience.Again(good, options, now));
}

}  // namespace
}  // namespace borgop
