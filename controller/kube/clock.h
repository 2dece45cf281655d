// Time as an argument: what waits or measures takes a Clock, so that tests move time themselves.
//
// Thread safety: implementations may be called from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

namespace borgop::kube {

using MonotonicTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonotonicTime Now() const = 0;  // never goes back: for waits and expiry
  virtual WallTime Wall() const = 0;      // may jump: for what is written into objects

  static Clock& Real();
};

// Waits so long, or returns early with false when a stop is requested.
using Sleep = std::function<bool(MonotonicTime::duration, const std::stop_token&)>;
bool RealSleep(MonotonicTime::duration time, const std::stop_token& stop);

}  // namespace borgop::kube
