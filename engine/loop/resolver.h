// Host names to addresses, without blocking the loop: getaddrinfo(3) on a thread of its own.
#pragma once

#include <netdb.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/loop/wait.h"

namespace borgop {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  std::string text;  // numeric, for messages: "192.0.2.1:22", "[2001:db8::1]:22"
};

// All addresses of `host`, in the order of RFC 6724 as the C library gives them, duplicates removed. `host` may be a numeric address.
// Errors: kNameNotResolved. A look-up that is given up goes on in its thread and is forgotten.
Task<Result<std::vector<Address>>> Resolve(Context context, std::string host, std::uint16_t port);

}  // namespace borgop
