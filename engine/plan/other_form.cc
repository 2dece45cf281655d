#include "engine/plan/other_form.h"

#include <algorithm>
#include <cstddef>

namespace borgop {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view FirstLine(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
    if (!line.empty() && line.front() != '#') return line.substr(0, line.find_last_not_of(kBlank) + 1);
  }
  return {};
}

// What stands behind the key that a line begins with; empty where it begins with none.
std::string_view BehindKey(std::string_view line) {
  constexpr std::string_view kKey = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.\"'";
  const std::size_t end = line.find_first_not_of(kKey);
  if (end == 0 || end == std::string_view::npos) return {};
  line.remove_prefix(end);
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  return line;
}

}  // namespace

bool LooksLikeToml(std::string_view text) {
  std::string_view line = FirstLine(text);
  if (BehindKey(line).starts_with('=')) return true;
  if (!line.starts_with('[')) return false;
  line.remove_prefix(line.starts_with("[[") ? 2 : 1);
  return BehindKey(line).starts_with(']');
}

bool LooksLikeYaml(std::string_view text) {
  const std::string_view line = FirstLine(text);
  if (line.starts_with("---") || line.starts_with("%YAML") || line.starts_with('{')) return true;
  const std::string_view behind = BehindKey(line);
  return behind == ":" || behind.starts_with(": ");
}

}  // namespace borgop
