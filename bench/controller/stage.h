// What the phases of a turn share: the control plane, the targets on it, what was asked of it, and when a contender is at rest.
//
// Threading: one thread. Errors: std::runtime_error.
#pragma once

#include <chrono>
#include <optional>

#include "bench/controller/audit.h"
#include "bench/controller/contender.h"
#include "bench/controller/fleet.h"
#include "bench/controller/turn.h"

namespace borgop::bench {

using Moment = std::chrono::steady_clock::time_point;
inline double SecondsSince(Moment begin) { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); }

class Stage {
 public:
  Stage(Contender who, TurnSettings what);

  bool Wants(const std::string& phase) const { return settings.only.empty() || settings.only.contains(phase); }
  lab::Process StartContender(double rate, bool elect) const;
  // Waits until it has listed what it watches and then neither asked for anything, but by watches and for the Lease, nor used a tenth of a
  // processor, for three seconds. Returns when those began. `before`: what was asked before it was started.
  Moment AwaitRest(const lab::Process& process, const Requests& before);
  Measurement Begun(const std::string& phase) const { return {contender.name, phase, settings.targets, {}, {}}; }

  const Contender contender;
  const TurnSettings settings;
  api_tests::ControlPlane plane;
  const Fleet fleet;
  api_tests::AdminClient admin;
  Audit audit;

 private:
  const api_tests::ControlPlane& Prepared();
};

// The phases. All expect what those before them left.
Measurement RunCold(Stage& stage);
Measurement RunFailover(Stage& stage, std::unique_ptr<lab::Process>& leader);
Measurement RunChanges(Stage& stage, const lab::Process& process);
Measurement RunEnds(Stage& stage, const lab::Process& process, bool has_jobs);

}  // namespace borgop::bench
