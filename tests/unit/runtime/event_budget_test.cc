#include "controller/runtime/event_budget.h"

#include <gtest/gtest.h>

#include <string>

namespace borgop::runtime {
namespace {

using What = EventBudget::What;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const controller::Event kMissing{true, "SecretMissing", "There is no Secret ssh."};
const controller::Event kGone{false, "ObstacleGone", "Backups can run again."};

controller::Event Numbered(int number, bool warning = false) {
  return {warning, "BackupCompleted", "Archive " + std::to_string(number)};
}

class EventBudgetTest : public testing::Test {
 protected:
  EventBudget::Verdict Ask(const controller::Event& event, const std::string& target = "u1") {
    EventBudget::Verdict verdict = budget_.Ask(target, event, now_);
    if (verdict.what == What::kTell) budget_.Told(target, event, "event-" + std::to_string(++told_), now_);
    return verdict;
  }
  int ToldOf(int events, const std::string& target = "u1", bool warning = false) {
    int told = 0;
    for (int i = 0; i < events; ++i) told += Ask(Numbered(++number_, warning), target).what == What::kTell ? 1 : 0;
    return told;
  }

  EventBudget budget_;
  kube::MonotonicTime now_{hours(1)};
  int told_ = 0, number_ = 0;
};

TEST_F(EventBudgetTest, TheSameWordsAreASeries) {
  EXPECT_EQ(Ask(kMissing).what, What::kTell);
  EXPECT_EQ(Ask(kGone).what, What::kTell);
  now_ += seconds(20);
  const auto again = Ask(kMissing);
  EXPECT_EQ(again.what, What::kRepeat);
  EXPECT_EQ(again.name, "event-1");
  EXPECT_EQ(again.count, 2);
  now_ += EventBudget::kSeriesEnds - seconds(1);
  EXPECT_EQ(Ask(kMissing).count, 3) << "the series goes on from the last time";
  now_ += EventBudget::kSeriesEnds;
  EXPECT_EQ(Ask(kMissing).what, What::kTell);
}

TEST_F(EventBudgetTest, OtherWordsOrAnotherTargetAreNoSeries) {
  EXPECT_EQ(Ask(kMissing).what, What::kTell);
  EXPECT_EQ(Ask(kMissing, "u2").what, What::kTell);
  EXPECT_EQ(Ask({true, "SecretMissing", "There is no Secret repo."}).what, What::kTell);
  EXPECT_EQ(Ask({true, "ServerMissing", "There is no Secret ssh."}).what, What::kTell);
}

TEST_F(EventBudgetTest, SomeAtOnceAndThenOneAMinute) {
  EXPECT_EQ(ToldOf(100), 25);
  now_ += seconds(59);
  EXPECT_EQ(ToldOf(1), 0);
  now_ += seconds(1);
  EXPECT_EQ(ToldOf(10), 1);
  now_ += minutes(5);
  EXPECT_EQ(ToldOf(10), 5);
  now_ += hours(10);
  EXPECT_EQ(ToldOf(100), 25) << "never more than that at once";
}

TEST_F(EventBudgetTest, ChatterTakesNothingFromWarningsNorFromOtherTargets) {
  EXPECT_EQ(ToldOf(100), 25);
  EXPECT_EQ(ToldOf(100, "u1", true), 25);
  EXPECT_EQ(ToldOf(100, "u2"), 25);
}

TEST_F(EventBudgetTest, WhatWasKeptQuietIsCounted) {
  EXPECT_EQ(Ask(kMissing).what, What::kTell);
  int repeated = 0;
  for (int i = 0; i < 99; ++i) repeated += Ask(kMissing).what == What::kRepeat ? 1 : 0;
  EXPECT_EQ(repeated, 24);
  now_ += minutes(1);
  EXPECT_EQ(Ask(kMissing).count, 101);
}

TEST_F(EventBudgetTest, TargetsThatAreQuietAreForgotten) {
  for (int i = 0; i < 1000; ++i) Ask(kMissing, "u" + std::to_string(i));
  EXPECT_EQ(budget_.targets(), 1000U);
  now_ += minutes(26);
  Ask(kGone, "another");
  EXPECT_EQ(budget_.targets(), 1U);
}

TEST_F(EventBudgetTest, ForgettingGivesNobodyMore) {
  EXPECT_EQ(ToldOf(100), 25);
  for (int minute = 0; minute < 24; ++minute) {
    now_ += minutes(1);
    Ask(kGone, "another");
  }
  EXPECT_EQ(ToldOf(100), 24);
}

}  // namespace
}  // namespace borgop::runtime
