// That borg says the same: borg_test.cc.
#include "engine/plan/archive_glob.h"

#include <gtest/gtest.h>

#include <vector>

namespace borgop {
namespace {

struct ArchiveGlobRow {
  const char* name;
  const char* glob;
  std::vector<std::string> matching, others;
};
void PrintTo(const ArchiveGlobRow& row, std::ostream* out) { *out << row.name; }

class ArchiveGlobTest : public testing::TestWithParam<ArchiveGlobRow> {};

TEST_P(ArchiveGlobTest, Matches) {
  const auto glob = ArchiveGlob::Parse(GetParam().glob);
  ASSERT_TRUE(glob);
  for (const std::string& name : GetParam().matching) EXPECT_TRUE(glob->Matches(name)) << name;
  for (const std::string& name : GetParam().others) EXPECT_FALSE(glob->Matches(name)) << name;
}

const ArchiveGlobRow kArchiveGlobRows[] = {
    {"Plain", "web", {"web"}, {"we", "webb", "", "Web"}},
    {"Prefix", "web-*", {"web-", "web-1", "web-*"}, {"web", "xweb-1"}},
    {"Stars", "*a*b*", {"ab", "xaxbx", "aab"}, {"ba", "a"}},
    {"OneCharacter", "?", {"a", "\xc3\xa9", "\xff"}, {"", "ab", "/"}},
    {"NoSlash", "*", {"", "a"}, {"a/b"}},
    {"Folders", "**/a", {"a", "b/a", "/a", "b/c/a"}, {"ba", "b/aa"}},
    {"Set", "[a-c]x", {"ax", "cx"}, {"dx", "-x", "x"}},
    {"NegatedSet", "[!a-c]x", {"dx", "/x"}, {"ax", "x"}},
    {"BracketInSet", "[]a]", {"]", "a"}, {"b"}},
    {"BracketInNegatedSet", "[!]a]", {"b"}, {"]", "a"}},
    {"HyphenAtEnd", "[a-]", {"a", "-"}, {"b"}},
    {"HyphenBehindRange", "[a-c-e]", {"a", "c", "-", "e"}, {"d"}},
    {"Caret", "[^a]", {"^", "a"}, {"b"}},
    {"Backslash", "[\\d]", {"\\", "d"}, {"1"}},
    {"OpenSet", "[ab", {"[ab"}, {"a", "b"}},
    {"EmptySet", "[]", {"[]"}, {"", "["}},
    {"Utf8Range", "[\xc3\xa0-\xc3\xbf]", {"\xc3\xa9"}, {"\xc3", "e"}},
    {"Dots", "a.b+(c)", {"a.b+(c)"}, {"axb+(c)"}},
};
INSTANTIATE_TEST_SUITE_P(Table, ArchiveGlobTest, testing::ValuesIn(kArchiveGlobRows),
                         [](const auto& row) { return row.param.name; });

TEST(ArchiveGlobTest, BackwardsRange) { EXPECT_FALSE(ArchiveGlob::Parse("[z-a]")); }

TEST(ArchiveGlobTest, ManyStarsTakeNoLonger) {
  std::string glob;
  for (int i = 0; i < 500; ++i) glob += "*a";
  EXPECT_FALSE(ArchiveGlob::Parse(glob + 'b')->Matches(std::string(2000, 'a')));
  EXPECT_TRUE(ArchiveGlob::Parse(glob + '*')->Matches(std::string(2000, 'a')));
}

}  // namespace
}  // namespace borgop
