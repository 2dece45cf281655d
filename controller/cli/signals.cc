#include "controller/cli/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <ctime>
#include <utility>

namespace borgop::cli {
namespace {

sigset_t StopSignals() {
  sigset_t set{};
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

void WaitForSignals(const std::stop_token& end, std::stop_source stop) {
  const sigset_t set = StopSignals();
  // Looked at now and then, so that the destructor need not send a signal to wake it.
  const timespec look{0, 100'000'000};
  while (!end.stop_requested()) {
    const int number = sigtimedwait(&set, nullptr, &look);
    if (number < 0) continue;
    if (stop.stop_requested()) _exit(128 + number);
    stop.request_stop();
  }
}

}  // namespace

void BlockStopSignals() {
  const sigset_t set = StopSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

StopOnSignal::StopOnSignal(std::stop_source stop)
    : thread_([stop = std::move(stop)](const std::stop_token& end) { WaitForSignals(end, stop); }) {}

StopOnSignal::~StopOnSignal() = default;

}  // namespace borgop::cli
