// What a command costs: its time, and the processor time and memory of all that it starts.
#pragma once

#include <chrono>
#include <functional>

#include "tests/lab/process.h"

namespace borgop::bench {

struct Measured {
  double wall_s = 0;
  double cpu_s = 0;     // user and system, of the process and of all its descendants that were waited for
  double peak_mib = 0;  // resident memory of all of them together, looked at ten times a second
};

// Starts one and measures until its end. No other child of this process may end meanwhile. Errors: std::runtime_error when it fails,
// with what it said, or when it has not ended after `limit` (then it is killed).
Measured Measure(const std::function<lab::Process()>& start, std::chrono::seconds limit);

}  // namespace borgop::bench
