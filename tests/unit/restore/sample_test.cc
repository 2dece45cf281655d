#include "engine/restore/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace borgop {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ListedItem File(std::string path, std::uint64_t size, char type = '-') {
  ListedItem item;
  item.type = type;
  item.path = std::move(path);
  item.size = size;
  return item;
}

std::vector<std::string> Chosen(std::uint64_t seed, SampleLimits limits, const std::vector<ListedItem>& items) {
  Sampler sampler(seed, limits);
  for (const ListedItem& item : items) sampler.See(item);
  std::vector<std::string> paths;
  for (const ListedItem& item : sampler.Take()) paths.push_back(item.path);
  return paths;
}

std::vector<ListedItem> Many(std::size_t count) {
  std::vector<ListedItem> items;
  for (std::size_t i = 0; i < count; ++i) items.push_back(File("f" + std::to_string(i), 10));
  return items;
}

TEST(SampleTest, IsTheSameForTheSameSeed) {
  const auto items = Many(1000);
  EXPECT_EQ(Chosen(7, {10, 1000}, items), Chosen(7, {10, 1000}, items));
  EXPECT_NE(Chosen(7, {10, 1000}, items), Chosen(8, {10, 1000}, items));
  // On any machine.
  EXPECT_THAT(Chosen(1, {2, 1000}, Many(6)), ElementsAre("f0", "f3"));
}

TEST(SampleTest, EveryFileHasItsTurn) {
  const auto items = Many(20);
  std::map<std::string, int> count;
  for (std::uint64_t seed = 0; seed < 2000; ++seed)
    for (const std::string& path : Chosen(seed, {5, 1000}, items)) ++count[path];
  ASSERT_EQ(count.size(), 20U);
  for (const auto& [path, times] : count) {
    EXPECT_GT(times, 400) << path;  // 500 are to be expected
    EXPECT_LT(times, 600) << path;
  }
}

TEST(SampleTest, KeepsToItsLimits) {
  EXPECT_EQ(Chosen(1, {1000, 10000}, Many(20)).size(), 20U);
  EXPECT_EQ(Chosen(1, {7, 10000}, Many(20)).size(), 7U);
  EXPECT_EQ(Chosen(1, {1000, 59}, Many(20)).size(), 5U);
  EXPECT_EQ(Chosen(1, {1000, 0}, {File("empty", 0)}).size(), 1U);
  // One that is too large does not keep others out.
  EXPECT_THAT(Chosen(1, {10, 100}, {File("large", 101), File("small", 100)}), ElementsAre("small"));
  EXPECT_THAT(Chosen(1, {10, 100}, {File("huge", ~std::uint64_t{0})}), IsEmpty());
  std::vector<ListedItem> long_names;
  for (int i = 0; i < 300; ++i) long_names.push_back(File(std::to_string(i) + std::string(4000, 'x'), 1));
  EXPECT_LE(Chosen(1, {1000, 1000}, long_names).size() * 4000, Sampler::kMaxNames);
}

TEST(SampleTest, FilesOnlyAndOnlyThoseThatCanBeNamed) {
  Sampler sampler(1, {});
  for (const ListedItem& item :
       {File("d", 0, 'd'), File("l", 4, 'l'), File("hard", 0, 'h'), File("p", 0, 'p'), File("odd?", 1), File("f", 1)})
    sampler.See(item);
  EXPECT_EQ(sampler.files(), 1U);
  EXPECT_EQ(sampler.unnamed(), 1U);
  ASSERT_EQ(sampler.Take().size(), 1U);
  EXPECT_EQ(sampler.Take()[0].path, "f");
}

}  // namespace
}  // namespace borgop
