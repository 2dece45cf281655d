// What can be known of a private key before anything connects, so that a bad one is an error at its place in the configuration
// rather than a failed login.
//
// Taken: OpenSSH's own format (openssh-key-v1: PROTOCOL.key in OpenSSH), PEM (PKCS#1, SEC1) and PKCS#8; Ed25519, ECDSA on the NIST
// curves, RSA; CRLF, blank lines in front, no final newline. An encrypted openssh-key-v1 is not opened (OpenSSL has no bcrypt KDF):
// of its passphrase only that there is one is checked.
//
// Thread safety: pure function. Errors: kKeyUnusable, a phrase with what to do in brackets; never holds anything of the key.
#pragma once

#include "engine/base/result.h"
#include "engine/base/secret.h"

namespace borgop {

Status CheckPrivateKey(const Secret& key, const Secret& passphrase);

}  // namespace borgop
