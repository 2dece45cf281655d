#include "bench/controller/measurement.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <tuple>

#include "bench/summary.h"

namespace borgop::bench {
namespace {

template <class T>
void AddOnce(std::vector<T>& to, const T& value) {
  if (std::ranges::find(to, value) == to.end()) to.push_back(value);
}

using Line = std::pair<int, std::string>;  // targets, contender

void PrintTable(const std::vector<Measurement>& all, const std::string& phase, std::ostream& out) {
  std::vector<std::string> figures;
  std::vector<Line> lines;
  for (const Measurement& one : all) {
    if (one.phase != phase) continue;
    for (const auto& figure : one.figures) AddOnce(figures, figure.first);
    AddOnce(lines, Line{one.targets, one.contender});
  }
  out << '\n' << phase << "\n\n| targets | by |";
  for (const std::string& figure : figures) out << ' ' << figure << " |";
  out << "\n| --- | --- |";
  for (std::size_t i = 0; i < figures.size(); ++i) out << " --- |";
  out << '\n';
  for (const auto& [targets, contender] : lines) {
    out << "| " << targets << " | " << contender << " |";
    for (const std::string& figure : figures) {
      std::vector<double> values;
      for (const Measurement& one : all) {
        if (std::tie(one.phase, one.targets, one.contender) != std::tie(phase, targets, contender)) continue;
        for (const auto& [name, value] : one.figures) {
          if (name == figure) values.push_back(value);
        }
      }
      const double median = Summarize(values).median;
      out << ' ' << std::fixed << std::setprecision(median < 10 && median != std::floor(median) ? 2 : 0) << median << " |";
    }
    out << '\n';
  }
}

}  // namespace

double Quantile(std::vector<double> milliseconds, double share) {
  std::ranges::sort(milliseconds);
  const auto size = static_cast<double>(milliseconds.size());
  const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(share * size)));
  return milliseconds.at(rank - 1);
}

void AddTimes(Measurement& to, const std::string& what, const std::vector<double>& milliseconds) {
  if (milliseconds.empty()) return;
  to.figures.emplace_back(what + " p50 ms", Quantile(milliseconds, 0.5));
  to.figures.emplace_back(what + " p99 ms", Quantile(milliseconds, 0.99));
  to.figures.emplace_back(what + " longest ms", Quantile(milliseconds, 1));
}

void PrintTables(const std::vector<Measurement>& measurements, std::ostream& out) {
  std::vector<std::string> phases;
  for (const Measurement& one : measurements) AddOnce(phases, one.phase);
  for (const std::string& phase : phases) PrintTable(measurements, phase, out);
}

nlohmann::json ToJson(const std::vector<Measurement>& measurements) {
  nlohmann::json all = nlohmann::json::array();
  for (const Measurement& one : measurements) {
    nlohmann::json figures = nlohmann::json::object();
    for (const auto& [name, value] : one.figures) figures[name] = value;
    all.push_back({{"contender", one.contender},
                   {"phase", one.phase},
                   {"targets", one.targets},
                   {"figures", std::move(figures)},
                   {"requests", one.requests}});
  }
  return all;
}

}  // namespace borgop::bench
