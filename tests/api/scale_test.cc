// Many targets at once. What it takes is printed; nothing is asserted about time.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <sstream>
#include <thread>

#include "tests/api/backups.h"
#include "tests/api/operator_process.h"

namespace borgop::api_tests {
namespace {

constexpr int kTargets = 2000;
constexpr int kThreads = 4;
constexpr auto kLimit = std::chrono::minutes(12);

// Sum of all series of this name.
double SumOf(const std::string& metrics, const std::string& name) {
  std::istringstream lines(metrics);
  double sum = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + '{')) sum += std::stod(line.substr(line.rfind(' ') + 1));
  }
  return sum;
}

std::string PeakMemory(pid_t pid) {
  std::istringstream lines(lab::ReadReadable("/proc/" + std::to_string(pid) + "/status"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("VmHWM:")) return line.substr(line.find_first_not_of("VmHWM: \t"));
  }
  return "unknown";
}

TEST(Scale, TwoThousandTargetsAtOnceAllGetTheirCronJob) {
  BORGOP_NEEDS_CONTROL_PLANE();
  auto& plane = ControlPlane::Shared();
  const Backups backups(plane, "scale");
  OperatorProcess process(plane, {.arguments = {"--api-rate", "1000", "--namespace", backups.ns()}});
  const auto begin = std::chrono::steady_clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        AdminClient admin(plane);
        for (int i = thread; i < kTargets; i += kThreads)
          admin.Create(kube::BorgBackupTargets(), backups.TargetObject("t" + std::to_string(i), {{"schedule", "@daily-random"}}));
      });
    }
  }
  const double applied = elapsed();
  std::size_t made = 0;
  const auto all_made = [&] {
    std::this_thread::sleep_for(std::chrono::seconds(2));
    made = AdminClient::Shared().List(kube::CronJobs(), backups.ns()).size();
    return made >= kTargets;
  };
  EXPECT_TRUE(Eventually(all_made, kLimit)) << process.Log();
  const double scheduled = elapsed();
  std::size_t settled = 0;
  const auto all_settled = [&] {
    std::this_thread::sleep_for(std::chrono::seconds(2));
    settled = 0;
    for (const auto& target : AdminClient::Shared().List(kube::BorgBackupTargets(), backups.ns())) {
      if (target.value(Json::json_pointer("/status/observedGeneration"), 0) == 1) ++settled;
    }
    return settled == kTargets;
  };
  EXPECT_TRUE(Eventually(all_settled, kLimit)) << process.Log();
  EXPECT_EQ(made, kTargets);
  const auto metrics = process.Ask("/metrics").body;
  std::printf(
      "%d targets: applied in %.0f s, all CronJobs after %.0f s, all statuses after %.0f s; peak memory %s, "
      "%.0f API requests, %.0f reconciliations\n",
      kTargets, applied, scheduled, elapsed(), PeakMemory(process.pid()).c_str(),
      SumOf(metrics, "borg_operator_api_requests_total"), SumOf(metrics, "borg_operator_reconcile_duration_seconds_count"));
  EXPECT_EQ(process.Stop().exit_code, 0);
}

}  // namespace
}  // namespace borgop::api_tests
