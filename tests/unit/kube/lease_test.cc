#include "controller/kube/lease.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace borgop::kube {
namespace {

using namespace std::chrono_literals;

const MonotonicTime kSince{1000s};
const LeaseTimes kTimes{.duration = 15s, .margin = 5s, .retry = 2s};

LeaseRecord Record(std::string holder, std::chrono::seconds duration = 15s) {
  return {std::move(holder), duration, 3, "2026-11-01T00:00:00.000000Z", "2026-11-01T00:00:10.000000Z", "77"};
}

struct LeaseRow {
  const char* name;
  std::optional<LeaseRecord> record;
  std::chrono::milliseconds unchanged;
  LeaseAction action;
};

class Decisions : public testing::TestWithParam<LeaseRow> {};

TEST_P(Decisions, FollowTheTable) {
  const LeaseRow& row = GetParam();
  EXPECT_EQ(DecideLease({row.record, kSince}, "me", kTimes, kSince + row.unchanged), row.action);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Decisions,
    testing::Values(LeaseRow{"none", std::nullopt, 0ms, LeaseAction::kCreate},
                    LeaseRow{"ours", Record("me"), 0ms, LeaseAction::kRenew},
                    LeaseRow{"ours_and_old", Record("me"), 1h, LeaseAction::kRenew},
                    LeaseRow{"released", Record(""), 0ms, LeaseAction::kTake},
                    LeaseRow{"another_just_seen", Record("other"), 0ms, LeaseAction::kWait},
                    LeaseRow{"another_before_its_duration", Record("other"), 14999ms, LeaseAction::kWait},
                    LeaseRow{"another_after_its_duration", Record("other"), 15000ms, LeaseAction::kTake},
                    LeaseRow{"anothers_longer_duration_counts", Record("other", 60s), 59999ms, LeaseAction::kWait},
                    LeaseRow{"anothers_longer_duration_is_over", Record("other", 60s), 60s, LeaseAction::kTake},
                    LeaseRow{"without_duration_ours_counts", Record("other", 0s), 14999ms, LeaseAction::kWait},
                    LeaseRow{"without_duration_ours_is_over", Record("other", 0s), 15s, LeaseAction::kTake}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Observe, CountsFromTheFirstLookAtTheSameContent) {
  LeaseView view = Observe({}, Record("other"), kSince);
  EXPECT_EQ(view.unchanged_since, kSince);
  LeaseRecord same = Record("other");
  same.resource_version = "78";  // a write that changed nothing of the lease, such as a label
  view = Observe(view, same, kSince + 5s);
  EXPECT_EQ(view.unchanged_since, kSince);
  EXPECT_EQ(view.record->resource_version, "78");
  LeaseRecord renewed = Record("other");
  renewed.renew_time = "2026-11-01T00:00:12.000000Z";
  view = Observe(view, renewed, kSince + 9s);
  EXPECT_EQ(view.unchanged_since, kSince + 9s);
  view = Observe(view, std::nullopt, kSince + 10s);
  view = Observe(view, renewed, kSince + 11s);
  EXPECT_EQ(view.unchanged_since, kSince + 11s);
}

TEST(Lease, AHolderStopsBeforeAnotherCanTake) {
  // The other saw the renewal at the earliest when it was sent.
  EXPECT_LT(MayLeadUntil(kSince, kTimes), kSince + kTimes.duration);
  EXPECT_EQ(MayLeadUntil(kSince, kTimes), kSince + 10s);
}

const WallTime kWall{1793539923s + 4050us};

TEST(LeaseObject, CreateHasNoPrecondition) {
  const auto object = LeaseObject({}, LeaseAction::kCreate, "ns", "lock", "me", kTimes, kWall);
  EXPECT_EQ(object, nlohmann::json::parse(R"({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
    "metadata": {"namespace": "ns", "name": "lock"},
    "spec": {"holderIdentity": "me", "leaseDurationSeconds": 15, "leaseTransitions": 0,
             "acquireTime": "2026-11-01T13:32:03.004050Z", "renewTime": "2026-11-01T13:32:03.004050Z"}})"));
}

TEST(LeaseObject, RenewKeepsWhenItWasAcquired) {
  const auto object = LeaseObject({Record("me"), kSince}, LeaseAction::kRenew, "ns", "lock", "me", kTimes, kWall);
  EXPECT_EQ(object["metadata"]["resourceVersion"], "77");
  EXPECT_EQ(object["spec"]["acquireTime"], "2026-11-01T00:00:00.000000Z");
  EXPECT_EQ(object["spec"]["renewTime"], "2026-11-01T13:32:03.004050Z");
  EXPECT_EQ(object["spec"]["leaseTransitions"], 3);
}

TEST(LeaseObject, TakeCountsATransition) {
  const auto object = LeaseObject({Record("other"), kSince}, LeaseAction::kTake, "ns", "lock", "me", kTimes, kWall);
  EXPECT_EQ(object["metadata"]["resourceVersion"], "77");
  EXPECT_EQ(object["spec"]["holderIdentity"], "me");
  EXPECT_EQ(object["spec"]["acquireTime"], "2026-11-01T13:32:03.004050Z");
  EXPECT_EQ(object["spec"]["leaseTransitions"], 4);
}

TEST(LeaseObject, ReleasedCanBeTakenAtOnce) {
  const auto object = ReleasedLease({Record("me"), kSince}, "ns", "lock", kWall);
  EXPECT_EQ(object["metadata"]["resourceVersion"], "77");
  EXPECT_EQ(DecideLease({ReadLease(object), kSince}, "other", kTimes, kSince), LeaseAction::kTake);
}

TEST(ReadLease, ReadsWhatWasWrittenAndForgivesTheRest) {
  const auto object = LeaseObject({Record("other"), kSince}, LeaseAction::kTake, "ns", "lock", "me", kTimes, kWall);
  const LeaseRecord record = ReadLease(object);
  EXPECT_EQ(record.holder, "me");
  EXPECT_EQ(record.duration, 15s);
  EXPECT_EQ(record.transitions, 4);
  EXPECT_EQ(record.resource_version, "77");
  const LeaseRecord odd = ReadLease(nlohmann::json::parse(R"({"spec":{"holderIdentity":3,"leaseDurationSeconds":-4}})"));
  EXPECT_EQ(odd.holder, "");
  EXPECT_EQ(odd.duration, 0s);
  EXPECT_EQ(ReadLease(nlohmann::json::parse(R"({"spec":{"leaseDurationSeconds":9223372036854775807}})")).duration, 24h);
}

TEST(LeaseTimes, MustFitEachOther) {
  EXPECT_EQ(CheckLeaseTimes({}), "");
  EXPECT_NE(CheckLeaseTimes({.duration = 9s, .margin = 5s, .retry = 2s}), "");
  EXPECT_EQ(CheckLeaseTimes({.duration = 10s, .margin = 5s, .retry = 2s}), "");
  EXPECT_NE(CheckLeaseTimes({.duration = 15s, .margin = 0s, .retry = 2s}), "");
  EXPECT_NE(CheckLeaseTimes({.duration = 15s, .margin = 5s, .retry = 0s}), "");
  EXPECT_NE(CheckLeaseTimes({.duration = 25h, .margin = 5s, .retry = 2s}), "");
}

TEST(FormatMicroTime, IsUtcWithMicroseconds) {
  EXPECT_EQ(FormatMicroTime(WallTime(0s)), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(FormatMicroTime(WallTime(-1us)), "1969-12-31T23:59:59.999999Z");
}

}  // namespace
}  // namespace borgop::kube
