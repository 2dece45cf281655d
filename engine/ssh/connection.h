// The seam between what the engine does and how it reaches a machine: an authenticated connection with channels that run commands.
// The real one is a Session over libssh2 (session.h); tests have one in memory. One conformance suite runs over both.
//
// Threading: the loop's thread. Ownership: a Connection outlives its Channels.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/result.h"
#include "engine/loop/stream.h"

namespace borgop {

// How a remote command ended (RFC 4254, section 6.10).
struct ExitStatus {
  int status = 0;
  std::string signal;  // without "SIG"; empty: it exited by itself
  bool ok() const { return status == 0 && signal.empty(); }
};

// One running remote command.
class Channel {
 public:
  virtual ~Channel() = default;
  // Both end with the command's output. That may be held open for hours by something that the login shell has started in the
  // background: where the command is known to have ended, they end once nothing has come for a few seconds. It is known at once for
  // every status but 0; RemoteProcess (engine/remote/script.h) sees to it that there is none.
  virtual Reader& out() = 0;
  virtual Reader& err() = 0;
  virtual Writer& in() = 0;
  // To be called once out() and err() have been read to their ends.
  virtual Task<Result<ExitStatus>> WaitExit(Context context) = 0;
  // Ends the channel on both sides; the remote program is not killed, but sees its pipes closed. Idempotent. A channel that is
  // destroyed without it lives on, unread, until the connection ends.
  virtual Task<Status> Close(Context context) = 0;
};

class Connection {
 public:
  virtual ~Connection() = default;
  // What this reaches, for messages: `the target "web-01" (web.example.org port 22)`.
  virtual const std::string& name() const = 0;
  // Runs `command` in the login shell of the account. `window` is how many bytes the other side may send before they are read:
  // it bounds this channel's memory. Errors: kChannelRefused, and those of a broken connection.
  virtual Task<Result<std::unique_ptr<Channel>>> Exec(Context context, std::string command, std::uint32_t window) = 0;
  // Why the connection is broken; nothing while it is not.
  virtual const std::optional<Error>& failure() const = 0;
  // Breaks the connection at once: everything that waits on it fails with `error`.
  virtual void Abort(Error error) = 0;
  // Says goodbye to the other side and closes. At most until the context's deadline; never fails.
  virtual Task<void> Disconnect(Context context) = 0;

  static constexpr std::uint32_t kSmallWindow = 256 * 1024;
};

}  // namespace borgop
