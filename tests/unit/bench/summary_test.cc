#include "bench/summary.h"

#include <gtest/gtest.h>

namespace borgop::bench {
namespace {

TEST(Summarize, TakesMedianLeastAndMost) {
  struct Row {
    const char* name;
    std::vector<double> values;
    double median, least, most;
  };
  const std::vector<Row> rows = {
      {"none", {}, 0, 0, 0},
      {"one", {3}, 3, 3, 3},
      {"odd, in no order", {5, 1, 3}, 3, 1, 5},
      {"even", {4, 1, 2, 9}, 3, 1, 9},
      {"one far off", {1, 1, 100}, 1, 1, 100},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const Summary summary = Summarize(row.values);
    EXPECT_DOUBLE_EQ(summary.median, row.median);
    EXPECT_DOUBLE_EQ(summary.least, row.least);
    EXPECT_DOUBLE_EQ(summary.most, row.most);
  }
}

}  // namespace
}  // namespace borgop::bench
