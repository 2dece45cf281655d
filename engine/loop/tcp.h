// TCP connections out of this process. Nothing here listens.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/unique_fd.h"
#include "engine/loop/wait.h"

namespace borgop {

// Connects to the first address of `host` that answers: each is given a share of the time that is left, so that one silent address
// does not use it up. Errors: kNameNotResolved, kConnectFailed, kConnectTimeout, naming every address tried.
// The socket is non-blocking, with TCP_NODELAY: the bridge sends whole packets and waits for answers.
Task<Result<UniqueFd>> ConnectTcp(Context context, std::string host, std::uint16_t port);

}  // namespace borgop
