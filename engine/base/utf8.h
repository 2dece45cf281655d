// UTF-8 (RFC 3629), byte by byte: what is text and what is not.
//
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace borgop {

// The code point that starts at `pos` and the bytes it takes. Bytes that are not UTF-8 (RFC 3629: overlong forms, surrogates and
// values above U+10FFFF included) give U+FFFD and one byte, with `valid` false.
struct CodePoint {
  char32_t value = 0;
  std::size_t size = 1;
  bool valid = true;
};
CodePoint DecodeUtf8(std::string_view bytes, std::size_t pos);

bool IsUtf8(std::string_view bytes);

// `text` with A to Z as a to z, whatever the locale.
std::string AsciiLower(std::string_view text);

// As Python has it: a byte that is not UTF-8 is U+DC00 + byte. A surrogate written in UTF-8 is not valid, so nothing else is there.
std::u32string DecodePython(std::string_view bytes);

}  // namespace borgop
