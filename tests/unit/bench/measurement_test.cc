#include "bench/controller/measurement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <sstream>

#include "bench/controller/stopwatch.h"

namespace borgop::bench {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

TEST(Quantile, IsAValueThatWasMeasured) {
  std::vector<double> hundred(100);
  std::iota(hundred.rbegin(), hundred.rend(), 1.0);  // 100 to 1
  EXPECT_EQ(Quantile(hundred, 0.5), 50);
  EXPECT_EQ(Quantile(hundred, 0.99), 99);
  EXPECT_EQ(Quantile(hundred, 1), 100);
  EXPECT_EQ(Quantile({7}, 0.5), 7);
  EXPECT_EQ(Quantile({1, 2, 3}, 0.99), 3);
}

TEST(Tables, HaveMediansOfRoundsForEachNumberOfTargetsAndContender) {
  std::ostringstream out;
  PrintTables({{"a", "cold", 10, {{"s", 1.5}, {"MiB", 20}}, {}},
               {"a", "cold", 10, {{"s", 2.5}, {"MiB", 40}}, {}},
               {"b", "cold", 10, {{"s", 3}}, {}},
               {"a", "rest", 10, {{"writes", 0}}, {}}},
              out);
  EXPECT_THAT(out.str(),
              HasSubstr("cold\n\n| targets | by | s | MiB |\n| --- | --- | --- | --- |\n| 10 | a | 2 | 30 |\n| 10 | b | 3 |"));
  EXPECT_THAT(out.str(), HasSubstr("rest\n\n| targets | by | writes |\n| --- | --- | --- |\n| 10 | a | 0 |\n"));
}

TEST(Stopwatch, TakesTheFirstEndOfWhatWasBegun) {
  Stopwatch stopwatch;
  stopwatch.Begin("known-1");
  stopwatch.Begin("known-2");
  stopwatch.Begin("new-1");
  stopwatch.End("known-1");
  const std::vector<double> first = stopwatch.Milliseconds("known-");
  ASSERT_THAT(first, SizeIs(1));
  stopwatch.End("known-1");
  stopwatch.End("never begun");
  EXPECT_EQ(stopwatch.Milliseconds("known-"), first);
  stopwatch.End("new-1");
  EXPECT_EQ(stopwatch.Ended(), 2U);
  EXPECT_EQ(stopwatch.Ended("new-"), 1U);
}

}  // namespace
}  // namespace borgop::bench
