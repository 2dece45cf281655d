#include "engine/plan/private_key.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/plan/base64.h"
#include "engine/plan/wire_reader.h"

namespace borgop {
namespace {

constexpr std::size_t kMaxKey = 65'536;
constexpr std::size_t kMaxKeyLine = 126;  // libssh2 reads lines of an OpenSSH key into 128 bytes
constexpr int kMinRsaBits = 1024;         // what OpenSSH's sshd accepts
constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kDashes = "-----";
constexpr std::string_view kMagic{"openssh-key-v1\0", 15};
constexpr std::string_view kDamaged = "is damaged or cut (give the whole file as ssh-keygen wrote it)";

tl::unexpected<Error> Bad(std::string_view what) { return Fail(Reason::kKeyUnusable, std::string(what)); }

// A string that is wiped however its scope is left.
struct WipedString {
  WipedString() = default;
  explicit WipedString(std::string&& text) : value(std::move(text)) { Wipe(text); }
  WipedString(const WipedString&) = delete;
  WipedString& operator=(const WipedString&) = delete;
  ~WipedString() { Wipe(value); }
  std::string value;
};

bool StartsWithAny(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) { return text.starts_with(prefix); });
}

std::string_view NextLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

Status CheckType(std::string_view type) {
  if (StartsWithAny(type, {"sk-"})) return Bad("is a security key (sk-), which needs its token at each login (use an ed25519 key)");
  if (type == "ssh-dss") return Bad("is a DSA key, which sshd does not accept any more (use an ed25519 key)");
  static constexpr std::array<std::string_view, 5> kTypes = {"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                                             "ecdsa-sha2-nistp521"};
  if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end())
    return Bad("is of a type that is not supported (use an ed25519, ecdsa or rsa key)");
  return {};
}

std::size_t FieldsOfType(std::string_view type) {
  if (type == "ssh-ed25519") return 2;
  return type == "ssh-rsa" ? 6 : 3;
}

// The part that would be encrypted, where it is not.
Status CheckPrivatePart(std::string_view data, std::string_view type) {
  WireReader reader(data);
  const std::optional<std::uint32_t> first = reader.Number();
  const std::optional<std::uint32_t> second = reader.Number();
  const std::optional<std::string_view> inner = reader.String();
  if (!first || !second || *first != *second || !inner || *inner != type) return Bad(kDamaged);
  if (!reader.Skip(FieldsOfType(type)) || !reader.String()) return Bad(kDamaged);  // the last one is the comment
  std::uint8_t padding = 0;
  for (const char c : reader.rest()) {
    if (static_cast<unsigned char>(c) != ++padding) return Bad(kDamaged);
  }
  if (data.size() % 8 != 0) return Bad(kDamaged);
  return {};
}

Status CheckCipher(std::string_view cipher, std::string_view kdf) {
  static constexpr std::array<std::string_view, 6> kCiphers = {"aes256-ctr", "aes192-ctr", "aes128-ctr",
                                                               "aes256-cbc", "aes192-cbc", "aes128-cbc"};
  if (kdf != "bcrypt" || std::find(kCiphers.begin(), kCiphers.end(), cipher) == kCiphers.end()) {
    return Bad("is encrypted with a cipher that is not supported (rewrite it: ssh-keygen -p -Z aes256-ctr -f FILE)");
  }
  return {};
}

Status CheckOpenSsh(std::string_view body, const Secret& passphrase) {
  WipedString encoded;
  encoded.value.reserve(body.size());
  while (!body.empty()) {
    const std::string_view line = NextLine(body);
    if (line.size() > kMaxKeyLine) return Bad("has lines longer than 126 characters (rewrite it: ssh-keygen -p -f FILE)");
    encoded.value += line;
  }
  std::optional<std::string> decoded = DecodeBase64(encoded.value);
  if (!decoded) return Bad("is not base64 between its BEGIN and END lines (give the whole file as ssh-keygen wrote it)");
  const WipedString bytes(*std::move(decoded));
  if (!std::string_view(bytes.value).starts_with(kMagic)) return Bad(kDamaged);
  WireReader reader(std::string_view(bytes.value).substr(kMagic.size()));
  const std::optional<std::string_view> cipher = reader.String();
  const std::optional<std::string_view> kdf = reader.String();
  const std::optional<std::string_view> kdf_options = reader.String();
  const std::optional<std::uint32_t> count = reader.Number();
  const std::optional<std::string_view> public_key = reader.String();
  const std::optional<std::string_view> private_part = reader.String();
  if (!cipher || !kdf || !kdf_options || !count || !public_key || !private_part || private_part->empty()) return Bad(kDamaged);
  if (*count != 1) return Bad("holds more than one key, or none (give a file with one key)");
  const std::optional<std::string_view> type = WireReader(*public_key).String();
  if (!type) return Bad(kDamaged);
  if (Status status = CheckType(*type); !status) return status;
  if (*cipher == "none" && *kdf == "none") {
    if (!kdf_options->empty() || !reader.rest().empty()) return Bad(kDamaged);
    return CheckPrivatePart(*private_part, *type);
  }
  if (Status status = CheckCipher(*cipher, *kdf); !status) return status;
  if (private_part->size() % 16 != 0 || kdf_options->empty()) return Bad(kDamaged);
  if (passphrase.empty())
    return Bad("is encrypted, and there is no passphrase for it (give keyPassphrase in a plan; TOML has no place for one)");
  return {};
}

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

