#include "engine/base/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace borgop {

CodePoint DecodeUtf8(std::string_view bytes, std::size_t pos) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[pos + i]); };
  const CodePoint bad{0xFFFD, 1, false};
  const std::uint8_t first = at(0);
  if (first < 0x80) return {first, 1, true};
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || bytes.size() - pos < size) return bad;
  char32_t value = first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xC0) != 0x80) return bad;
    value = (value << 6) | (at(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest.at(size) || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return bad;
  return {value, size, true};
}

bool IsUtf8(std::string_view bytes) {
  for (std::size_t pos = 0; pos < bytes.size();) {
    const CodePoint point = DecodeUtf8(bytes, pos);
    if (!point.valid) return false;
    pos += point.size;
  }
  return true;
}

std::string AsciiLower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

std::u32string DecodePython(std::string_view bytes) {
  std::u32string text;
  for (std::size_t i = 0; i < bytes.size();) {
    const CodePoint point = DecodeUtf8(bytes, i);
    text += point.valid ? point.value : 0xDC00U + static_cast<unsigned char>(bytes[i]);
    i += point.size;
  }
  return text;
}

}  // namespace borgop
