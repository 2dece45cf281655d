#include "controller/kube/leader_elector.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace borgop::kube {
namespace {

constexpr MonotonicTime::rep kNever = MonotonicTime::min().time_since_epoch().count();

}  // namespace

LeaderElector::LeaderElector(Client& client, Options options, Callbacks callbacks, Clock& clock, Sleep sleep)
    : client_(client), options_(std::move(options)), callbacks_(std::move(callbacks)), clock_(clock), sleep_(std::move(sleep)) {}

LeaderElector::Outcome LeaderElector::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Attempt(stop);
    if (stop.stop_requested()) break;
    if (IsLeader() && !std::exchange(led_, true)) callbacks_.on_leading();
    if (led_ && !IsLeader()) {
      const bool another = view_.record && view_.record->holder != options_.identity;
      callbacks_.on_lost(another ? "another holds the lease" : "the lease could not be renewed in time");
      return Outcome::kLost;
    }
    MonotonicTime::duration wait = options_.times.retry;
    // Not asleep when leading ends.
    if (led_) wait = std::min(wait, MonotonicTime::duration(lead_until_.load()) - clock_.Now().time_since_epoch());
    if (!sleep_(std::max(wait, MonotonicTime::duration::zero()), stop)) break;
  }
  Release();
  return Outcome::kStopped;
}

void LeaderElector::Attempt(const std::stop_token& stop) {
  const Result<nlohmann::json> current = client_.Get(Leases(), options_.lease, stop);
  const MonotonicTime now = clock_.Now();
  if (current) {
    view_ = Observe(view_, ReadLease(*current), now);
  } else if (current.error().code == ApiError::Code::kNotFound) {
    view_ = Observe(view_, std::nullopt, now);
  } else {
    if (!stop.stop_requested()) callbacks_.on_error(current.error());
    return;  // whoever leads goes on doing so until its time is up
  }
  const LeaseAction action = DecideLease(view_, options_.identity, options_.times, now);
  if (action == LeaseAction::kWait) {
    lead_until_ = kNever;
    callbacks_.on_success();
    return;
  }
  // One that led and finds the Lease gone or given away does not take it again as if nothing had been: others may have acted.
  if (led_ && action != LeaseAction::kRenew) {
    lead_until_ = kNever;
    return;
  }
  const nlohmann::json wanted =
      LeaseObject(view_, action, options_.lease.ns, options_.lease.name, options_.identity, options_.times, clock_.Wall());
  const MonotonicTime sent = clock_.Now();
  wrote_ = true;
  const Result<nlohmann::json> written =
      action == LeaseAction::kCreate ? client_.Create(Leases(), wanted, stop) : client_.Update(Leases(), wanted, stop);
  if (!written) {
    if (!stop.stop_requested()) callbacks_.on_error(written.error());
    return;
  }
  view_ = Observe(view_, ReadLease(*written), clock_.Now());
  lead_until_ = MayLeadUntil(sent, options_.times).time_since_epoch().count();
  callbacks_.on_success();
}

void LeaderElector::Release() {
  lead_until_ = kNever;
  if (!wrote_) return;
  // The stop that ended Run must not end this as well; the client's own limits hold. It may have cut off the answer to a write, so what
  // is there now is read first.
  const Result<nlohmann::json> current = client_.Get(Leases(), options_.lease, std::stop_token());
  if (!current) return callbacks_.on_error(current.error());
  view_ = Observe(view_, ReadLease(*current), clock_.Now());
  if (view_.record->holder != options_.identity) return;
  const Result<nlohmann::json> released =
      client_.Update(Leases(), ReleasedLease(view_, options_.lease.ns, options_.lease.name, clock_.Wall()), std::stop_token());
  if (!released) callbacks_.on_error(released.error());
}

}  // namespace borgop::kube
