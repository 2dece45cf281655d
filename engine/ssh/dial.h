// From an SshEndpoint to an authenticated Session, over its jump hosts.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/plan/plan.h"
#include "engine/ssh/session.h"

namespace borgop {

// Limits how many logins to one host are under way at once: OpenSSH's default (MaxStartups 10:30:100) drops connections at random
// from the tenth unauthenticated one on. Shared by all targets of a run.
class LoginLimiter {
 public:
  AsyncLock& For(const SshEndpoint& endpoint);

 private:
  std::map<std::string, std::unique_ptr<AsyncLock>> locks_;
};

struct DialOptions {
  std::chrono::milliseconds connect_timeout{30'000};
  std::chrono::milliseconds login_timeout{60'000};
  SessionTimes times;
  LoginLimiter* limiter = nullptr;  // null: no limit
};

// `name` is what messages call the machine. A host that hangs up during the handshake is tried again a few times: that is what a
// busy sshd does. Errors: those of ConnectTcp, Handshake and Authenticate, and kInvalidConfig when no host key is pinned.
// `endpoint` outlives the call.
Task<Result<std::unique_ptr<Session>>> Dial(Context context, const SshEndpoint& endpoint, std::string name, DialOptions options);

// `host port 22`, as messages say it.
std::string Describe(const SshEndpoint& endpoint);

}  // namespace borgop
