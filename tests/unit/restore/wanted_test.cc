#include "engine/restore/wanted.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace borgop {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct WantedRow {
  const char* name;
  std::vector<std::string> paths, patterns;
  std::vector<std::string> expected;  // what borg is given
};
void PrintTo(const WantedRow& row, std::ostream* out) { *out << row.name; }

class WantedTest : public testing::TestWithParam<WantedRow> {};

TEST_P(WantedTest, BecomesPatternsOfBorg) {
  const auto wanted = Wanted::Of(GetParam().paths, GetParam().patterns);
  ASSERT_TRUE(wanted) << wanted.error();
  EXPECT_EQ(wanted->patterns(), GetParam().expected);
}

const WantedRow kWantedRows[] = {
    {"Everything", {}, {}, {}},
    {"Absolute", {"/etc"}, {}, {"pp:etc"}},
    {"AsInTheArchive", {"etc/nginx"}, {}, {"pp:etc/nginx"}},
    {"Slashes", {"//etc///nginx/"}, {}, {"pp:etc/nginx"}},
    {"Dots", {"/./etc/."}, {}, {"pp:etc"}},
    {"TheRootIsEverything", {"/etc", "/"}, {}, {}},
    {"TheRootAndAPattern", {"/"}, {"sh:x"}, {}},
    {"NothingInAPathIsSpecial",
     {"/sh:*", "/re:.*", "-x", "[a,b]", "a\nb", "\xff", " "},
     {},
     {"pp:sh:*", "pp:re:.*", "pp:-x", "pp:[a,b]", "pp:a\nb", "pp:\xff", "pp: "}},
    {"DotsInNames", {"/..a/b..", "/..."}, {}, {"pp:..a/b..", "pp:..."}},
    {"Patterns",
     {"/etc"},
     {"sh:**/*.conf", "re:^srv", "fm:*", "pf:a", "pp:b"},
     {"pp:etc", "sh:**/*.conf", "re:^srv", "fm:*", "pf:a", "pp:b"}},
};
INSTANTIATE_TEST_SUITE_P(Rows, WantedTest, testing::ValuesIn(kWantedRows), [](const auto& row) { return row.param.name; });

TEST(WantedTest, Refuses) {
  EXPECT_THAT(Wanted::Of({""}, {}).error(), HasSubstr("empty"));
  EXPECT_THAT(Wanted::Of({"/a/../b"}, {}).error(), HasSubstr(".."));
  EXPECT_THAT(Wanted::Of({".."}, {}).error(), HasSubstr(".."));
  EXPECT_THAT(Wanted::Of({}, {"*.conf"}).error(), HasSubstr("sh:"));
  EXPECT_THAT(Wanted::Of({}, {""}).error(), HasSubstr("sh:"));
}

TEST(WantedTest, KnowsWhatTheArchiveLacks) {
  auto wanted = Wanted::Of({"/etc/", "/srv/www", "/bin", "/odd\xff", "/gone"}, {"sh:nowhere"});
  ASSERT_TRUE(wanted);
  for (const char* item : {"etc", "srv/www/index.html", "binary", "bin2/x", "odd?/x"}) wanted->See(item);
  EXPECT_THAT(wanted->Missing(), ElementsAre("/bin", "/gone"));
  auto all = Wanted::Of({"/no/such", "/"}, {});
  EXPECT_THAT(all->Missing(), IsEmpty());
}

}  // namespace
}  // namespace borgop
