// Foreign bytes made fit for JSON and for a terminal: names, paths and messages come from T, from B and from borg, and may hold
// anything.
//
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/utf8.h"

namespace borgop {

// Of a machine's own words in one message, in bytes.
inline constexpr std::size_t kMaxMessage = 2000;

// `bytes` with each byte that is not UTF-8 replaced by U+FFFD.
std::string ValidUtf8(std::string_view bytes);

// One line that is safe to print: valid UTF-8; control characters (C0, DEL, C1), line separators and characters that reorder text
// are written as \n, \t, \r or \x1b, \u202e. At most `max_bytes` bytes; what does not fit is cut at a character and marked "...".
std::string Printable(std::string_view bytes, std::size_t max_bytes = std::string_view::npos);

// `text` with each run of spaces and newlines made one space, and none at either end: for prose that was laid out in lines.
std::string OneLine(std::string_view text);

// The columns that `text`, which is Printable, takes on a terminal: wide characters take two, combining ones none.
std::size_t ColumnsOf(std::string_view text);
// `text` cut to at most `columns` columns, with "..." where something was cut: the end, or (keep_end) the beginning.
std::string FitColumns(std::string_view text, std::size_t columns, bool keep_end);

}  // namespace borgop
