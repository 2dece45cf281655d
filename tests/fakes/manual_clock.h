// A Clock that stands still until a test moves it.
#pragma once

#include <chrono>
#include <mutex>

#include "controller/kube/clock.h"

namespace borgop::kube {

class ManualClock : public Clock {
 public:
  MonotonicTime Now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  WallTime Wall() const override {
    const std::lock_guard lock(mutex_);
    return wall_;
  }
  void Advance(std::chrono::nanoseconds by) {
    const std::lock_guard lock(mutex_);
    now_ += by;
    wall_ += std::chrono::duration_cast<WallTime::duration>(by);
  }
  void JumpWall(std::chrono::seconds by) {
    const std::lock_guard lock(mutex_);
    wall_ += by;
  }

 private:
  mutable std::mutex mutex_;
  MonotonicTime now_{std::chrono::hours(1000)};
  WallTime wall_{std::chrono::seconds(1'790'000'000)};
};

}  // namespace borgop::kube
