#include "engine/plan/regex_problem.h"

#include <cstddef>

namespace borgop {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// Behind the set in brackets that begins at `at`; kNone: it does not end. A `]` right at its beginning stands for itself.
std::size_t EndOfSet(std::string_view regex, std::size_t at) {
  ++at;
  if (regex.substr(at, 1) == "^") ++at;
  if (regex.substr(at, 1) == "]") ++at;
  for (; at < regex.size(); ++at) {
    if (regex[at] == '\\') {
      ++at;
    } else if (regex[at] == ']') {
      return at + 1;
    }
  }
  return kNone;
}

// Brackets mean nothing in (?#...), and with (?x) behind a `#`.
bool MayHaveComments(std::string_view regex) {
  for (std::size_t at = regex.find("(?"); at != kNone; at = regex.find("(?", at + 1)) {
    const std::string_view flags = regex.substr(at + 2, regex.find_first_of(":)", at) - at - 2);
    if (flags.starts_with('#') || flags.find('x') != kNone) return true;
  }
  return false;
}

}  // namespace

std::string RegexProblem(std::string_view regex) {
  if (MayHaveComments(regex)) return {};
  if (!regex.empty() && std::string_view("*+?").find(regex.front()) != kNone)
    return "begins with a repetition of nothing (for a glob write `sh:` or `fm:` in front, for a regular expression `.*`)";
  std::size_t open = 0;
  for (std::size_t at = 0; at < regex.size();) {
    if (regex[at] == '\\') {
      if (at + 1 == regex.size()) return "ends with a backslash that nothing follows (write `\\\\`, or remove it)";
      at += 2;
    } else if (regex[at] == '[') {
      at = EndOfSet(regex, at);
      if (at == kNone) return "has a `[` without its `]` (write `\\[` for a bracket itself)";
    } else {
      if (regex[at] == '(') ++open;
      if (regex[at] == ')' && open-- == 0) return "has a `)` without its `(` (write `\\)` for a bracket itself)";
      ++at;
    }
  }
  return open == 0 ? std::string() : "has a `(` without its `)` (write `\\(` for a bracket itself)";
}

}  // namespace borgop
