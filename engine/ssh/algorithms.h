// Which algorithms are offered, and host keys as people read them.
#pragma once

#include <libssh2.h>

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/plan/known_hosts.h"

namespace borgop {

// Offers only the host key types that are pinned (RSA as rsa-sha2-512 and -256, RFC 8332; never SHA-1), and ciphers and MACs in
// the order of what libssh2 does fast. Errors: kNoCommonAlgorithm when libssh2 supports none of the pinned types.
Status SetAlgorithms(LIBSSH2_SESSION* session, const std::vector<PinnedKey>& pins, const std::string& name);

// The host key algorithms for these pins, as they stand in the key exchange. Exposed for tests.
std::string HostKeyMethods(const std::vector<PinnedKey>& pins);

// "ssh-ed25519 SHA256:…", as ssh-keygen -l prints it.
std::string Fingerprint(const std::string& blob);
std::string Fingerprints(const std::vector<PinnedKey>& pins);

}  // namespace borgop
