// What T tells of hooks while it runs them, from bytes to results.
//
// Lines: "start N" as the hook N begins (counted from 0), "end N STATUS SIZE" and then SIZE bytes, the end of what the hook printed, and a
// newline; STATUS is a number as a shell gives it, or "late" for a hook that was ended as its time was up. "ended": the keeper has done all
// that it does at the end. Bytes that fit none of this are dropped: they come from another machine.
//
// Thread safety: none needed. Bounded: keeps at most one line and one output.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace borgop {

inline constexpr std::size_t kMaxHookOutput = 4096;

struct HookResult {
  std::size_t index = 0;
  int status = 0;     // of the shell: 127 there is no such program, 128 and more a signal
  bool late = false;  // it was ended
  std::string output;
  bool ok() const { return status == 0 && !late; }
};

class HookLog {
 public:
  using OnStart = std::function<void(std::size_t index)>;
  using OnEnd = std::function<void(const HookResult&)>;
  HookLog() = default;
  HookLog(OnStart on_start, OnEnd on_end) : on_start_(std::move(on_start)), on_end_(std::move(on_end)) {}

  void Feed(std::string_view bytes);
  bool ended() const { return ended_; }

 private:
  void Line();

  OnStart on_start_;
  OnEnd on_end_;
  std::string line_;
  HookResult result_;
  std::size_t output_left_ = 0;
  bool in_output_ = false, ended_ = false;
};

}  // namespace borgop
