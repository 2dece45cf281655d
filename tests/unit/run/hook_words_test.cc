#include "engine/run/hook_words.h"

#include <gtest/gtest.h>

namespace borgop {
namespace {

using namespace std::chrono_literals;

TEST(HookWords, NameTheHookByItsPlaceAndCommand) {
  EXPECT_EQ(NameOf(HookStage::kBefore, 0, {"systemctl", "stop", "it's"}), "hooks.before[0] ('systemctl' 'stop' 'it'\\''s')");
  EXPECT_EQ(NameOf(HookStage::kAfter, 12, {"x", "a\nb\x1b"}), "hooks.after[12] ('x' 'a\\nb\\x1b')");
  EXPECT_LT(NameOf(HookStage::kAfter, 0, {"x", std::string(10'000, 'y')}).size(), 300U);
}

struct HookWordsRow {
  const char* name;
  HookResult result;
  std::string failure;  // empty: none
};

const HookWordsRow kHookWordsRows[] = {
    {"well", {0, 0, false, "noise\n"}, ""},
    {"a status", {0, 3, false, ""}, "H on T ended with status 3"},
    {"with words", {0, 3, false, "one\n  two\n\n"}, "H on T ended with status 3; it said: one two"},
    {"controls", {0, 1, false, "\x1b[31mred\xff"}, "H on T ended with status 1; it said: \\x1b[31mred\xEF\xBF\xBD"},
    {"no program", {0, 127, false, ""}, "H on T ended with status 127, which says that there is no such program"},
    {"no right", {0, 126, false, ""}, "H on T ended with status 126, which says that its program cannot be run"},
    {"a signal", {0, 137, false, ""}, "H on T ended with status 137 (SIGKILL)"},
    {"a signal in ksh", {0, 265, false, ""}, "H on T ended with status 265 (SIGKILL)"},
    {"no signal", {0, 255, false, ""}, "H on T ended with status 255"},
    {"late", {0, 0, true, "half\n"}, "H on T had not ended after 90 s, and was ended; it said: half"},
};

TEST(HookWords, SayHowItFailed) {
  for (const HookWordsRow& row : kHookWordsRows) {
    const std::optional<std::string> failure = FailureOf("H", "T", row.result, 90s);
    EXPECT_EQ(failure.value_or(""), row.failure) << row.name;
    EXPECT_EQ(failure.has_value(), !row.failure.empty()) << row.name;
  }
}

TEST(HookWords, OfMuchTheEndIsSaid) {
  std::string output;
  for (int i = 0; i < 1000; ++i) output += "\xc3\xa9";
  const std::string failure = FailureOf("H", "T", {0, 1, false, output + "end"}, 1s).value_or("");
  EXPECT_LT(failure.size(), 600U);
  EXPECT_TRUE(
      failure.ends_with("\xc3\xa9"
                        "end"))
      << failure;
  EXPECT_EQ(failure.find("\xEF\xBF\xBD"), std::string::npos) << "cut at a character: " << failure;
}

TEST(HookWords, LastLines) {
  EXPECT_EQ(LastLines(""), std::vector<std::string>());
  EXPECT_EQ(LastLines("\n\n"), std::vector<std::string>());
  EXPECT_EQ(LastLines("a\n\nb\x1b"), (std::vector<std::string>{"a", "b\\x1b"}));
  std::string many;
  for (int i = 0; i < 100; ++i) many += std::to_string(i) + "\n";
  const std::vector<std::string> lines = LastLines(many);
  ASSERT_EQ(lines.size(), 20U);
  EXPECT_EQ(lines.front(), "80");
  EXPECT_EQ(lines.back(), "99");
}

}  // namespace
}  // namespace borgop
