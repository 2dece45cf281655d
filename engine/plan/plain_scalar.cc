#include "engine/plan/plain_scalar.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace borgop {
namespace {

bool IsBoolean(std::string_view text) {
  static constexpr std::array<std::string_view, 18> kWords = {"true", "True", "TRUE", "false", "False", "FALSE",
                                                              "yes",  "Yes",  "YES",  "no",    "No",    "NO",
                                                              "on",   "On",   "ON",   "off",   "Off",   "OFF"};
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

bool AllOf(std::string_view text, std::string_view digits) {
  return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

std::size_t TakeDigits(std::string_view& text) {
  const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
  text.remove_prefix(count);
  return count;
}

bool TakeAny(std::string_view& text, std::string_view characters) {
  if (text.empty() || characters.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool IsDecimal(std::string_view text) {
  TakeAny(text, "+-");
  const std::size_t whole = TakeDigits(text);
  const std::size_t fraction = TakeAny(text, ".") ? TakeDigits(text) : 0;
  if (whole + fraction == 0) return false;
  if (!TakeAny(text, "eE")) return text.empty();
  TakeAny(text, "+-");
  return TakeDigits(text) > 0 && text.empty();
}

bool IsInfinityOrNan(std::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return true;
  TakeAny(text, "+-");
  return text == ".inf" || text == ".Inf" || text == ".INF";
}

}  // namespace

Node::Kind PlainScalarKind(std::string_view text) {
  if (IsBoolean(text)) return Node::Kind::kBoolean;
  if (text.starts_with("0x") && AllOf(text.substr(2), "0123456789abcdefABCDEF")) return Node::Kind::kInteger;
  if (text.starts_with("0o") && AllOf(text.substr(2), "01234567")) return Node::Kind::kInteger;
  if (AllOf(text.substr(text.starts_with('-') || text.starts_with('+') ? 1 : 0), "0123456789")) return Node::Kind::kInteger;
  if (IsDecimal(text) || IsInfinityOrNan(text)) return Node::Kind::kInteger;
  return Node::Kind::kText;
}

}  // namespace borgop
