#include "engine/plan/hooks.h"

#include <gtest/gtest.h>

namespace borgop {
namespace {

TEST(Hooks, ListsAreBounded) {
  EXPECT_EQ(HookListProblem(0), "");
  EXPECT_EQ(HookListProblem(kMaxHooks), "");
  EXPECT_EQ(HookListProblem(kMaxHooks + 1), "has 33 hooks (use at most 32, or call a script)");
}

TEST(Hooks, CommandsAreBounded) {
  struct Row {
    const char* name;
    HookCommand command;
    std::string problem;
  };
  const Row rows[] = {
      {"program only", {"true"}, ""},
      {"empty arguments", {"x", "", ""}, ""},
      {"any bytes", {"x", "\xff\n'\"$"}, ""},
      {"nothing", {}, "is empty (give a program and its arguments, or remove it)"},
      {"as many words as may be", HookCommand(kMaxHookWords, "x"), ""},
      {"one word too many", HookCommand(kMaxHookWords + 1, "x"), "has 129 words (use at most 128, or call a script)"},
      {"as long as may be", {"x", std::string(kMaxHookBytes - 1, 'y')}, ""},
      {"one byte too long",
       {"x", std::string(kMaxHookBytes, 'y')},
       "is longer than 16 KiB (put it into a script on the target, and call that)"},
  };
  for (const Row& row : rows) EXPECT_EQ(HookProblem(row.command), row.problem) << row.name;
}

TEST(Hooks, ProgramsAreNamesOrAbsolutePaths) {
  EXPECT_EQ(HookProgramProblem("systemctl"), "");
  EXPECT_EQ(HookProgramProblem("/opt/my tool/run"), "");
  EXPECT_EQ(HookProgramProblem(""), "is empty (name the program)");
  EXPECT_EQ(HookProgramProblem("./x"), "is a relative path (make it absolute)");
  EXPECT_NE(HookProgramProblem("-x"), "");
  EXPECT_NE(HookProgramProblem("a\nb"), "");
}

}  // namespace
}  // namespace borgop
