#include "bench/controller/stopwatch.h"

namespace borgop::bench {

void Stopwatch::Begin(const std::string& what) {
  const std::lock_guard lock(mutex_);
  times_[what] = {std::chrono::steady_clock::now(), {}};
}

void Stopwatch::End(const std::string& what) {
  const Moment now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  const auto found = times_.find(what);
  if (found != times_.end() && found->second.end == Moment{}) found->second.end = now;
}

std::size_t Stopwatch::Ended(const std::string& prefix) const { return Milliseconds(prefix).size(); }

std::vector<double> Stopwatch::Milliseconds(const std::string& prefix) const {
  const std::lock_guard lock(mutex_);
  std::vector<double> all;
  for (const auto& [what, times] : times_) {
    if (what.starts_with(prefix) && times.end != Moment{})
      all.push_back(std::chrono::duration<double, std::milli>(times.end - times.begin).count());
  }
  return all;
}

}  // namespace borgop::bench
