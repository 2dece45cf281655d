// Bytes as hexadecimal digits in lower case: how ids, digests and random names are written here and by borg.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace borgop {

void AppendHex(std::string& text, unsigned char byte);
std::string Hex(std::span<const unsigned char> bytes);
// Whether `text` is exactly `digits` of them.
bool IsHex(std::string_view text, std::size_t digits);

// Of a SHA-256 digest, and of an id in a repository.
inline constexpr std::size_t kSha256Digits = 64;

}  // namespace borgop
