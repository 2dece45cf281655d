// The fingerprint of a repository's key as B keeps it: SHA-256 over what borg's `load_key` answers. It says nothing about the key, which
// is encrypted there, and changes with the key and with its passphrase.
//
// Thread safety: pure function.
#pragma once

#include <array>
#include <string_view>

namespace borgop::guard {

using KeyPrint = std::array<char, 32>;

KeyPrint KeyPrintOf(std::string_view key);

}  // namespace borgop::guard