int GivePassphrase(char* buffer, int size, int /*rwflag*/, void* passphrase) {
  const std::string_view text = static_cast<const Secret*>(passphrase)->Reveal();
  if (size < 0 || text.size() > static_cast<std::size_t>(size)) return -1;
  if (!text.empty()) std::memcpy(buffer, text.data(), text.size());
  return static_cast<int>(text.size());
}

Status CheckOpenSslKey(EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519: return {};
    case EVP_PKEY_RSA:
      if (EVP_PKEY_get_bits(key) < kMinRsaBits)
        return Bad("is an RSA key of less than 1024 bits, which sshd does not accept (use an ed25519 key)");
      return {};
    case EVP_PKEY_EC: {
      std::array<char, 64> curve{};
      std::size_t size = 0;
      EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), curve.size(), &size);
      const std::string_view name(curve.data());
      if (name == "prime256v1" || name == "secp384r1" || name == "secp521r1") return {};
      return Bad("is an ECDSA key on a curve that SSH does not have (use an ed25519 key)");
    }
    case EVP_PKEY_DSA: return CheckType("ssh-dss");
    default: return CheckType("");
  }
}

Status CheckPem(std::string_view text, bool encrypted, const Secret& passphrase) {
  if (encrypted && passphrase.empty()) {
    return Bad("is encrypted, and there is no passphrase for it (give keyPassphrase in a plan; TOML has no place for one)");
  }
  const std::unique_ptr<BIO, FreeBio> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!bio) return Bad("cannot be read: out of memory");
  Secret copy = passphrase.Clone();  // OpenSSL's callback has no const
  const std::unique_ptr<EVP_PKEY, FreeKey> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, GivePassphrase, &copy));
  ERR_clear_error();
  if (key) return CheckOpenSslKey(key.get());
  if (encrypted) return Bad("cannot be decrypted (check its passphrase; otherwise the key is damaged)");
  return Bad(kDamaged);
}

}  // namespace

Status CheckPrivateKey(const Secret& key, const Secret& passphrase) {
  std::string_view text = key.Reveal();
  if (text.size() > kMaxKey) return Bad("is larger than 64 KiB (give one private key)");
  if (text.find('\0') != std::string_view::npos) return Bad("is binary (give it in OpenSSH or PEM format)");
  const auto skip_blank = [&] { text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size())); };
  skip_blank();
  // `openssl ecparam -genkey` writes the curve's name in front, which nobody needs.
  constexpr std::string_view kParametersEnd = "-----END EC PARAMETERS-----";
  if (text.starts_with("-----BEGIN EC PARAMETERS-----")) {
    const std::size_t end = text.find(kParametersEnd);
    if (end == std::string_view::npos) return Bad(kDamaged);
    text.remove_prefix(end + kParametersEnd.size());
    skip_blank();
  }
  if (text.empty()) return Bad("is empty (give the private key)");
  if (text.starts_with("PuTTY-User-Key-File-"))
    return Bad("is a PuTTY key (convert it: puttygen KEY.ppk -O private-openssh -o KEY)");
  if (StartsWithAny(text, {"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "---- BEGIN SSH2 PUBLIC KEY", "-----BEGIN PUBLIC KEY",
                           "-----BEGIN RSA PUBLIC KEY", "-----BEGIN CERTIFICATE"})) {
    return Bad("is a public key (give the private one, from the file without .pub)");
  }
  if (!text.starts_with(kBegin))
    return Bad("has no line `-----BEGIN ... PRIVATE KEY-----` at its start (give the whole file as ssh-keygen wrote it)");
  const std::string_view whole = text;
  const std::string_view header = NextLine(text);
  if (header.size() < kBegin.size() + kDashes.size() || !header.ends_with(kDashes)) return Bad(kDamaged);
  const std::string_view label = header.substr(kBegin.size(), header.size() - kBegin.size() - kDashes.size());
  const std::string footer = "-----END " + std::string(label) + std::string(kDashes);
  const std::string_view body_and_more = text;
  std::size_t body_size = 0;
  for (;;) {
    if (text.empty()) return Bad("has no END line (give the whole file as ssh-keygen wrote it)");
    body_size = body_and_more.size() - text.size();
    const std::string_view line = NextLine(text);
    if (line == footer) break;
    if (line.find_first_not_of(" \t") != std::string_view::npos && (line.front() == ' ' || line.front() == '\t')) {
      return Bad("has lines that begin with a space (give it as ssh-keygen wrote it, without indentation)");
    }
  }
  const std::string_view body = body_and_more.substr(0, body_size);
  if (label == "OPENSSH PRIVATE KEY") return CheckOpenSsh(body, passphrase);
  if (label == "DSA PRIVATE KEY") return CheckType("ssh-dss");
  if (label == "ENCRYPTED PRIVATE KEY") return CheckPem(whole, true, passphrase);
  if (label == "RSA PRIVATE KEY" || label == "EC PRIVATE KEY" || label == "PRIVATE KEY") {
    return CheckPem(whole, body.starts_with("Proc-Type: 4,ENCRYPTED"), passphrase);
  }
  return Bad("is in a format that is not supported (give an OpenSSH or PEM private key)");
}

}  // namespace borgop
