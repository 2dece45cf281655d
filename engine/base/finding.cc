#include "engine/base/finding.h"

#include <openssl/evp.h>

#include <array>
#include <new>

#include "engine/base/hex.h"

namespace borgop {
namespace {

constexpr std::size_t kIdDigits = 32;

}  // namespace

std::string FindingId(std::initializer_list<std::string_view> facts) {
  std::string all;
  for (const std::string_view fact : facts) all += std::to_string(fact.size()) + ':' + std::string(fact);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  // It fails for want of memory only.
  if (EVP_Digest(all.data(), all.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
  return Hex(std::span(digest).first<kIdDigits / 2>());
}

bool IsFindingId(std::string_view text) { return IsHex(text, kIdDigits); }

}  // namespace borgop
