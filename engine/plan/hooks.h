// Hooks: commands on T around a backup, and what they must look like.
//
// A hook is a program and its arguments, not a line for a shell; whoever wants a shell names one (["sh", "-c", "..."]). All hooks run as
// the user that logs in to T. Each has a time limit, after which it is ended.
//
// Thread safety: values and pure functions. A problem is a phrase as in rules.h; empty: nothing is wrong.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace borgop {

using HookCommand = std::vector<std::string>;  // at least the program; bytes but NUL

struct Hooks {
  std::vector<HookCommand> before;    // in this order, right before `borg create`; one that fails fails the target
  std::vector<HookCommand> after;     // in this order, all of them, however the run goes on once the first of `before` was due
  std::chrono::seconds timeout{600};  // of each hook
  bool empty() const { return before.empty() && after.empty(); }
};

inline constexpr std::size_t kMaxHooks = 32;  // before, and after
inline constexpr std::size_t kMaxHookWords = 128;
inline constexpr std::size_t kMaxHookBytes = std::size_t{16} * 1024;  // of a hook's words together
inline constexpr std::int64_t kMaxHookSeconds = 86'400;

std::string HookListProblem(std::size_t hooks);
std::string HookProblem(const HookCommand& command);
// Of a hook's first word.
std::string HookProgramProblem(std::string_view program);

}  // namespace borgop
