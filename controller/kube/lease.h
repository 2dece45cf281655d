// Who leads, decided from a Lease and nothing else.
//
// Several replicas write one Lease object by turns. The holder renews it; another takes it once it has seen the Lease unchanged for the
// whole leaseDurationSeconds by its own monotonic clock. Times in the object are never compared with a local clock: machines disagree.
// So a candidate must watch a Lease for one whole duration before it takes it, unless it was released.
//
// A holder stops leading LeaseTimes::margin before anybody else could have taken the Lease, counted from before its last successful renewal was
// sent; that is what MayLeadUntil is.
//
// Thread safety: values and pure functions. Source: coordination.k8s.io/v1 Lease; client-go tools/leaderelection.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "controller/kube/clock.h"

namespace borgop::kube {

struct LeaseTimes {
  std::chrono::seconds duration{15};      // without a renewal for so long others take over
  std::chrono::seconds margin{5};         // the holder stops so long before
  std::chrono::milliseconds retry{2000};  // between looks and renewals
};
// Empty where the times fit each other, else what is wrong.
std::string CheckLeaseTimes(const LeaseTimes& times);

struct LeaseRecord {
  std::string holder;  // empty: released
  std::chrono::seconds duration{0};
  std::int64_t transitions = 0;
  std::string acquire_time;  // as written, RFC 3339 with microseconds
  std::string renew_time;
  std::string resource_version;
};
// What is missing or of another type counts as empty.
LeaseRecord ReadLease(const nlohmann::json& object);

// A Lease as this process saw it, and since when it is unchanged.
struct LeaseView {
  std::optional<LeaseRecord> record;  // nullopt: there is none
  MonotonicTime unchanged_since{};
};
// `view` after a look at `now` found `record`.
LeaseView Observe(const LeaseView& view, std::optional<LeaseRecord> record, MonotonicTime now);

enum class LeaseAction : std::uint8_t { kCreate, kTake, kRenew, kWait };
// What `identity` does about it.
LeaseAction DecideLease(const LeaseView& view, const std::string& identity, const LeaseTimes& times, MonotonicTime now);

// The object to write for an action other than kWait, with the resourceVersion that was seen as precondition.
nlohmann::json LeaseObject(const LeaseView& view, LeaseAction action, const std::string& ns, const std::string& name,
                           const std::string& identity, const LeaseTimes& times, WallTime wall);
// The object that gives the Lease away at once. `view` holds our own record.
nlohmann::json ReleasedLease(const LeaseView& view, const std::string& ns, const std::string& name, WallTime wall);

// Until when a holder may act whose last renewal that succeeded was sent at `sent`.
inline MonotonicTime MayLeadUntil(MonotonicTime sent, const LeaseTimes& times) { return sent + times.duration - times.margin; }

// RFC 3339 with microseconds, UTC: metav1.MicroTime.
std::string FormatMicroTime(WallTime wall);

}  // namespace borgop::kube
