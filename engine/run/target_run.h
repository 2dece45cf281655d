// One target's run, from the first connection to the last trace removed.
//
// Threading: the loop's thread. Nothing here throws; whatever happens ends up in the report.
#pragma once

#include <string>

#include "engine/loop/signals.h"
#include "engine/plan/plan.h"
#include "engine/remote/keeper.h"
#include "engine/report/observer.h"
#include "engine/ssh/dial.h"

namespace borgop {

// What all targets of a run share. Everything pointed to outlives the run.
struct RunEnvironment {
  EventLoop* loop = nullptr;
  Signals* signals = nullptr;
  Observer* observer = nullptr;
  LoginLimiter* logins = nullptr;
  std::string engine;         // this program's path: what the local borg is given to connect through
  std::string borg = "borg";  // the borg on this machine
  std::string state;          // the directory that keeps the targets' ledgers (PrepareStateDirectory); empty: none are kept
  KeeperTimes keeper;
  SessionTimes session;
};

Task<TargetReport> RunTarget(Context context, const Server& server, const Target& target, const RunEnvironment& environment);

}  // namespace borgop
