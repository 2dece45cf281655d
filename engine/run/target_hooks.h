// The hooks of one target's run: leaves and runs them, logs what they print, and knows what became of them.
//
// Threading: the loop's thread. Ownership: refers to the hooks and the machines; both outlive it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/report/observer.h"
#include "engine/run/hook_words.h"
#include "engine/run/machines.h"

namespace borgop {

class TargetHooks {
 public:
  using Say = std::function<void(LogLevel, const std::string&)>;
  TargetHooks(const Hooks& hooks, Machines& machines, Say say);
  TargetHooks(const TargetHooks&) = delete;
  TargetHooks& operator=(const TargetHooks&) = delete;

  bool any() const { return !hooks_.empty(); }
  // Leaves the after hooks with T and runs the before hooks. Errors: kHookFailed, and those of a broken connection.
  Task<Status> Before(Context context);
  // T has the after hooks, or may have: they run whatever becomes of this run.
  bool due() const { return due_; }
  // What the keeper's End is to be fed into.
  HookLog& after() { return after_; }
  // A warning for each after hook that failed, and one where some are not known to have ended. Once; later calls give nothing.
  std::vector<std::string> Warnings();

 private:
  HookLog LogOf(HookStage stage, std::vector<std::optional<HookResult>>& results);
  void Started(HookStage stage, std::size_t index) const;
  void Ended(HookStage stage, const HookResult& result) const;
  const std::vector<HookCommand>& Of(HookStage stage) const { return stage == HookStage::kBefore ? hooks_.before : hooks_.after; }
  std::string Name(HookStage stage, std::size_t index) const { return NameOf(stage, index, Of(stage)[index]); }

  const Hooks& hooks_;
  Machines& machines_;
  Say say_;
  std::vector<std::optional<HookResult>> before_results_, after_results_;
  HookLog before_, after_;
  bool due_ = false, concluded_ = false;
};

}  // namespace borgop
