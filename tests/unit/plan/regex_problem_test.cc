#include "engine/plan/regex_problem.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/plan/rules.h"
#include "plan_fixture.h"

namespace borgop {
namespace {

TEST(RegexProblem, ExpressionsThatPythonTakes) {
  for (const char* regex : {"",
                            "^/srv/[0-9]+\\.tmp$",
                            "[]]",
                            "[^]]",
                            "[^]()[]",
                            "[\\]]",
                            "[[:alpha:]]",
                            "a]",
                            "a}",
                            "{",
                            "\\[",
                            "\\(",
                            "\\)",
                            "\\\\",
                            "()",
                            "(a|b)*",
                            "(?:a)",
                            "(?P<n>a)(?P=n)",
                            "(?#a(b[)c",
                            "(?i)a",
                            "(?x)a # (\n",
                            "(?ix:a # [\n)",
                            "[(]",
                            "[)]",
                            "a*?",
                            "\\*"})
    EXPECT_EQ(RegexProblem(regex), "") << regex;
}

TEST(RegexProblem, ExpressionsThatCannotBeOne) {
  for (const auto& [regex, problem] : std::vector<std::pair<std::string, std::string>>{
           {"[", "`[` without its `]`"},
           {"[]", "`[` without its `]`"},
           {"[^]", "`[` without its `]`"},
           {"[a\\]", "`[` without its `]`"},
           {"a[b", "`[` without its `]`"},
           {"(", "`(` without its `)`"},
           {"(a(b)", "`(` without its `)`"},
           {"a)", "`)` without its `(`"},
           {"a\\", "ends with a backslash"},
           {"*.tmp", "repetition of nothing"},
           {"+", "repetition of nothing"},
           {"?", "repetition of nothing"},
       })
    EXPECT_NE(RegexProblem(regex).find(problem), std::string::npos) << regex << ": " << RegexProblem(regex);
}

// Python takes nothing of what is refused here. Letters are drawn that these rules are about.
TEST(RegexProblem, NothingIsRefusedThatPythonTakes) {
  std::mt19937 random(20'261'127);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
  const std::vector<std::string> pieces = {"[", "]", "^",  "(", ")",   "\\",   "a", "-", "|",  "*",
                                           "?", "#", "(?", ":", "(?#", "(?x)", "x", "{", "1}", "\n"};
  std::string refused;
  std::size_t count = 0;
  for (int i = 0; i < 40'000; ++i) {
    std::string regex;
    for (auto n = 1 + random() % 8; n > 0; --n) regex += pieces[random() % pieces.size()];
    if (RegexProblem(regex).empty()) continue;
    refused += regex + '\0';
    ++count;
  }
  ASSERT_GT(count, 1000U);
  const test::TempDir directory;
  test::Run({"python3", "-W", "ignore", "-c", R"py(
import re, sys
for regex in open(sys.argv[1], newline='').read().split('\0')[:-1]:
    try:
        re.compile(regex)
    except re.error:
        continue
    sys.exit(1)
)py",
             directory.Write("refused", refused)});
}

TEST(RegexProblem, IsToldOfExcludesThatAreRegularExpressions) {
  EXPECT_NE(ExcludeProblem("re:[").find("`[` without its `]`"), std::string::npos);
  EXPECT_EQ(ExcludeProblem("re:[a]"), "");
  EXPECT_EQ(ExcludeProblem("sh:["), "");
  EXPECT_EQ(ExcludeProblem("["), "");
}

}  // namespace
}  // namespace borgop
