#include "engine/restore/item_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace borgop {
namespace {

struct ItemCheckRow {
  const char* name;
  std::vector<std::string> items;  // a type and a path
  const char* refused = "";        // part of what is said of the last; empty: all may be unpacked
  std::vector<std::string> links_there{};
  bool in_place = false;
};
void PrintTo(const ItemCheckRow& row, std::ostream* out) { *out << row.name; }

class ItemCheckTest : public testing::TestWithParam<ItemCheckRow> {};

TEST_P(ItemCheckTest, SaysWhatWouldLeaveTheDirectory) {
  ItemCheck check(GetParam().links_there, GetParam().in_place);
  std::optional<std::string> said;
  for (const std::string& text : GetParam().items) {
    EXPECT_FALSE(said) << *said;
    ListedItem item;
    item.type = text[0];
    item.path = text.substr(1);
    said = check.See(item);
  }
  const bool refused = *GetParam().refused != '\0';
  EXPECT_EQ(said.has_value(), refused);
  EXPECT_THAT(said.value_or(""), testing::HasSubstr(GetParam().refused));
}

const ItemCheckRow kItemCheckRows[] = {
    {"Plain", {"dsrv", "-srv/a", "lsrv/link", "-srv/linked", "d.", "-..a/b..", "-a ?/\n"}},
    {"BelowALink", {"lsrv/link", "-srv/link/x"}, "below srv/link"},
    {"DeepBelowALink", {"la", "-a/b/c/d"}, "below a "},
    {"ALinkBelowALink", {"la", "la/b"}, "below a "},
    {"ADirectoryBelowALink", {"la", "da/b"}, "below a "},
    // Unpacked in this order: the directory is there first.
    {"TheLinkComesLater", {"-a/x", "la"}},
    // Several names that borg says alike.
    {"BelowWhatMayBeALink", {"la?", "-a?/x"}, "below a?"},
    {"InPlaceLinksAreFollowed", {"la", "-a/x"}, "", {}, true},
    {"BelowALinkThatIsThere", {"dsrv", "-srv/out/x"}, "below srv/out", {"srv/out"}},
    {"ALinkThatIsThereItself", {"-srv/out", "dsrv/out"}, "", {"srv/out"}},
    {"Above", {"-../x"}, "../x"},
    {"AboveLater", {"-a/../../etc/passwd"}, "no borg create makes"},
    {"AboveInPlace", {"-a/../../etc/passwd"}, "no borg create makes", {}, true},
    {"AboveAlone", {"d.."}, ".."},
    {"AboveAtTheEnd", {"da/.."}, "a/.."},
    {"Absolute", {"-/etc/passwd"}, "/etc/passwd"},
    {"Here", {"-a/./b"}, "a/./b"},
    {"Doubled", {"-a//b"}, "a//b"},
    {"SlashAtTheEnd", {"da/"}, "a/"},
};
INSTANTIATE_TEST_SUITE_P(Rows, ItemCheckTest, testing::ValuesIn(kItemCheckRows), [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace borgop
