// Reads a whole file or standard input, which may hold secrets.
//
// Thread safety: pure but for the file system. Ownership: the caller wipes the text.
#pragma once

#include <cstddef>
#include <string>

#include "engine/base/result.h"

namespace borgop {

// From where `fd` stands to its end. Errors: as below.
Result<std::string> ReadInput(int fd, std::size_t size_limit);

// Regular files, pipes (such as a shell's <(...)) and links to them. The Error is kInvalidConfig with a phrase such as
// "cannot be read: No such file or directory" or "is larger than 65536 bytes".
Result<std::string> ReadInputFile(const std::string& path, std::size_t size_limit);

}  // namespace borgop
