// The single-use socket on T: the way from borg on T into the bridge.
//
// In the keeper's private directory, over exec channels: `socat UNIX-LISTEN` takes exactly one connection, or, where T has no socat,
// two FIFOs with a cat each (one channel cannot do for both: sshd gives a command one socket for input and output, and no end of
// file would arrive). sshd's own socket forwarding is not used: libssh2 has none, and it would need settings on T.
//
// Threading: the loop's thread. Ownership: must not outlive the Connection and the Keeper.
#pragma once

#include <memory>
#include <string>

#include "engine/remote/keeper.h"

namespace borgop {

class TargetSocket {
 public:
  // Errors: kSocketToolMissing; those of StartScript.
  static Task<Result<std::unique_ptr<TargetSocket>>> Open(Context context, Connection& connection, Keeper& keeper);

  Reader& from_target() { return listener_->out(); }
  Writer& to_target() { return writer_ ? writer_->in() : listener_->in(); }
  // What borg on T takes as BORG_RSH: a command that talks to the socket and ignores the words that borg appends.
  const std::string& rsh() const { return rsh_; }
  // Shell text that waits until the socket is there (at most 10 s), for the script that runs borg.
  const std::string& wait_until_ready() const { return wait_; }

  // The exit status of that script when the socket did not appear in time.
  static constexpr int kNotThere = 98;

  // Ends what waits for a connection that will not come.
  Task<void> Terminate(Context context);
  // Reads what is left on all channels, waits for their ends and closes them. What socat said goes to `messages`. What has not ended
  // within the context's time is left to the keeper.
  Task<void> Close(Context context, std::string& messages);

 private:
  explicit TargetSocket(Keeper& keeper) : keeper_(keeper) {}

  Keeper& keeper_;
  std::unique_ptr<RemoteProcess> listener_;  // socat, or the cat that reads the FIFO
  std::unique_ptr<RemoteProcess> writer_;    // the cat that writes the other FIFO; null with socat
  std::string rsh_, wait_;
};

}  // namespace borgop
