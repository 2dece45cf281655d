#include "bench/report.h"

#include <sys/utsname.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <thread>
#include <utility>

#include "bench/summary.h"
#include "engine/base/rfc3339.h"

namespace borgop::bench {
namespace {

std::string Processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

// "median (least-most)".
std::string Cell(const Summary& summary, int decimals) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(decimals) << summary.median << " (" << summary.least << "-" << summary.most << ")";
  return text.str();
}

void PrintRow(const std::vector<Round>& rounds, const std::string& work, const std::string& contender, std::ostream& out) {
  std::vector<double> wall, cpu, per_gib, peak;
  for (const Round& round : rounds) {
    if (round.work != work || round.contender != contender) continue;
    wall.push_back(round.measured.wall_s);
    cpu.push_back(round.measured.cpu_s);
    peak.push_back(round.measured.peak_mib);
    if (round.gib > 0) per_gib.push_back(round.measured.cpu_s / round.gib);
  }
  if (wall.empty()) return;
  out << "| " << work << " | " << contender << " | " << Cell(Summarize(wall), 2) << " | " << Cell(Summarize(cpu), 2) << " | "
      << (per_gib.empty() ? "" : Cell(Summarize(per_gib), 2)) << " | " << Cell(Summarize(peak), 0) << " |\n";
}

}  // namespace

void PrintTable(const std::vector<Round>& rounds, std::ostream& out) {
  std::vector<std::string> works, contenders;
  const auto add = [](std::vector<std::string>& names, const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const Round& round : rounds) add(works, round.work), add(contenders, round.contender);
  out << "| work | by | wall s | CPU s on C | CPU s per GiB | memory on C, MiB |\n| --- | --- | --- | --- | --- | --- |\n";
  for (const std::string& work : works) {
    for (const std::string& contender : contenders) PrintRow(rounds, work, contender, out);
  }
}

nlohmann::json Heading(const nlohmann::json& what) {
  utsname system{};
  uname(&system);
  return {{"benchmark", what},
          {"time", FormatRfc3339(std::chrono::system_clock::now(), 0)},
          {"machine",
           {{"processor", Processor()},
            {"cores", std::thread::hardware_concurrency()},
            {"kernel", std::string(system.sysname) + " " + system.release}}}};
}

nlohmann::json ToJson(const nlohmann::json& what, const std::vector<Round>& rounds) {
  nlohmann::json all = Heading(what);
  all["rounds"] = nlohmann::json::array();
  for (const Round& round : rounds) {
    all["rounds"].push_back({{"contender", round.contender},
                             {"work", round.work},
                             {"wallSeconds", round.measured.wall_s},
                             {"cpuSeconds", round.measured.cpu_s},
                             {"peakMebibytes", round.measured.peak_mib},
                             {"gibibytes", round.gib}});
  }
  return all;
}

}  // namespace borgop::bench
