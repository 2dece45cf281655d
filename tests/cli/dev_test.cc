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

}  // namespace
}  // namespace borgop::clitest
