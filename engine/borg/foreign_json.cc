#include "engine/borg/foreign_json.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/base/hex.h"

namespace borgop {
namespace {

constexpr std::size_t kMaxDepth = 16;

std::optional<unsigned> HexValue(std::string_view digits) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// The code unit of the \uXXXX at `pos`, if there is one.
std::optional<unsigned> UnitAt(std::string_view text, std::size_t pos) {
  if (text.size() - std::min(pos, text.size()) < 6 || text.substr(pos, 2) != "\\u") return std::nullopt;
  return HexValue(text.substr(pos + 2, 4));
}

// Rewrites lone surrogates, so that the rest is valid: \udcXX that stands for the byte XX becomes NUL and two hexadecimal digits, any
// other becomes U+FFFD. Nothing if the text is nested too deeply, or holds a NUL of its own: no path, name or argument can hold one, and
// who wrote it wants it to be taken for another.
std::optional<std::string> Repaired(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (!quoted) {
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && depth > 0) --depth;
      if (depth > kMaxDepth) return std::nullopt;
      quoted = c == '"';
      out += c;
      ++i;
      continue;
    }
    if (c != '\\') {
      quoted = c != '"';
      out += c;
      ++i;
      continue;
    }
    const std::optional<unsigned> unit = UnitAt(text, i);
    if (!unit) {
      out += text.substr(i, 2);
      i += 2;
      continue;
    }
    const std::optional<unsigned> next = UnitAt(text, i + 6);
    if (*unit >= 0xD800 && *unit < 0xDC00 && next && *next >= 0xDC00 && *next < 0xE000) {
      out += text.substr(i, 12);
      i += 12;
      continue;
    }
    if (*unit == 0) return std::nullopt;
    if (*unit >= 0xDC80 && *unit <= 0xDCFF) {
      out += "\\u0000";
      AppendHex(out, static_cast<unsigned char>(*unit));
    } else if (*unit >= 0xD800 && *unit < 0xE000) {
      out += "\\ufffd";
    } else {
      out += text.substr(i, 6);
    }
    i += 6;
  }
  return out;
}

}  // namespace

std::optional<nlohmann::json> ParseForeignObject(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) return std::nullopt;
  const std::optional<std::string> repaired = Repaired(text);
  if (!repaired) return std::nullopt;
  nlohmann::json value = nlohmann::json::parse(*repaired, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  return value;
}

const nlohmann::json* Member(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(name);
  return it == object.end() ? nullptr : &*it;
}

std::optional<std::string> TextOf(const nlohmann::json& object, const char* name) {
  const nlohmann::json* member = Member(object, name);
  return member == nullptr ? std::nullopt : TextIn(*member);
}

std::optional<std::string> TextIn(const nlohmann::json& string) {
  if (!string.is_string()) return std::nullopt;
  const auto& text = string.get_ref<const std::string&>();
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::optional<unsigned> value =
        text[i] == '\0' && text.size() - i > 2 ? HexValue(std::string_view(text).substr(i + 1, 2)) : std::nullopt;
    if (value) {
      bytes += static_cast<char>(static_cast<unsigned char>(*value));
      i += 2;
    } else {
      bytes += text[i];
    }
  }
  return bytes;
}

std::optional<std::uint64_t> CountOf(const nlohmann::json& object, const char* name) {
  const nlohmann::json* member = Member(object, name);
  if (member == nullptr || !member->is_number_unsigned()) return std::nullopt;
  return member->get<std::uint64_t>();
}

}  // namespace borgop
