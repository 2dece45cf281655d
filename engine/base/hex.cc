#include "engine/base/hex.h"

namespace borgop {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

void AppendHex(std::string& text, unsigned char byte) {
  text += kDigits[byte >> 4U];
  text += kDigits[byte & 0xFU];
}

std::string Hex(std::span<const unsigned char> bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const unsigned char byte : bytes) AppendHex(text, byte);
  return text;
}

bool IsHex(std::string_view text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of(kDigits) == std::string_view::npos;
}

}  // namespace borgop
