// What a target's spec, its server and its Secrets come to: what its Jobs are made from, when they are due, and what stands in the way.
//
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>

#include "controller/reconcile/carried_state.h"
#include "controller/reconcile/job_builder.h"
#include "controller/reconcile/observed.h"

namespace borgop::controller {

struct TargetSetup {
  std::optional<JobInputs> inputs;  // nothing: the spec or the server cannot be read, so no objects can be made
  bool suspended = false;
  bool timetable_read = false;                 // else the next three say nothing
  std::string schedule, maintenance_schedule;  // in effect; empty: none
  std::optional<WallTime> next_due;            // of either; nothing while suspended
  std::string digest;                          // of all that a run depends on, what Secrets hold included
  std::optional<Obstacle> obstacle;
};

// `carried`: the state, or what is wrong with its ConfigMap.
TargetSetup ReadSetup(const Observed& observed, const EngineSettings& settings,
                      const tl::expected<CarriedState, std::string>& carried, WallTime now);

}  // namespace borgop::controller
