// libssh2's codes to Errors: the only place.
#pragma once

#include <libssh2.h>

#include <string>

#include "engine/base/error.h"

namespace borgop {

// `code` is negative and not EAGAIN. The message names the machine, what was being done, and libssh2's own words.
Error TranslateLibssh2(LIBSSH2_SESSION* session, int code, const std::string& name, const char* doing);

// True when no other call on the session can succeed after this code.
bool BreaksConnection(int code);

}  // namespace borgop
