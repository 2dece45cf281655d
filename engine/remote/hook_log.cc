#include "engine/remote/hook_log.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace borgop {
namespace {

constexpr std::size_t kLongestLine = 200;

// The next word of `line`, which loses it.
std::string_view Word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

std::optional<std::size_t> Number(std::string_view word) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || number > 1'000'000) return std::nullopt;
  return number;
}

}  // namespace

void HookLog::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (in_output_) {
      const std::size_t part = std::min(output_left_, bytes.size());
      result_.output += bytes.substr(0, part);
      bytes.remove_prefix(part);
      output_left_ -= part;
      if (output_left_ != 0) return;
      in_output_ = false;
      if (on_end_) on_end_(result_);
      continue;
    }
    const std::size_t end = bytes.find('\n');
    // Of a line that is too long to mean anything, enough is kept to show that.
    line_ += bytes.substr(0, std::min({end, bytes.size(), kLongestLine + 1 - std::min(line_.size(), kLongestLine + 1)}));
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    Line();
    line_.clear();
  }
}

void HookLog::Line() {
  if (line_.size() > kLongestLine) return;
  std::string_view rest = line_;
  const std::string_view what = Word(rest);
  if (what == "ended" && rest.empty()) ended_ = true;
  const std::optional<std::size_t> index = Number(Word(rest));
  if (!index) return;
  if (what == "start" && on_start_) on_start_(*index);
  if (what != "end") return;
  const std::string_view status = Word(rest);
  const std::optional<std::size_t> number = Number(status);
  const std::optional<std::size_t> size = Number(Word(rest));
  if ((!number && status != "late") || !size || *size > kMaxHookOutput) return;
  result_ = {*index, static_cast<int>(number.value_or(0)), !number, {}};
  output_left_ = *size;
  in_output_ = *size != 0;
  if (!in_output_ && on_end_) on_end_(result_);
}

}  // namespace borgop
