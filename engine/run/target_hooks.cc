#include "engine/run/target_hooks.h"

#include <utility>

#include "engine/remote/hooks.h"

namespace borgop {

TargetHooks::TargetHooks(const Hooks& hooks, Machines& machines, Say say)
    : hooks_(hooks),
      machines_(machines),
      say_(std::move(say)),
      before_results_(hooks.before.size()),
      after_results_(hooks.after.size()),
      before_(LogOf(HookStage::kBefore, before_results_)),
      after_(LogOf(HookStage::kAfter, after_results_)) {}

HookLog TargetHooks::LogOf(HookStage stage, std::vector<std::optional<HookResult>>& results) {
  return HookLog([this, stage](std::size_t index) { Started(stage, index); },
                 [this, stage, &results](const HookResult& result) {
                   if (result.index >= results.size() || results[result.index]) return;
                   results[result.index] = result;
                   Ended(stage, result);
                 });
}

void TargetHooks::Started(HookStage stage, std::size_t index) const {
  if (index < Of(stage).size()) say_(LogLevel::kInfo, "running " + Name(stage, index));
}

void TargetHooks::Ended(HookStage stage, const HookResult& result) const {
  const std::string place = Name(stage, result.index).substr(0, Name(stage, result.index).find(' '));
  for (const std::string& line : LastLines(result.output))
    say_(result.ok() ? LogLevel::kDebug : LogLevel::kInfo, place + ": " + line);
}

Task<Status> TargetHooks::Before(Context context) {
  // Also after an error: the connection may have been cut when T had them already.
  due_ = true;
  const Status left = co_await LeaveAfterHooks(context, machines_.target(), machines_.target_keeper(), hooks_);
  if (!left) {
    if (left.error().reason == Reason::kHookFailed) due_ = false;
    co_return left;
  }
  if (hooks_.before.empty()) co_return Status{};
  const Status ran = co_await RunBeforeHooks(context, machines_.target(), machines_.target_keeper(), hooks_, before_);
  if (!ran) co_return ran;
  for (std::size_t i = 0; i < hooks_.before.size(); ++i) {
    const std::string name = Name(HookStage::kBefore, i);
    if (!before_results_[i]) {
      co_return Fail(Reason::kHookFailed, name + " was not seen to end: what ran it on " + machines_.target_name() + " was ended");
    }
    if (const auto failure = FailureOf(name, machines_.target_name(), *before_results_[i], hooks_.timeout))
      co_return Fail(Reason::kHookFailed, *failure);
  }
  co_return Status{};
}

std::vector<std::string> TargetHooks::Warnings() {
  std::vector<std::string> warnings;
  if (!due_ || std::exchange(concluded_, true)) return warnings;
  std::string unknown;
  for (std::size_t i = 0; i < hooks_.after.size(); ++i) {
    const std::string name = Name(HookStage::kAfter, i);
    if (!after_results_[i]) {
      unknown += (unknown.empty() ? "" : ", ") + name;
    } else if (const auto failure = FailureOf(name, machines_.target_name(), *after_results_[i], hooks_.timeout)) {
      warnings.push_back(*failure);
    }
  }
  if (!unknown.empty()) {
    warnings.push_back("not seen to end: " + unknown + "; " + machines_.target_name() +
                       " runs after hooks by itself where it is not told to");
  }
  return warnings;
}

}  // namespace borgop
