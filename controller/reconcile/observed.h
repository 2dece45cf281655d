// All that a decision about one target looks at, as the API gave it. Whoever fills it in decides nothing.
//
// Secrets: which keys one has is not in its metadata, so it takes a GET of each that SecretNames lists whose resourceVersion is new; the
// values are dropped at once.
//
// Thread safety: values.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "controller/reconcile/refusal.h"

namespace borgop::controller {

struct Observed {
  nlohmann::json target;  // null: it is gone, and Jobs of it may be left
  bool namespace_terminating = false;
  nlohmann::json server;                                 // null: there is none of that name
  Secrets secrets;                                       // of SecretNames(target, server), those which exist
  nlohmann::json plan, carried_state;                    // ConfigMaps PlanName and StateName; null: not there
  nlohmann::json backup_cron_job, maintenance_cron_job;  // CronJobName; null: not there
  std::vector<nlohmann::json> jobs;                      // whose annotation kTargetNameAnnotation names the target
  std::vector<nlohmann::json> pods;                      // of these Jobs; others may be among them
  std::map<std::string, std::string> logs;               // by pod: ends that Decisions::logs asked for
  std::vector<PathClaim> claims;                         // of all targets with the same repository, this one included
  std::size_t server_targets = 1;                        // with the same spec.serverRef, this one included
  // What became of carrying out what was decided from all this a moment ago: the API refused what was to be applied or made. What comes
  // before that in Decisions was done; nothing is applied or made this time, so that the rest is.
  std::optional<Refusal> refusal;
};

}  // namespace borgop::controller
