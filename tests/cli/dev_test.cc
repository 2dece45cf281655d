// ./dev, as a person meets it: it lists its verbs, explains each, and refuses what it does not know.
#include <gmock/gmock.h>

#include <algorithm>
#include <regex>

#include "tests/cli/program.h"

namespace borgop::clitest {
namespace {

lab::Ended Dev(const std::string& arguments) { return Shell("cd / && \"$1\"/dev " + arguments, {BORGOP_SOURCE_DIR}); }

TEST(Dev, ListsItsVerbsAndExplainsEach) {
  const lab::Ended list = Dev("");
  ASSERT_EQ(list.exit_code, 0) << list.err;
  std::vector<std::string> verbs;
  const std::regex row("\n  ([a-z-]+) +[^\n]+");
  for (std::sregex_iterator it(list.out.begin(), list.out.end(), row), end; it != end; ++it) verbs.push_back((*it)[1]);
  for (const char* verb : {"build", "test", "lint", "bench", "demo", "demo-engine", "fuzz", "cluster", "lab"})
    EXPECT_THAT(verbs, testing::Contains(verb)) << list.out;
  for (const std::string& verb : verbs) {
    SCOPED_TRACE(verb);
    const lab::Ended help = Dev("help " + verb);
    EXPECT_EQ(help.exit_code, 0) << help.err;
    EXPECT_TRUE(help.out.starts_with(verb + ": ")) << help.out;
    EXPECT_GT(std::count(help.out.begin(), help.out.end(), '\n'), 2) << help.out;
    EXPECT_EQ(Dev(verb + " --help").out, help.out);
  }
}

TEST(Dev, RefusesWhatItDoesNotKnow) {
  for (const char* wrong : {"tset", "help tset", "test --nonsense", "build nonsense", "clean nonsense"}) {
    SCOPED_TRACE(wrong);
    const lab::Ended ended = Dev(wrong);
    EXPECT_EQ(ended.exit_code, 2) << ended.out << ended.err;
    EXPECT_FALSE(ended.err.empty());
  }
}

// Versions of clang-format differ in what they think of the sources.
TEST(Dev, LintByAnotherClangFormatIsSkippedAndFailsInContinuousIntegration) {
  const Workspace workspace;
  const auto lint = [&](const std::string& environment) {
    return Shell(R"(mkdir -p "$1/bin"; cd "$1/bin"; printf '#!/bin/sh\necho "clang-format version 19.1.7"\n' >clang-format
printf '#!/bin/sh\n' >shellcheck; chmod +x *; PATH=$PWD:$PATH env -u CI )" +
                     environment + " \"$2\"/dev lint --fast",
                 {workspace.Path(""), BORGOP_SOURCE_DIR});
  };
  const lab::Ended skipped = lint("NO_COLOR=1");
  EXPECT_THAT(skipped.err,
              testing::HasSubstr("formatting is skipped: clang-format 14 (Debian 12) is needed, and here is: version 19"));
  EXPECT_THAT(skipped.err, testing::Not(testing::HasSubstr("lint failed: formatting")));
  const lab::Ended failed = lint("CI=true");
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_THAT(failed.err, testing::HasSubstr("formatting cannot be checked: clang-format 14 (Debian 12) is needed"));
  EXPECT_THAT(failed.err, testing::HasSubstr("lint failed: formatting"));
}

}  // namespace
}  // namespace borgop::clitest
