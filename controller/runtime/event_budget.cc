#include "controller/runtime/event_budget.h"

namespace borgop::runtime {
namespace {

// After that a bucket is full again, and forgetting it changes nothing.
constexpr auto kBucketIsFull = std::chrono::ceil<std::chrono::seconds>(EventBudget::kBurst * EventBudget::kRefill);

}  // namespace

EventBudget::Verdict EventBudget::Ask(const std::string& target, const controller::Event& event, kube::MonotonicTime now) {
  Forget(now);
  Target& known = targets_[target];
  known.last = now;
  const bool affordable = (event.warning ? known.warnings : known.others).TryTake(now);
  const auto found = known.series.find({event.reason, event.message});
  if (found != known.series.end() && now - found->second.last < kSeriesEnds) {
    Series& series = found->second;
    series.last = now;
    ++series.count;  // counted in any case: the next one that is told says how many there were
    if (affordable) return {What::kRepeat, series.name, series.count};
  }
  return {affordable ? What::kTell : What::kKeepQuiet};
}

void EventBudget::Told(const std::string& target, const controller::Event& event, const std::string& name,
                       kube::MonotonicTime now) {
  targets_[target].series.insert_or_assign({event.reason, event.message}, Series{name, 1, now});
}

void EventBudget::Forget(kube::MonotonicTime now) {
  if (now - forgotten_ < kRefill) return;
  forgotten_ = now;
  for (auto& [uid, target] : targets_)
    std::erase_if(target.series, [&](const auto& one) { return now - one.second.last >= kSeriesEnds; });
  std::erase_if(targets_, [&](const auto& one) { return one.second.series.empty() && now - one.second.last >= kBucketIsFull; });
}

}  // namespace borgop::runtime
