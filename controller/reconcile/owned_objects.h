// Which of a target's lasting objects (the plan, the CronJobs) are to be applied, held or deleted.
//
// An object is applied where it is not there, where it was applied from something else (a digest in its annotations tells), or where
// somebody changed what matters most in it by hand.
//
// Thread safety: pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "controller/reconcile/observed.h"
#include "controller/reconcile/target_setup.h"

namespace borgop::controller {

struct ObjectChanges {
  std::vector<nlohmann::json> apply;        // in this order
  std::vector<std::string> hold_cron_jobs;  // merge patch: spec.suspend true
  std::vector<std::string> delete_cron_jobs;
};

ObjectChanges DecideObjects(const Observed& observed, const TargetSetup& setup, const EngineSettings& settings);

}  // namespace borgop::controller
