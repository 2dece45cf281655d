// What one phase of a benchmark of controllers gave, and how that is shown.
//
// Thread safety: values and pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "bench/controller/audit.h"

namespace borgop::bench {

struct Measurement {
  std::string contender;
  std::string phase;
  int targets = 0;
  std::vector<std::pair<std::string, double>> figures;  // by name, in the order in which they are shown
  Requests requests;
};

// At most so long took that share of `milliseconds` (0 to 1), which is not empty.
double Quantile(std::vector<double> milliseconds, double share);
// Appends the p50, the p99 and the longest, each named after `what`.
void AddTimes(Measurement& to, const std::string& what, const std::vector<double>& milliseconds);

// Markdown: a table for each phase, with a line for each number of targets and contender; medians where there were several rounds.
void PrintTables(const std::vector<Measurement>& measurements, std::ostream& out);
nlohmann::json ToJson(const std::vector<Measurement>& measurements);

}  // namespace borgop::bench
