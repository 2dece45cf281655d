#include "controller/kube/lease.h"

#include <algorithm>
#include <utility>

#include "controller/kube/bounded_json.h"
#include "controller/kube/resource.h"
#include "engine/base/rfc3339.h"

namespace borgop::kube {
namespace {

constexpr std::int64_t kMaxDuration = 24L * 3600;

std::int64_t NumberAt(const nlohmann::json& object, std::initializer_list<std::string_view> path) {
  const nlohmann::json* found = Find(object, path);
  return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

nlohmann::json NewLease(const std::string& ns, const std::string& name, const std::string& resource_version, nlohmann::json spec) {
  nlohmann::json object = {{"apiVersion", Leases().ApiVersion()},
                           {"kind", Leases().kind},
                           {"metadata", {{"namespace", ns}, {"name", name}}},
                           {"spec", std::move(spec)}};
  if (!resource_version.empty()) object["metadata"]["resourceVersion"] = resource_version;
  return object;
}

bool SameContent(const LeaseRecord& a, const LeaseRecord& b) {
  return a.holder == b.holder && a.duration == b.duration && a.transitions == b.transitions && a.acquire_time == b.acquire_time &&
         a.renew_time == b.renew_time;
}

}  // namespace

std::string CheckLeaseTimes(const LeaseTimes& times) {
  if (times.margin < std::chrono::seconds(1)) return "the lease's margin must be a second or more";
  if (times.retry < std::chrono::milliseconds(1)) return "the time between renewals of the lease must be above zero";
  if (times.duration > std::chrono::seconds(kMaxDuration)) return "the lease's duration must be a day or less";
  if (times.margin + 2 * times.retry >= times.duration)
    return "the lease's duration must leave time for two renewals before its margin begins";
  return {};
}

LeaseRecord ReadLease(const nlohmann::json& object) {
  LeaseRecord record;
  record.holder = TextAt(object, {"spec", "holderIdentity"});
  record.duration =
      std::chrono::seconds(std::clamp(NumberAt(object, {"spec", "leaseDurationSeconds"}), std::int64_t{0}, kMaxDuration));
  record.transitions = NumberAt(object, {"spec", "leaseTransitions"});
  record.acquire_time = TextAt(object, {"spec", "acquireTime"});
  record.renew_time = TextAt(object, {"spec", "renewTime"});
  record.resource_version = ResourceVersionOf(object);
  return record;
}

LeaseView Observe(const LeaseView& view, std::optional<LeaseRecord> record, MonotonicTime now) {
  const bool unchanged = view.record && record && SameContent(*view.record, *record);
  return {std::move(record), unchanged ? view.unchanged_since : now};
}

LeaseAction DecideLease(const LeaseView& view, const std::string& identity, const LeaseTimes& times, MonotonicTime now) {
  if (!view.record) return LeaseAction::kCreate;
  if (view.record->holder == identity) return LeaseAction::kRenew;
  if (view.record->holder.empty()) return LeaseAction::kTake;
  // The holder counts with the duration that it wrote; ours is for a Lease that names none.
  const std::chrono::seconds duration =
      view.record->duration > std::chrono::seconds::zero() ? view.record->duration : times.duration;
  return now - view.unchanged_since >= duration ? LeaseAction::kTake : LeaseAction::kWait;
}

nlohmann::json LeaseObject(const LeaseView& view, LeaseAction action, const std::string& ns, const std::string& name,
                           const std::string& identity, const LeaseTimes& times, WallTime wall) {
  const std::string now = FormatMicroTime(wall);
  const LeaseRecord before = view.record.value_or(LeaseRecord{});
  const bool renews = action == LeaseAction::kRenew && !before.acquire_time.empty();
  return NewLease(ns, name, before.resource_version,
                  {{"holderIdentity", identity},
                   {"leaseDurationSeconds", times.duration.count()},
                   {"acquireTime", renews ? before.acquire_time : now},
                   {"renewTime", now},
                   {"leaseTransitions", action == LeaseAction::kTake ? before.transitions + 1 : before.transitions}});
}

nlohmann::json ReleasedLease(const LeaseView& view, const std::string& ns, const std::string& name, WallTime wall) {
  const LeaseRecord before = view.record.value_or(LeaseRecord{});
  const std::string now = FormatMicroTime(wall);
  return NewLease(ns, name, before.resource_version,
                  {{"holderIdentity", ""},
                   {"leaseDurationSeconds", 1},
                   {"acquireTime", now},
                   {"renewTime", now},
                   {"leaseTransitions", before.transitions}});
}

std::string FormatMicroTime(WallTime wall) { return FormatRfc3339(wall, 6); }

}  // namespace borgop::kube
