// How long it takes from what one thread does to what another hears, for many things at once.
//
// Thread safety: any thread.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace borgop::bench {

class Stopwatch {
 public:
  void Begin(const std::string& what);
  // Only the first counts; and nothing where `what` was not begun.
  void End(const std::string& what);
  // Of those whose name begins so.
  std::size_t Ended(const std::string& prefix = {}) const;
  std::vector<double> Milliseconds(const std::string& prefix = {}) const;

 private:
  using Moment = std::chrono::steady_clock::time_point;
  struct Times {
    Moment begin{}, end{};
  };
  mutable std::mutex mutex_;
  std::map<std::string, Times> times_;
};

}  // namespace borgop::bench
