#include "engine/ssh/algorithms.h"

#include <openssl/evp.h>

#include <array>
#include <cstdint>

namespace borgop {
namespace {

// Everything here is safe; the order is for speed only, and the first that the other side has is taken.
//
// AES-128 before AES-256, which costs 10 rounds instead of 14. GCM before CTR: with the AES instructions of any server's processor it
// encrypts and authenticates in one pass, where CTR needs an HMAC on top. ChaCha20-Poly1305 last: libssh2's own is plain C.
#ifdef LIBSSH2_WHOLE_PACKETS
constexpr const char* kCiphers =
    "aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,chacha20-poly1305@openssh.com";
#else
// Without this project's patches libssh2 calls the cipher once per 16-byte block, which costs GCM most and AES-CTR least; and it tries a
// packet of ChaCha20-Poly1305 that was changed on its way again for ever, so that one is not offered.
constexpr const char* kCiphers = "aes128-ctr,aes192-ctr,aes256-ctr,aes256-gcm@openssh.com,aes128-gcm@openssh.com";
#endif
constexpr const char* kMacs = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512";

std::string Base64(const unsigned char* bytes, std::size_t size) {
  std::string text(4 * ((size + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, static_cast<int>(size));
  text.resize(static_cast<std::size_t>(length));
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

std::string TypeOf(const std::string& blob) {
  if (blob.size() < 4) return "unknown";
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size = (size << 8U) | static_cast<unsigned char>(blob[i]);
  return size <= blob.size() - 4 && size < 64 ? blob.substr(4, size) : "unknown";
}

}  // namespace

std::string HostKeyMethods(const std::vector<PinnedKey>& pins) {
  std::string methods;
  for (const PinnedKey& pin : pins) {
    const std::string offer = pin.type == "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : pin.type;
    if (("," + methods + ",").find("," + offer + ",") != std::string::npos) continue;
    methods += (methods.empty() ? "" : ",") + offer;
  }
  return methods;
}

Status SetAlgorithms(LIBSSH2_SESSION* session, const std::vector<PinnedKey>& pins, const std::string& name) {
  const std::string methods = HostKeyMethods(pins);
  if (methods.empty() || libssh2_session_method_pref(session, LIBSSH2_METHOD_HOSTKEY, methods.c_str()) != 0) {
    return Fail(Reason::kNoCommonAlgorithm,
                name + ": none of the pinned host key types can be used: " + (methods.empty() ? "none" : methods));
  }
  struct Preference {
    int method;
    const char* list;
  };
  for (const auto& [method, list] : {Preference{LIBSSH2_METHOD_CRYPT_CS, kCiphers}, Preference{LIBSSH2_METHOD_CRYPT_SC, kCiphers},
                                     Preference{LIBSSH2_METHOD_MAC_CS, kMacs}, Preference{LIBSSH2_METHOD_MAC_SC, kMacs}}) {
    if (libssh2_session_method_pref(session, method, list) != 0) {
      return Fail(Reason::kInternal, std::string("libssh2 knows none of ") + list);
    }
  }
  return {};
}

std::string Fingerprint(const std::string& blob) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(blob.data(), blob.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) return TypeOf(blob);
  return TypeOf(blob) + " SHA256:" + Base64(digest.data(), size);
}

std::string Fingerprints(const std::vector<PinnedKey>& pins) {
  std::string all;
  for (const PinnedKey& pin : pins) all += (all.empty() ? "" : " or ") + Fingerprint(pin.blob);
  return all;
}

}  // namespace borgop
