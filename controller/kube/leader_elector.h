// Makes this process the leader, or has it wait until it is.
//
// While Run runs it looks at the Lease every LeaseTimes::retry and does what DecideLease says. IsLeader() is false as soon as another could have
// taken the Lease, by the local monotonic clock alone, whatever Run's thread is doing: whoever acts asks it right before. When the time is up
// without a renewal, or another holds the Lease, `on_lost` is called, once, and Run returns: the process ends rather than leading twice.
// At a stop the Lease is given away, so that another takes over at once; call Run's stop only after all work has ended.
//
// Its Client is one of its own: one attempt a request, and a timeout of a small part of the time that a renewal holds, so that one that
// fails leaves time for another.
//
// Thread safety: Run blocks on a thread of its own and calls back there; IsLeader from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "controller/kube/client.h"
#include "controller/kube/clock.h"
#include "controller/kube/lease.h"

namespace borgop::kube {

class LeaderElector {
 public:
  struct Options {
    ObjectKey lease;
    std::string identity;  // of this process alone, such as the pod's name and a random part
    LeaseTimes times;
  };
  struct Callbacks {
    std::function<void()> on_leading;                                        // once; must return soon
    std::function<void(const std::string&)> on_lost;                         // with the reason; once, and only after on_leading
    std::function<void(const ApiError&)> on_error = [](const ApiError&) {};  // an attempt that failed; for logs
    std::function<void()> on_success = [] {};                                // one that did not, whoever leads
  };
  enum class Outcome : std::uint8_t { kStopped, kLost };

  LeaderElector(Client& client, Options options, Callbacks callbacks, Clock& clock = Clock::Real(), Sleep sleep = RealSleep);

  Outcome Run(const std::stop_token& stop);
  bool IsLeader() const { return clock_.Now().time_since_epoch().count() < lead_until_.load(); }

 private:
  void Attempt(const std::stop_token& stop);
  void Release();

  Client& client_;
  const Options options_;
  const Callbacks callbacks_;
  Clock& clock_;
  const Sleep sleep_;
  LeaseView view_;
  bool led_ = false;
  bool wrote_ = false;  // so that the Lease may be ours
  std::atomic<MonotonicTime::rep> lead_until_ = MonotonicTime::min().time_since_epoch().count();
};

}  // namespace borgop::kube
