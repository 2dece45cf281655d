#include "bench/measured.h"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace borgop::bench {
namespace {

using Clock = std::chrono::steady_clock;

double CpuOfEndedChildren() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct ProcessStatus {
  pid_t parent = 0;
  long resident_kib = 0;
};

std::map<pid_t, ProcessStatus> AllProcesses() {
  std::map<pid_t, ProcessStatus> all;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream status(entry.path() / "status");
    ProcessStatus process;
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("PPid:")) process.parent = std::stoi(line.substr(5));
      if (line.starts_with("VmRSS:")) process.resident_kib = std::stol(line.substr(6));
    }
    all[std::stoi(name)] = process;
  }
  return all;
}

long ResidentKib(pid_t root) {
  const std::map<pid_t, ProcessStatus> all = AllProcesses();
  long sum = 0;
  for (const auto& [pid, process] : all) {
    for (pid_t at = pid; at > 1;) {
      if (at == root) {
        sum += process.resident_kib;
        break;
      }
      const auto up = all.find(at);
      at = up == all.end() ? 0 : up->second.parent;
    }
  }
  return sum;
}

}  // namespace

Measured Measure(const std::function<lab::Process()>& start, std::chrono::seconds limit) {
  const double cpu_before = CpuOfEndedChildren();
  const Clock::time_point began = Clock::now();
  lab::Process process = start();
  long peak_kib = 0;
  Clock::time_point next_look = began;
  process.WaitUntil(
      [&] {
        if (Clock::now() < next_look) return false;
        next_look = Clock::now() + std::chrono::milliseconds(100);
        peak_kib = std::max(peak_kib, ResidentKib(process.pid()));
        return false;
      },
      limit);
  const bool late = process.Running();
  if (late) process.Signal(SIGKILL);
  const std::optional<lab::Ended> ended = process.Wait(std::chrono::seconds(10));
  const std::chrono::duration<double> wall = Clock::now() - began;
  if (late) throw std::runtime_error("it has not ended after " + std::to_string(limit.count()) + " s: " + process.Err());
  if (!ended || !ended->ok()) throw std::runtime_error("it failed: " + process.Err() + process.Out());
  return {.wall_s = wall.count(), .cpu_s = CpuOfEndedChildren() - cpu_before, .peak_mib = static_cast<double>(peak_kib) / 1024};
}

}  // namespace borgop::bench
