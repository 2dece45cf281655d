#include "engine/borg/item_list.h"

#include <gtest/gtest.h>

#include "engine/base/rfc3339.h"

namespace borgop {
namespace {

using namespace std::string_literals;

const std::string kGood =
    "drwxr-xr-x 0 2026-11-27T01:35:11.237774 healthy srv\0"
    "-rwsr-S--T 18446744073709551615 2026-11-27T01:35:11.000000 broken srv/a b\nc ?\0"
    "hrw-r--r-- 0 1969-12-31T23:59:59.000000 healthy  \0"s;

TEST(ItemListTest, ReadsItemsInAnyPieces) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, kGood.size()}) {
    ItemListReader reader;
    std::vector<ListedItem> items;
    for (std::size_t at = 0; at < kGood.size(); at += piece) {
      const auto some = reader.Feed(std::string_view(kGood).substr(at, piece));
      ASSERT_TRUE(some) << some.error().message;
      items.insert(items.end(), some->begin(), some->end());
    }
    EXPECT_TRUE(reader.Finish());
    ASSERT_EQ(items.size(), 3U);
    EXPECT_EQ(items[0].type, 'd');
    EXPECT_EQ(items[0].mode, 0755U);
    EXPECT_EQ(items[0].path, "srv");
    EXPECT_EQ(items[0].modified, ParseRfc3339("2026-11-27T01:35:11.237774Z"));
    EXPECT_TRUE(items[0].healthy);
    EXPECT_EQ(items[1].mode, 07740U);
    EXPECT_EQ(items[1].size, 18446744073709551615U);
    EXPECT_EQ(items[1].path, "srv/a b\nc ?");
    EXPECT_FALSE(items[1].healthy);
    EXPECT_EQ(items[2].type, 'h');
    EXPECT_FALSE(items[2].modified);
    EXPECT_EQ(items[2].path, " ");
  }
}

TEST(ItemListTest, RefusesWhatIsNoItem) {
  const std::string rows[] = {
      "\0"s,
      "srv\0"s,
      "xrwxr-xr-x 0 2026-11-27T01:35:11.237774 healthy srv\0"s,
      "drwxr-xr-y 0 2026-11-27T01:35:11.237774 healthy srv\0"s,
      "drwtr-xr-x 0 2026-11-27T01:35:11.237774 healthy srv\0"s,
      "drwxr-xr-xx 0 2026-11-27T01:35:11.237774 healthy srv\0"s,
      "drwxr-xr-x -1 2026-11-27T01:35:11.237774 healthy srv\0"s,
      "drwxr-xr-x 18446744073709551616 2026-11-27T01:35:11.237774 healthy srv\0"s,
      "drwxr-xr-x 0 today healthy srv\0"s,
      "drwxr-xr-x 0 2026-11-27T01:35:11.237774 ill srv\0"s,
      "drwxr-xr-x 0 2026-11-27T01:35:11.237774 healthy \0"s,
      "drwxr-xr-x 0 2026-11-27T01:35:11.237774 healthy " + std::string(ItemListReader::kMaxRecord, 'x'),
      // What a path with a NUL in it would come to.
      "drwxr-xr-x 0 2026-11-27T01:35:11.237774 healthy a\0b\0"s,
  };
  for (const std::string& row : rows) {
    SCOPED_TRACE(row.substr(0, 80));
    ItemListReader reader;
    const auto items = reader.Feed(row);
    ASSERT_FALSE(items);
    EXPECT_EQ(items.error().reason, Reason::kBorgOutputInvalid);
    EXPECT_FALSE(reader.Feed(kGood));
    EXPECT_FALSE(reader.Finish());
  }
  ItemListReader half;
  EXPECT_TRUE(half.Feed("drwxr-xr-x 0 2026"));
  EXPECT_FALSE(half.Finish());
}

TEST(ItemListTest, SpokenAsBorgPrintsIt) {
  EXPECT_EQ(Spoken("a \xc3\xa9"), "a \xc3\xa9");
  EXPECT_EQ(Spoken("b\xff\xe2\x82/?"),
            "b??"
            "?/?");
  EXPECT_EQ(Spoken(""), "");
}

}  // namespace
}  // namespace borgop
