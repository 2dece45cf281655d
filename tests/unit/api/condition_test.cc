#include "controller/api/condition.h"

#include <gtest/gtest.h>

namespace borgop::api {
namespace {

using std::chrono::hours;

const WallTime kStart(std::chrono::seconds(1'795'498'632));

TEST(ConditionTest, TransitionTimeFollowsTheStatusOnly) {
  Conditions list;
  Set(list, {"Ready", Truth::kFalse, "Waiting", "for a", 1, {}}, kStart);
  Set(list, {"Stalled", Truth::kFalse, "No", "", 1, {}}, kStart);
  Set(list, {"Ready", Truth::kFalse, "StillWaiting", "for b", 2, {}}, kStart + hours(1));
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0], (Condition{"Ready", Truth::kFalse, "StillWaiting", "for b", 2, kStart}));
  Set(list, {"Ready", Truth::kTrue, "Good", "", 2, {}}, kStart + hours(2));
  EXPECT_EQ(list[0].last_transition, kStart + hours(2));
  EXPECT_TRUE(IsTrue(list, "Ready"));
  EXPECT_FALSE(IsTrue(list, "Stalled"));
  EXPECT_FALSE(IsTrue(list, "None"));
  Remove(list, "Ready");
  EXPECT_EQ(Find(list, "Ready"), nullptr);
  EXPECT_NE(Find(list, "Stalled"), nullptr);
}

TEST(ConditionTest, MessagesAreOneBoundedLine) {
  Conditions list;
  Set(list, {"Ready", Truth::kFalse, "Bad", "a\n\x1b" + std::string(5000, 'x'), 1, {}}, kStart);
  EXPECT_LE(list[0].message.size(), Condition::kMaxMessage);
  EXPECT_TRUE(list[0].message.starts_with("a\\n\\x1bxx")) << list[0].message;
}

TEST(ConditionTest, JsonAndBack) {
  Conditions list;
  Set(list, {"Ready", Truth::kTrue, "Good", "all well", 7, {}}, kStart);
  Set(list, {"Checked", Truth::kUnknown, "Never", "", 7, {}}, kStart);
  const nlohmann::json json = ToJson(list);
  EXPECT_EQ(json[0], nlohmann::json::parse(R"({"type": "Ready", "status": "True", "reason": "Good", "message": "all well",
      "observedGeneration": 7, "lastTransitionTime": "2026-11-24T05:37:12Z"})"));
  EXPECT_EQ(ReadConditions(&json), list);
}

TEST(ConditionTest, LeavesOutWhatIsNone) {
  const nlohmann::json json =
      nlohmann::json::parse(R"([1, {}, {"type": 3}, {"type": "A", "status": "False"}, {"type": "A", "status": "True"}])");
  const Conditions list = ReadConditions(&json);
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].status, Truth::kFalse);
  EXPECT_TRUE(ReadConditions(nullptr).empty());
}

}  // namespace
}  // namespace borgop::api
