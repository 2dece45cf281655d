// The copy of a repository's key that people keep on C (`borg key export`): who has lost B's config file gets nothing back without it. It is
// as the repository has it, encrypted with the passphrase.
//
// Threading: any; blocks for as long as the disk does. Errors: kKeyFileUnusable; kRepositoryTampered where it is another key than B's.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/guard/key_print.h"

namespace borgop {

// Whether there is a file at `path`; one that is there holds `key`.
Result<bool> KeyFileIsThere(const std::string& path, const guard::KeyPrint& key);

// What `borg key export` said, if it is `key`. For this user only (0600), whole or not at all.
Status WriteKeyFile(const std::string& path, std::string_view exported, const guard::KeyPrint& key);

}  // namespace borgop
