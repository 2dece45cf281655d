// Carries bytes that are not UTF-8 through parsers that accept nothing else.
//
// File names are bytes, and TOML and YAML are text. Before a file is parsed, each byte that is not part of well-formed UTF-8 is
// replaced by a private code point (U+10F800 + byte, in plane 16); every string taken out of the parse tree is mapped back.
// A file that holds one of these code points already, in whichever way, is refused, so that the mapping is one to one.
//
// Thread safety: pure functions. Secrets: the input may hold some; the caller wipes what it gets.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace borgop {

// How many bytes at the beginning of `text` are one well-formed UTF-8 code point (RFC 3629); 0: none.
std::size_t Utf8Length(std::string_view text);
// Whether `text` holds one of the code points used here.
bool HasEscapedBytes(std::string_view text);

// The text to parse. The Error says "LINE: what is wrong" for a NUL or one of the code points used here, also when it is written as
// a \U escape. The caller puts the file's name in front.
Result<std::string> EscapeBytes(std::string_view text);
// Undoes EscapeBytes in place.
void UnescapeBytes(std::string& text);

}  // namespace borgop
