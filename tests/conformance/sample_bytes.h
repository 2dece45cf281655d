// What is sent to and fro.
#pragma once

#include <cstdint>
#include <string>

namespace borgop {

// Bytes of all values, without a short period.
inline std::string Bytes(std::size_t size, std::uint32_t seed = 1) {
  std::string bytes(size, '\0');
  std::uint32_t state = seed;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return bytes;
}

}  // namespace borgop
