#include "engine/guard/key_print.h"

#include <openssl/sha.h>
#include <algorithm>

namespace borgop::guard {

KeyPrint KeyPrintOf(std::string_view key) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  KeyPrint print{};
  std::copy(digest.begin(), digest.end(), print.begin());
  return print;
}

}  // namespace borgop::guard
