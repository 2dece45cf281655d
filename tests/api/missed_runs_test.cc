// What was due while nobody in the cluster made Jobs.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/base/rfc3339.h"
#include "tests/api/backups.h"
#include "tests/api/operator_process.h"
#include "tests/api/played_pod.h"

namespace borgop::api_tests {
namespace {

using std::chrono::seconds;

constexpr auto kMissedRunsLimit = seconds(120);

// Several due times pass while nobody in the cluster makes Jobs: one run makes up for them.
TEST(MissedRuns, AreCaughtUpOnce) {
  BORGOP_NEEDS_CONTROL_PLANE();
  ControlPlane& plane = ControlPlane::Shared();
  const Backups backups(plane, "missed");
  OperatorProcess process(plane, {});
  backups.Add("t0", {{"schedule", "* * * * *"}});
  const auto due = [&] {
    std::vector<WallTime> times;
    for (const auto& job : backups.Jobs()) {
      const auto at = job.at("metadata").at("annotations").value("batch.kubernetes.io/cronjob-scheduled-timestamp", "");
      times.push_back(ParseRfc3339(at).value());
    }
    std::sort(times.begin(), times.end());
    return times;
  };
  ASSERT_TRUE(Eventually([&] { return due().size() == 1; }, seconds(100)));
  PlayedPod::Of({backups.ns(), backups.Jobs().at(0).at("metadata").at("name").get<std::string>()}).End(GoodReport());
  ASSERT_TRUE(Eventually([&] { return backups.StatusOf("t0").last_successful_backup.has_value(); }, kMissedRunsLimit));
  plane.Freeze("controller-manager");
  std::this_thread::sleep_for(seconds(150));
  plane.Thaw("controller-manager");
  ASSERT_TRUE(Eventually([&] { return due().size() > 1; }, kMissedRunsLimit));
  std::this_thread::sleep_for(seconds(3));
  ASSERT_EQ(due().size(), 2U) << "and not one for each";
  EXPECT_GE(due()[1] - due()[0], seconds(120)) << "the last that was missed";
}

}  // namespace
}  // namespace borgop::api_tests
