#include "engine/plan/hooks.h"

#include <numeric>

#include "engine/plan/rules.h"

namespace borgop {

std::string HookListProblem(std::size_t hooks) {
  if (hooks <= kMaxHooks) return {};
  return "has " + std::to_string(hooks) + " hooks (use at most " + std::to_string(kMaxHooks) + ", or call a script)";
}

std::string HookProblem(const HookCommand& command) {
  if (command.empty()) return "is empty (give a program and its arguments, or remove it)";
  if (command.size() > kMaxHookWords) {
    return "has " + std::to_string(command.size()) + " words (use at most " + std::to_string(kMaxHookWords) + ", or call a script)";
  }
  const std::size_t bytes = std::accumulate(command.begin(), command.end(), std::size_t{0},
                                            [](std::size_t sum, const auto& w) { return sum + w.size(); });
  if (bytes <= kMaxHookBytes) return {};
  return "is longer than " + std::to_string(kMaxHookBytes / 1024) + " KiB (put it into a script on the target, and call that)";
}

std::string HookProgramProblem(std::string_view program) {
  return program.empty() ? "is empty (name the program)" : ProgramProblem(program);
}

}  // namespace borgop
