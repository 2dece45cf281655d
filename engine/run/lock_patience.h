// How long borg is made to wait for a repository that another client has locked.
//
// borg looks again after a tenth of --lock-wait (locking.py, TimeoutTimer): with the ten minutes that a target has, a minute after the lock
// has gone. So it is told to wait for a short while, and run again until the time is over.
//
// Thread safety: values.
#pragma once

#include <chrono>

#include "engine/loop/event_loop.h"
#include "engine/run/exchange.h"

namespace borgop {

class LockPatience {
 public:
  LockPatience(std::chrono::seconds whole, MonotonicTime now) : whole_(whole), end_(now + whole) {}

  // For the next run of borg.
  std::chrono::seconds Slice(MonotonicTime now) const;
  // Whether borg failed for want of the lock, and there is time to run it once more. Tells `options.on_event`, the first time.
  bool Again(const ExchangeResult& result, const ExchangeOptions& options, MonotonicTime now);

 private:
  std::chrono::seconds whole_;
  MonotonicTime end_;
  bool told_ = false;
};

}  // namespace borgop
