// What several rounds of one measurement come to.
#pragma once

#include <vector>

namespace borgop::bench {

struct Summary {
  double median = 0, least = 0, most = 0;
};

// Of an even number, the median is the mean of the two in the middle. Of none, all are 0.
Summary Summarize(std::vector<double> values);

}  // namespace borgop::bench
