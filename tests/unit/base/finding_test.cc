#include "engine/base/finding.h"

#include <gtest/gtest.h>

#include <set>

namespace borgop {
namespace {

TEST(FindingTest, TheSameFactsAndNoOthersGiveTheSameId) {
  EXPECT_EQ(FindingId({"nonce", "9", "7"}), FindingId({"nonce", "9", "7"}));
  std::set<std::string> ids;
  for (const std::string& id : {FindingId({}), FindingId({""}), FindingId({"a"}), FindingId({"a", "b"}), FindingId({"ab"}),
                                FindingId({"", "ab"}), FindingId({"b", "a"}), FindingId({"a", "1:b"}), FindingId({"a1:b"})}) {
    EXPECT_TRUE(IsFindingId(id)) << id;
    EXPECT_TRUE(ids.insert(id).second) << id;
  }
  // It stands in people's annotations and plans: it never changes.
  EXPECT_EQ(FindingId({"a", "b"}), "facdde7abf1eac5b301273ab2e282f79");
}

TEST(FindingTest, WhatAnIdLooksLike) {
  const std::string id = FindingId({"a"});
  for (const std::string& text :
       {std::string(), id.substr(1), id + "0", "G" + id.substr(1), "A" + id.substr(1), " " + id.substr(1)})
    EXPECT_FALSE(IsFindingId(text)) << text;
}

}  // namespace
}  // namespace borgop
