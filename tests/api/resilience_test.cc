// The control plane fails in parts while there is work to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/api/backups.h"
#include "tests/api/operator_process.h"

namespace borgop::api_tests {
namespace {

using std::chrono::seconds;
using testing::UnorderedElementsAreArray;

constexpr auto kResilienceLimit = seconds(120);
constexpr int kTargets = 20;

std::string NameOf(int target) { return "t" + std::to_string(target); }

class Resilience : public testing::Test {
 protected:
  void SetUp() override { BORGOP_NEEDS_CONTROL_PLANE(); }
  static ControlPlane& Plane() { return ControlPlane::Shared(); }

  static void AddAll(const Backups& backups) {
    for (int i = 0; i < kTargets; ++i) backups.Add(NameOf(i));
    for (int i = 0; i < kTargets; ++i)
      ASSERT_TRUE(Eventually([&] { return backups.HasCronJob(NameOf(i)); }, kResilienceLimit)) << NameOf(i);
  }
  // All of them at once; the values are added to `values`.
  static void TriggerAll(const Backups& backups, const std::string& round, std::vector<std::string>& values) {
    for (int i = 0; i < kTargets; ++i) {
      values.push_back(NameOf(i) + '-' + round);
      backups.RunNow(NameOf(i), values.back());
    }
  }
  static void ExpectOneJobEach(const Backups& backups, const std::string& round, const std::vector<std::string>& values) {
    for (int i = 0; i < kTargets; ++i) {
      EXPECT_TRUE(Eventually([&] { return backups.StatusOf(NameOf(i)).last_run_now == NameOf(i) + '-' + round; }, kResilienceLimit))
          << NameOf(i);
    }
    EXPECT_THAT(backups.Triggers(), UnorderedElementsAreArray(values));
  }
};

TEST_F(Resilience, TheApiServerIsKilledUnderLoad) {
  const Backups backups(Plane(), "outage");
  // Slow, so that it happens in the middle of the work.
  OperatorProcess process(Plane(), {.arguments = {"--api-rate", "20"}});
  AddAll(backups);
  std::vector<std::string> values;
  for (const std::string round : {"one", "two", "three"}) {
    SCOPED_TRACE(round);
    TriggerAll(backups, round, values);
    Plane().Kill("apiserver");
    EXPECT_TRUE(Eventually([&] { return process.Ask("/readyz").status == 503; }, kResilienceLimit));
    EXPECT_EQ(process.Ask("/healthz").status, 200);
    Plane().Start("apiserver");
    EXPECT_TRUE(Eventually([&] { return process.Ask("/readyz").status == 200; }, kResilienceLimit)) << process.Ask("/readyz").body;
    ExpectOneJobEach(backups, round, values);
  }
  EXPECT_TRUE(process.Running());
}

TEST_F(Resilience, EtcdIsFrozenAndAReplicaTakesOverWhenItIsBack) {
  const Backups backups(Plane(), "frozen");
  ShippedAccess(Plane());
  AdminClient::Shared().Delete(kube::Leases(), {"borg-operator", "borg-operator"});
  const OperatorProcess::Options options{.arguments = {"--api-rate", "20", "--lease-duration", "6", "--lease-renew", "0.5"},
                                         .elect = true};
  OperatorProcess leader(Plane(), options);
  AddAll(backups);
  OperatorProcess other(Plane(), options);
  std::vector<std::string> values;
  TriggerAll(backups, "one", values);
  Plane().Freeze("etcd");
  const auto thaw_at = std::chrono::steady_clock::now() + seconds(20);
  EXPECT_TRUE(Eventually([&] { return other.Ask("/readyz").status == 503; }, seconds(15)));
  EXPECT_TRUE(Eventually([&] { return !leader.Running(); }, seconds(60))) << leader.Log();
  EXPECT_FALSE(leader.LogEntries("the lead is lost").empty());
  std::this_thread::sleep_until(thaw_at);
  Plane().Thaw("etcd");
  EXPECT_TRUE(Eventually([&] { return other.Ask("/readyz").status == 200; }, kResilienceLimit)) << other.Ask("/readyz").body;
  ExpectOneJobEach(backups, "one", values);
  EXPECT_TRUE(other.Running());
}

TEST_F(Resilience, EtcdIsFrozenAndTheOnlyOneGoesOn) {
  const Backups backups(Plane(), "frozen");
  OperatorProcess process(Plane(), {.arguments = {"--api-rate", "20"}});
  AddAll(backups);
  std::vector<std::string> values;
  TriggerAll(backups, "one", values);
  Plane().Freeze("etcd");
  std::this_thread::sleep_for(seconds(20));
  EXPECT_EQ(process.Ask("/healthz").status, 200);
  Plane().Thaw("etcd");
  ExpectOneJobEach(backups, "one", values);
  EXPECT_TRUE(Eventually([&] { return process.Ask("/readyz").status == 200; }, kResilienceLimit)) << process.Ask("/readyz").body;
}

}  // namespace
}  // namespace borgop::api_tests
