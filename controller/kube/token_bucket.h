// How often something may happen: `burst` at once, then `rate` a second.
//
// Thread safety: none; the owner locks. No clock: time is an argument. Source: the token bucket of RFC 2697, in one colour.
#pragma once

#include <algorithm>
#include <chrono>

#include "controller/kube/clock.h"

namespace borgop::kube {

class TokenBucket {
 public:
  // `rate` above 0; `burst` at least 1.
  TokenBucket(double rate, double burst) : rate_(rate), burst_(burst), tokens_(burst) {}

  // Takes one token, on credit where none is left: how long the caller waits before it acts. Callers thereby queue in order.
  MonotonicTime::duration Take(MonotonicTime now) {
    Refill(now);
    tokens_ -= 1;
    if (tokens_ >= 0) return {};
    return std::chrono::ceil<MonotonicTime::duration>(std::chrono::duration<double>(-tokens_ / rate_));
  }
  // Takes one token where there is one; false: now is not the time.
  bool TryTake(MonotonicTime now) {
    Refill(now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  void Refill(MonotonicTime now) {
    if (last_ >= now) return;
    if (last_ != MonotonicTime::min())
      tokens_ = std::min(burst_, tokens_ + rate_ * std::chrono::duration<double>(now - last_).count());
    last_ = now;
  }

  double rate_;
  double burst_;
  double tokens_;
  MonotonicTime last_ = MonotonicTime::min();
};

}  // namespace borgop::kube
