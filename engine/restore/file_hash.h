// SHA-256 of a file on this machine, as 64 lower-case hexadecimal digits. Gives way to the loop while it reads.
#pragma once

#include <string>

#include "engine/loop/wait.h"

namespace borgop {

// Errors: kVerifyFailed; a stop.
Task<Result<std::string>> Sha256OfFile(Context context, std::string path);

}  // namespace borgop
