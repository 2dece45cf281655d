// What fuzzers share. Each is a program of its own, by libFuzzer: `./dev fuzz` builds and runs them.
//
// A fuzzer gives one parser of foreign bytes anything, and traps where what must always hold does not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace borgop::fuzz {

inline std::string_view Text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};  // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast): bytes are bytes
}

inline void Must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// Hands `text` on in pieces, whose sizes depend on its own bytes, so that every way of splitting is met.
template <typename Feed>
void InPieces(std::string_view text, const Feed& feed) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = 1 + static_cast<unsigned char>(text[at]) % 7;
    feed(text.substr(at, size));
    at += size;
  }
}

// A message of the guard without what it shows of the bytes at hand: of those, a piece has fewer than the whole.
inline std::string WithoutBytes(const std::string& message) {
  constexpr std::string_view kShown = "something that is no message: ";
  const std::size_t at = message.find(kShown);
  return at == std::string::npos ? message : message.substr(0, at + kShown.size());
}

}  // namespace borgop::fuzz
