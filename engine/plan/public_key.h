// Whether a public key in wire format is whole: one that is cut parses as base64 and has its type in front, and would only be found out
// once a host shows another.
//
// Thread safety: pure function. Sources: RFC 4253 section 6.6 (ssh-rsa, ssh-dss), RFC 5656 section 3.1 (ecdsa-sha2-*), RFC 8709 section 4
// (ssh-ed25519), OpenSSH's PROTOCOL.u2f (sk-*).
#pragma once

#include <string_view>

namespace borgop {

// Nothing is missing and nothing left over behind the type, which `blob` begins with. Types that are not known here (certificates
// among them), and so never pinned, are not looked into.
bool IsWholePublicKey(std::string_view type, std::string_view blob);

}  // namespace borgop
