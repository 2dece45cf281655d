// SIGINT and SIGTERM as a stop token.
//
// The mask is of threads, so Block comes before any other thread is started; they inherit it.
#pragma once

#include <stop_token>
#include <thread>

namespace borgop::cli {

void BlockStopSignals();

// Waits for the signals on a thread of its own. The second one ends the process at once.
class StopOnSignal {
 public:
  explicit StopOnSignal(std::stop_source stop);
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  std::jthread thread_;
};

}  // namespace borgop::cli
