#include "engine/plan/byte_escape.h"

#include <algorithm>
#include <cstdint>

#include "engine/base/utf8.h"

namespace borgop {
namespace {

// U+10F880 to U+10F8FF are F4 8F A2 80 to F4 8F A3 BF. No noncharacters are among them, which some parsers refuse.
constexpr std::string_view kEscapeStart = "\xF4\x8F";
constexpr std::size_t kEscapeLength = 4;

std::uint8_t Byte(char c) { return static_cast<std::uint8_t>(c); }

bool IsEscape(std::string_view text) {
  return text.size() >= kEscapeLength && text.substr(0, 2) == kEscapeStart && (Byte(text[2]) == 0xA2 || Byte(text[2]) == 0xA3) &&
         Byte(text[3]) >= 0x80 && Byte(text[3]) <= 0xBF;
}

// The same code points as TOML and YAML write them in double quotes: \U0010F8xx, where the backslash is not itself escaped.
bool IsWrittenEscape(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  if (rest.substr(0, 6) != "\\U0010" || rest.size() < 8 || (rest[6] != 'F' && rest[6] != 'f') || rest[7] != '8') return false;
  std::size_t backslashes = 1;
  while (backslashes <= at && text[at - backslashes] == '\\') ++backslashes;
  return backslashes % 2 == 1;
}

char UnescapedByte(std::string_view escape) {
  return static_cast<char>(((Byte(escape[2]) & 0x03) << 6) | (Byte(escape[3]) & 0x3F));
}

Result<std::string> RefusedText(std::string_view text, std::size_t position, const std::string& what) {
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n');
  return Fail(Reason::kInvalidConfig, std::to_string(line) + ": " + what);
}

}  // namespace

std::size_t Utf8Length(std::string_view text) {
  if (text.empty()) return 0;
  const CodePoint point = DecodeUtf8(text, 0);
  return point.valid ? point.size : 0;
}

bool HasEscapedBytes(std::string_view text) {
  for (std::size_t i = text.find(kEscapeStart); i != std::string_view::npos; i = text.find(kEscapeStart, i + 1)) {
    if (IsEscape(text.substr(i))) return true;
  }
  return false;
}

Result<std::string> EscapeBytes(std::string_view text) {
  std::string escaped;
  // Reserved for the worst case, so that no reallocation leaves a copy of a secret behind.
  escaped.reserve(text.size() + (kEscapeLength - 1) * static_cast<std::size_t>(std::count_if(
                                                          text.begin(), text.end(), [](char c) { return Byte(c) >= 0x80; })));
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    if (rest[0] == '\0') return RefusedText(text, i, "there is a NUL byte here (a configuration is text)");
    if (IsEscape(rest) || IsWrittenEscape(text, i)) {
      return RefusedText(text, i, "there is a code point from U+10F800 to U+10F8FF here, which has no meaning in text (remove it)");
    }
    const std::size_t length = Utf8Length(rest);
    if (length == 0) {
      const std::uint8_t byte = Byte(rest[0]);
      escaped += kEscapeStart;
      escaped += static_cast<char>(0xA0 | (byte >> 6));
      escaped += static_cast<char>(0x80 | (byte & 0x3F));
    }
    escaped.append(rest.substr(0, length));
    i += std::max<std::size_t>(length, 1);
  }
  return escaped;
}

void UnescapeBytes(std::string& text) {
  std::size_t out = text.find(kEscapeStart);
  if (out == std::string::npos) return;
  for (std::size_t in = out; in < text.size();) {
    const std::string_view rest = std::string_view(text).substr(in);
    if (IsEscape(rest)) {
      text[out++] = UnescapedByte(rest);
      in += kEscapeLength;
    } else {
      text[out++] = text[in++];
    }
  }
  std::fill(text.begin() + static_cast<std::ptrdiff_t>(out), text.end(), '\0');
  text.resize(out);
}

}  // namespace borgop
