#include "engine/run/lock_patience.h"

#include <algorithm>
#include <string>

namespace borgop {
namespace {

constexpr std::chrono::seconds kSlice{10};

}  // namespace

std::chrono::seconds LockPatience::Slice(MonotonicTime now) const {
  return std::clamp(std::chrono::ceil<std::chrono::seconds>(end_ - now), std::min(std::chrono::seconds(1), whole_), kSlice);
}

bool LockPatience::Again(const ExchangeResult& result, const ExchangeOptions& options, MonotonicTime now) {
  const Result<Completion> completion = JudgeExchange(Step::kList, "", "", result);
  if (completion || completion.error().reason != Reason::kRepositoryLocked || now >= end_) return false;
  if (!told_ && options.on_event) {
    LogEvent event;
    event.kind = LogEvent::Kind::kLog;
    event.level = "WARNING";
    event.message = "the repository is locked by another client; waits for at most " + std::to_string(whole_.count()) + " s";
    options.on_event(event, result.counters);
  }
  told_ = true;
  return true;
}

}  // namespace borgop
