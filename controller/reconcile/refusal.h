// What the API says to an object that is made from a target: no schema here sees all that a pod may not be, and admission, quotas and names
// that are taken are seen by nobody before.
//
// Thread safety: pure functions. Sources: Kubernetes, API concepts ("Server-Side Apply", conflicts), the Status of an answer.
#pragma once

#include <string>

#include "controller/reconcile/obstacle.h"

namespace borgop::controller {

struct Refusal {
  enum class Cause { kInvalid, kForbidden, kNameTaken };
  Cause cause = Cause::kInvalid;
  std::string object;  // "CronJob web-01"
  std::string said;    // by the API
};

// An invalid object is a mistake of the spec, told with the paths of its fields; a name that is taken is for a person to settle. What is
// forbidden (a quota, admission, a Role) may pass.
Obstacle ObstacleOf(const Refusal& refusal);

}  // namespace borgop::controller
