// Which keys a host may show: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT", as ssh-keyscan prints it and ssh-keygen -H hashes it.
//
// Taken: comments, several keys a host, `host`, `[host]:port`, comma lists, `*`, `?`, `!negation`, |1|salt|hash names, CRLF, comments
// behind a key, @revoked, and a bare key without a name (`ssh-ed25519 AAAA...`), which is valid for whatever host this text is given
// for. Not taken: @cert-authority, and key types that the engine cannot negotiate; such lines are left out. A key that is not whole
// (public_key.h) is an error wherever it stands.
//
// Matching: port 22 is `host` or `[host]:22`; another port is `[host]:port`, and, only where no line has that, `host`. Names
// compare without regard to case.
//
// Thread safety: values; const use from several threads is fine. Errors: kInvalidConfig, a phrase that names the line of the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace borgop {

struct PinnedKey {
  std::string type;  // ssh-ed25519, ecdsa-sha2-nistp256 (384, 521) or ssh-rsa
  std::string blob;  // the public key in wire format (RFC 4253 section 6.6), decoded
  bool operator==(const PinnedKey&) const = default;
};

class KnownHosts {
 public:
  static Result<KnownHosts> Parse(std::string_view text);

  // At least one key, in the order of the text, without repetitions; otherwise an Error that says which names the text has.
  Result<std::vector<PinnedKey>> KeysFor(std::string_view host, std::uint16_t port) const;

 private:
  enum class Marker { kNone, kRevoked, kCertAuthority };
  struct Line {
    Marker marker = Marker::kNone;
    bool supported = false;  // the type is one of ours
    std::string hosts;       // lower case unless hashed; empty: any
    PinnedKey key;
  };

  static Result<Line> ParseLine(std::string_view text);
  static bool Matches(const Line& line, const std::string& name);
  std::string Names() const;
  std::vector<Line> lines_;
};

// In one step.
Status CheckKnownHosts(std::string_view text);
Result<std::vector<PinnedKey>> KeysFor(std::string_view text, const std::string& host, std::uint16_t port);

}  // namespace borgop
