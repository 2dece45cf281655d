// What to do about a BorgServer: release Jobs that wait for it, and say how it stands.
//
// One key, one worker: all that is released at a server is decided here, so that no two workers give the last place away twice.
//
// Thread safety: pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "controller/api/server_status.h"
#include "controller/reconcile/admission.h"
#include "controller/reconcile/obstacle.h"

namespace borgop::controller {

struct ObservedServer {
  nlohmann::json server;
  Secrets secrets;                    // those of SecretNames(null, server) which exist
  std::vector<SharedObject> targets;  // of the namespace; others than this server's may be among them
  std::vector<SharedObject> jobs;     // those of the targets; others may be among them
};

struct ServerDecisions {
  std::vector<JobRef> release;              // set spec.suspend to false; nothing is wrong where one is gone
  std::optional<api::ServerStatus> status;  // where it changed
};

// Of a server that exists. One that is being deleted releases nothing, and its status stays.
ServerDecisions DecideServer(const ObservedServer& observed, WallTime now);

}  // namespace borgop::controller
