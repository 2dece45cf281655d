// The bridge between borg on T (or on C) and `borg serve` on B. Every byte between them passes here, and nowhere else; so this is where the
// guard reads them, and where they wait for its verdict. After a refusal both ends see the end of the stream, and nothing of what was kept.
//
// Memory: one buffer a direction and what the guard has kept (guard.h), plus what the channels' windows allow; a side that does not read
// stops the other from sending.
// Threading: the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/guard/guard.h"
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
  std::optional<Error> refused;                     // by the guard: what it says of T or of B
};

// Reads what T is about to put in the place of the repository's manifest, while T waits: whether it may. An error ends the session, and accuses
// nobody.
using ManifestReview = std::function<Task<Result<bool>>(Context, std::string manifest)>;

// Carries bytes between a borg client and a borg server until both directions have ended. `first_byte` is notified once the client
// has said something. The context's stop ends both directions. `guard` outlives the bridge; nullptr only where no borg is at the server's
// end (`borg-engine connect`, which leads to the bridge).
// `review` is for guards that ask for one (Expectation::reviews_manifests); without it such a manifest is refused.
Task<BridgeResult> RunBridge(Context context, BridgeEnd client, BridgeEnd server, guard::Guard* guard, BridgeCounters& counters,
                             WaitQueue& first_byte, ManifestReview review = {});

}  // namespace borgop
