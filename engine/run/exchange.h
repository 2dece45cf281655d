// One borg client talking to one `borg serve` on B, from the passphrase to both ends' last words.
//
// Threading: the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/secret.h"
#include "engine/borg/log_reader.h"
#include "engine/borg/outcome.h"
#include "engine/borg/output.h"
#include "engine/bridge/bridge.h"
#include "engine/run/borg_process.h"

namespace borgop {

// How the client reaches the bridge.
class BridgeEntrance {
 public:
  virtual ~BridgeEntrance() = default;
  // Waits for the client, where there is something to wait for.
  virtual Task<Result<BridgeEnd>> Open(Context context) = 0;
  // The client has spoken: nobody else can come.
  virtual Task<void> Used(Context context) = 0;
};

struct ExchangeResult {
  std::optional<Exit> exit;           // none: the client's end was not seen
  Messages messages;                  // what the client said
  std::string output;                 // its standard output; empty where ExchangeOptions::output took it
  std::optional<Error> output_error;  // of ExchangeOptions::output
  Messages server_messages;           // what `borg serve` said on its standard error
  std::optional<ExitStatus> server_exit;
  BridgeResult bridge;
  BridgeCounters counters;
  bool used = false;                 // the client connected
  bool never_connected = false;      // it did not in its time, and was asked to end
  bool never_answered = false;       // the server did not, and the client was asked to end
  bool stalled = false;              // neither said anything any more, and the client was asked to end
  std::optional<Error> interrupted;  // stopped, out of time, or a broken connection
};

struct ExchangeOptions {
  std::chrono::milliseconds unused_limit{120'000};  // how long the client may take to connect, and the server to answer it
  // How long both may say nothing, to each other and to us. borg is silent while it waits for a lock, writes an index or compacts a
  // large repository; what is stopped, or waits for a file system that hangs, is silent for ever.
  std::chrono::milliseconds stall_limit = std::chrono::hours(2);
  std::function<void(const LogEvent&, const BridgeCounters&)> on_event;
  // Where the client's standard output goes as it comes; null: into the result. One that takes no more ends the exchange. It outlives the
  // exchange, which does not close it.
  Writer* output = nullptr;
  ManifestReview review = {};
};

// Runs them to their ends, under a guard that is this exchange's alone. When the context stops, it returns soon; ending what still runs is
// the caller's.
Task<ExchangeResult> RunExchange(Context context, BorgProcess& client, BridgeEntrance& entrance, RemoteProcess& server,
                                 guard::Guard& guard, const Secret& passphrase, ExchangeOptions options);

// What an exchange came to, `server` being what messages call B: the pure verdict over all of the above. What the guard refused comes
// first: everything else follows from it, or hides it. A client that failed because B failed is told as B's failure.
Result<Completion> JudgeExchange(Step step, std::string_view where, std::string_view server, const ExchangeResult& result);

}  // namespace borgop
