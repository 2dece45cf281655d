// Several replicas: one leads, and no trigger is lost or made twice however leaders end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <memory>
#include <random>
#include <thread>

#include "tests/api/backups.h"
#include "tests/api/operator_process.h"

namespace borgop::api_tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::UnorderedElementsAreArray;

constexpr auto kLeadershipLimit = seconds(60);

bool Leads(const OperatorProcess& process) { return !process.LogEntries("working").empty(); }

class Leadership : public testing::Test {
 protected:
  void SetUp() override {
    BORGOP_NEEDS_CONTROL_PLANE();
    ShippedAccess(Plane());
    // That of an earlier leader, who may have been killed.
    AdminClient::Shared().Delete(kube::Leases(), {"borg-operator", "borg-operator"});
  }
  static ControlPlane& Plane() { return ControlPlane::Shared(); }
  static std::unique_ptr<OperatorProcess> Replica(const char* duration, const char* renew) {
    return std::make_unique<OperatorProcess>(
        Plane(), OperatorProcess::Options{.arguments = {"--lease-duration", duration, "--lease-renew", renew}, .elect = true});
  }
};

TEST_F(Leadership, OneLeadsAndTheOtherTakesOverFromOneThatWasKilled) {
  const Backups backups(Plane(), "lead");
  const auto first = Replica("3", "0.2");
  ASSERT_TRUE(Eventually([&] { return Leads(*first); }, kLeadershipLimit));
  const auto second = Replica("3", "0.2");
  EXPECT_EQ(first->Metric("borg_operator_leader"), 1);
  EXPECT_EQ(second->Metric("borg_operator_leader"), 0);
  backups.Add("a");
  EXPECT_TRUE(Eventually([&] { return backups.HasCronJob("a"); }, kLeadershipLimit));
  EXPECT_FALSE(Leads(*second));

  first->Kill();
  backups.Add("b");
  EXPECT_TRUE(Eventually([&] { return backups.HasCronJob("b"); }, kLeadershipLimit));
  EXPECT_TRUE(Leads(*second));
  EXPECT_EQ(second->Metric("borg_operator_leader"), 1);
}

TEST_F(Leadership, AStopHandsOverLongBeforeTheLeaseEnds) {
  const Backups backups(Plane(), "lead");
  const auto first = Replica("600", "0.5");
  ASSERT_TRUE(Eventually([&] { return Leads(*first); }, kLeadershipLimit));
  const auto second = Replica("600", "0.5");
  EXPECT_EQ(first->Stop().exit_code, 0) << first->Log();
  EXPECT_TRUE(Eventually([&] { return Leads(*second); }, kLeadershipLimit)) << second->Log();
  backups.Add("a");
  EXPECT_TRUE(Eventually([&] { return backups.HasCronJob("a"); }, kLeadershipLimit));
}

TEST_F(Leadership, OneThatWasFrozenPastItsLeaseEndsWithoutActing) {
  const Backups backups(Plane(), "lead");
  const auto first = Replica("3", "0.2");
  ASSERT_TRUE(Eventually([&] { return Leads(*first); }, kLeadershipLimit));
  const auto second = Replica("3", "0.2");
  first->Signal(SIGSTOP);
  ASSERT_TRUE(Eventually([&] { return Leads(*second); }, kLeadershipLimit));
  backups.Add("a");
  EXPECT_TRUE(Eventually([&] { return backups.HasCronJob("a"); }, kLeadershipLimit));
  first->Signal(SIGCONT);
  EXPECT_TRUE(Eventually([&] { return !first->Running(); }, kLeadershipLimit)) << first->Log();
  EXPECT_FALSE(first->LogEntries("the lead is lost").empty());
  EXPECT_TRUE(second->Running());
}

TEST_F(Leadership, ThroughFiftyKillsThereIsOneJobForEachTrigger) {
  constexpr int kKills = 50;
  constexpr int kConcurrent = 5;
  const Backups backups(Plane(), "kills", kConcurrent);
  std::vector<std::string> triggers;
  for (int i = 0; i < kKills; ++i) backups.Add("t" + std::to_string(i));
  auto leader = Replica("3", "0.2");
  auto other = Replica("3", "0.2");
  std::mt19937 random(20261124);  // NOLINT: the same at each run
  std::uniform_int_distribution<int> delay(0, 300);
  for (int i = 0; i < kKills; ++i) {
    ASSERT_TRUE(Eventually([&] { return Leads(*leader) || Leads(*other); }, kLeadershipLimit)) << i << other->Log();
    if (!Leads(*leader)) std::swap(leader, other);
    triggers.push_back("value-" + std::to_string(i));
    backups.RunNow("t" + std::to_string(i), triggers.back());
    std::this_thread::sleep_for(milliseconds(delay(random)));  // so that it is killed at any point of the work
    leader->Kill();
    leader = std::move(other);
    other = Replica("3", "0.2");
  }
  EXPECT_TRUE(Eventually([&] { return backups.Triggers().size() >= triggers.size(); }, kLeadershipLimit));
  EXPECT_TRUE(Eventually(
      [&] {
        for (int i = 0; i < kKills; ++i) {
          if (backups.StatusOf("t" + std::to_string(i)).last_run_now != triggers.at(static_cast<std::size_t>(i))) return false;
        }
        return true;
      },
      kLeadershipLimit));
  EXPECT_THAT(backups.Triggers(), UnorderedElementsAreArray(triggers));
  int released = 0;
  for (const auto& job : backups.Jobs()) released += job.at("spec").value("suspend", false) ? 0 : 1;
  EXPECT_EQ(released, kConcurrent);
}

}  // namespace
}  // namespace borgop::api_tests
