#include "engine/report/printable.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace borgop {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kCut = "...";

bool InRanges(char32_t c, const auto& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [c](const auto& range) { return c >= range.first && c <= range.second; });
}

using Range = std::pair<char32_t, char32_t>;

// C1 controls, line and paragraph separators, and the characters that change the direction of text (Unicode TR 36, 2.1).
constexpr auto kUnsafe = std::to_array<Range>({{0x00, 0x1F},
                                               {0x7F, 0x9F},
                                               {0x61C, 0x61C},
                                               {0x200B, 0x200F},
                                               {0x2028, 0x202E},
                                               {0x2060, 0x206F},
                                               {0xFEFF, 0xFEFF},
                                               {0xFFF9, 0xFFFB},
                                               {0xE0000, 0xE007F}});
constexpr auto kWide = std::to_array<Range>({{0x1100, 0x115F},
                                             {0x2E80, 0x303E},
                                             {0x3041, 0xA4CF},
                                             {0xAC00, 0xD7A3},
                                             {0xF900, 0xFAFF},
                                             {0xFE30, 0xFE6F},
                                             {0xFF00, 0xFF60},
                                             {0xFFE0, 0xFFE6},
                                             {0x1F300, 0x1F64F},
                                             {0x1F900, 0x1F9FF},
                                             {0x20000, 0x3FFFD}});
constexpr auto kZero = std::to_array<Range>({{0x300, 0x36F},
                                             {0x483, 0x489},
                                             {0x591, 0x5BD},
                                             {0x610, 0x61A},
                                             {0x64B, 0x65F},
                                             {0x1AB0, 0x1AFF},
                                             {0x1DC0, 0x1DFF},
                                             {0x20D0, 0x20FF},
                                             {0xFE00, 0xFE0F},
                                             {0xFE20, 0xFE2F}});

std::size_t WidthOf(char32_t c) { return InRanges(c, kZero) ? 0 : InRanges(c, kWide) ? 2 : 1; }

std::string Escaped(char32_t c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (c == '\n') return "\\n";
  if (c == '\t') return "\\t";
  if (c == '\r') return "\\r";
  const int digits = c <= 0xFF ? 2 : c <= 0xFFFF ? 4 : 8;
  std::string text = digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U";
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) text += kDigits[(c >> shift) & 0xF];
  return text;
}

}  // namespace

std::string ValidUtf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t pos = 0; pos < bytes.size();) {
    const CodePoint point = DecodeUtf8(bytes, pos);
    text += point.valid ? bytes.substr(pos, point.size) : kReplacement;
    pos += point.size;
  }
  return text;
}

std::string Printable(std::string_view bytes, std::size_t max_bytes) {
  std::string text;
  std::size_t cut_at = 0;  // the longest prefix that leaves room for the mark
  for (std::size_t pos = 0; pos < bytes.size();) {
    const CodePoint point = DecodeUtf8(bytes, pos);
    if (text.size() + kCut.size() <= max_bytes) cut_at = text.size();
    if (!point.valid) {
      text += kReplacement;
    } else if (InRanges(point.value, kUnsafe)) {
      text += Escaped(point.value);
    } else {
      text += bytes.substr(pos, point.size);
    }
    pos += point.size;
    if (text.size() > max_bytes) {
      text.resize(cut_at);
      text += kCut.substr(0, std::min(kCut.size(), max_bytes - cut_at));
      return text;
    }
  }
  return text;
}

std::string OneLine(std::string_view text) {
  std::string line;
  bool gap = false;
  for (const char c : text) {
    if (c == ' ' || c == '\n') {
      gap = !line.empty();
      continue;
    }
    if (gap) line += ' ';
    gap = false;
    line += c;
  }
  return line;
}

std::size_t ColumnsOf(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t pos = 0; pos < text.size();) {
    const CodePoint point = DecodeUtf8(text, pos);
    columns += WidthOf(point.value);
    pos += point.size;
  }
  return columns;
}

std::string FitColumns(std::string_view text, std::size_t columns, bool keep_end) {
  if (ColumnsOf(text) <= columns) return std::string(text);
  const std::size_t mark = std::min(kCut.size(), columns);
  std::vector<std::pair<std::size_t, CodePoint>> points;
  for (std::size_t pos = 0; pos < text.size();) {
    const CodePoint point = DecodeUtf8(text, pos);
    points.emplace_back(pos, point);
    pos += point.size;
  }
  std::size_t used = mark;
  if (keep_end) {
    std::size_t start = text.size();
    for (auto it = points.rbegin(); it != points.rend() && used + WidthOf(it->second.value) <= columns; ++it) {
      used += WidthOf(it->second.value);
      start = it->first;
    }
    return std::string(kCut.substr(0, mark)) + std::string(text.substr(start));
  }
  std::size_t end = 0;
  for (auto it = points.begin(); it != points.end() && used + WidthOf(it->second.value) <= columns; ++it) {
    used += WidthOf(it->second.value);
    end = it->first + it->second.size;
  }
  return std::string(text.substr(0, end)) + std::string(kCut.substr(0, mark));
}

}  // namespace borgop
