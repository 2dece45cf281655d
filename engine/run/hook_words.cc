#include "engine/run/hook_words.h"

#include <cstring>
#include <utility>

#include "engine/borg/shell_quote.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

constexpr std::size_t kShownCommand = 200;
constexpr std::size_t kShownTail = 500;  // of what it printed, in a message
constexpr std::size_t kLines = 20;

// The end of `output`, from the beginning of a character.
std::string_view Tail(std::string_view output) {
  if (output.size() <= kShownTail) return output;
  output.remove_prefix(output.size() - kShownTail);
  while (!output.empty() && (static_cast<unsigned char>(output.front()) & 0xC0U) == 0x80U) output.remove_prefix(1);
  return output;
}

// Shells show a signal as 128 and its number, ksh93 as 256.
std::string Ending(int status) {
  std::string text = "ended with status " + std::to_string(status);
  if (status == 126) return text + ", which says that its program cannot be run";
  if (status == 127) return text + ", which says that there is no such program";
  const int signal = status > 256 ? status - 256 : status - 128;
  const char* const name = signal > 0 ? sigabbrev_np(signal) : nullptr;
  return name == nullptr ? text : text + " (SIG" + name + ")";
}

}  // namespace

std::string NameOf(HookStage stage, std::size_t index, const HookCommand& command) {
  return std::string("hooks.") + (stage == HookStage::kBefore ? "before[" : "after[") + std::to_string(index) + "] (" +
         Printable(ShellJoin(command), kShownCommand) + ")";
}

std::optional<std::string> FailureOf(const std::string& name, std::string_view where, const HookResult& result,
                                     std::chrono::seconds timeout) {
  if (result.ok()) return std::nullopt;
  std::string text = name + " on " + std::string(where) + ' ';
  text += result.late ? "had not ended after " + std::to_string(timeout.count()) + " s, and was ended" : Ending(result.status);
  const std::string said = Printable(OneLine(Tail(result.output)));
  return said.empty() ? text : text + "; it said: " + said;
}

std::vector<std::string> LastLines(std::string_view output) {
  std::vector<std::string> lines;
  while (!output.empty() && lines.size() < kLines) {
    const std::size_t break_at = output.substr(0, output.size() - 1).rfind('\n');
    const std::size_t begin = break_at == std::string_view::npos ? 0 : break_at + 1;
    std::string_view line = output.substr(begin);
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (!line.empty()) lines.insert(lines.begin(), Printable(line));
    output = output.substr(0, begin);
  }
  return lines;
}

}  // namespace borgop
