// The bridge between borg on T (or on C) and `borg serve` on B. Every byte between them passes here, and nowhere else: what the engine
// wants to know or refuse about the traffic, it does at this place.
//
// Memory: one buffer a direction, plus what the channels' windows allow; a side that does not read stops the other from sending.
// Threading: the loop's thread.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/loop/stream.h"

namespace borgop {

// Where a bridge ends on each side.
struct BridgeEnd {
  Reader& from;
  Writer& to;
};

// Counted while the bridge runs; read it at any time.
struct BridgeCounters {
  std::uint64_t to_server = 0, to_client = 0;
};

struct BridgeResult {
  std::optional<Error> client_error, server_error;  // which side broke; neither: both ended in order
};

// Carries bytes between a borg client and a borg server until both directions have ended. `first_byte` is notified once the client
// has said something. The context's stop ends both directions.
Task<BridgeResult> RunBridge(Context context, BridgeEnd client, BridgeEnd server, BridgeCounters& counters, WaitQueue& first_byte);

}  // namespace borgop
