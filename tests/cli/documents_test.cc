// The pages that are made from the sources, and the plan's keys, say what the program does.
#include <gmock/gmock.h>

#include <regex>
#include <set>

#include "tests/cli/program.h"

namespace borgop::clitest {
namespace {

TEST(Documents, AreThoseThatTheProgramPrints) {
  for (const std::string page : {"errors", "cli"}) {
    SCOPED_TRACE(page);
    const lab::Ended ended = RunEngine({"reference", page});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(ended.out, ReadFile(BORGOP_SOURCE_DIR "/docs/" + page + ".md")) << "refresh it with ./dev docs";
  }
  const lab::Ended ended = RunOperator({"reference"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, ReadFile(BORGOP_SOURCE_DIR "/docs/operator-cli.md")) << "refresh it with ./dev docs";
}

TEST(Documents, NameEveryKeyOfThePlanAndNoOther) {
  std::set<std::string> documented, read;
  const std::string page = ReadFile(BORGOP_SOURCE_DIR "/docs/plan.md");
  const std::regex row("\n\\| `([A-Za-z]+)` \\|");
  for (std::sregex_iterator it(page.begin(), page.end(), row), end; it != end; ++it) documented.insert((*it)[1]);
  // Every key that the reader looks up or lists is a string of its source that is written in camel case.
  const std::string source = ReadFile(BORGOP_SOURCE_DIR "/engine/plan/yaml_reader.cc");
  const std::regex lists("\\{((?:\\s*\"[a-zA-Z]+\",?)+)\\}");
  const std::regex word("\"([a-zA-Z]+)\"");
  for (std::sregex_iterator it(source.begin(), source.end(), lists), end; it != end; ++it) {
    const std::string list = (*it)[1];
    for (std::sregex_iterator key(list.begin(), list.end(), word); key != end; ++key) read.insert((*key)[1]);
  }
  const std::regex endpoint("string_view key : \\{([^}]*)\\}");
  std::smatch match;
  ASSERT_TRUE(std::regex_search(source, match, endpoint));
  const std::string list = match[1];
  for (std::sregex_iterator key(list.begin(), list.end(), word), end; key != end; ++key) read.insert((*key)[1]);
  EXPECT_GT(read.size(), 40U);
  EXPECT_EQ(documented, read);
}

}  // namespace
}  // namespace borgop::clitest
