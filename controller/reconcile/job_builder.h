// The objects of a target: the plan in a ConfigMap, the CronJobs, single Jobs. Pure values; whoever applies them adds nothing.
//
// A plan holds no secrets: it names files, and the pod mounts the Secrets there, read-only. Only what the plan names is mounted. Pods pass
// the restricted Pod Security Standard and get no token of a service account.
//
// The Job is never retried by Kubernetes but for a pod that the cluster took away (drained, evicted, preempted): whether a failure
// may pass by itself is known from the report only, so the operator starts retries.
//
// Where maintenance has a schedule of its own, a backup's plan neither prunes, checks nor compacts, and the maintenance CronJob's plan does all
// of it after a backup.
//
// Thread safety: pure functions. Sources: Kubernetes batch/v1, "Pod failure policy" (KEP-3329), "Pod Security Standards".
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/borg_backup_target.h"
#include "controller/api/borg_server.h"
#include "controller/api/object_meta.h"
#include "controller/reconcile/names.h"

namespace borgop::controller {

// Where the engine finds, in the pod, its plan and what is known of the repository (the latter from the carried state's ConfigMap,
// under the same key).
inline constexpr std::string_view kPlanDir = "/etc/borg-operator";
inline constexpr std::string_view kStateDir = "/etc/borg-operator-state";
inline constexpr std::string_view kLedgerFile = "ledger.json";

// What is the same for all targets.
struct EngineSettings {
  std::string image;
  std::string image_pull_policy = "IfNotPresent";
  std::vector<std::string> image_pull_secrets;
  std::string secrets_dir = "/run/borg-operator";  // in the pod
  std::int64_t user_id = 65'532;
};

struct JobInputs {
  api::ObjectMeta meta;  // of the target
  api::BorgBackupTargetSpec target;
  api::BorgServerSpec server;
  std::set<std::string> keys_with_passphrase;  // Secrets with an SSH key that have a passphrase for it
  bool start_suspended = false;                // Jobs wait until the operator releases them
};

// Kinds of run that the target has: a backup always, maintenance where it has a schedule of its own.
bool HasOwnMaintenance(const api::BorgBackupTargetSpec& target);

// Of all that a Job is made from, but for what Secrets hold and whether it starts suspended. Jobs carry it as an annotation.
std::string InputsDigest(const JobInputs& inputs, const EngineSettings& settings, RunKind kind);

nlohmann::json BuildPlan(const JobInputs& inputs, const EngineSettings& settings, RunKind kind);
nlohmann::json BuildPlanConfigMap(const JobInputs& inputs, const EngineSettings& settings);
// `schedule` is in effect: five fields or a name that Kubernetes knows.
nlohmann::json BuildCronJob(const JobInputs& inputs, const EngineSettings& settings, RunKind kind, const std::string& schedule);
// A Job of its own, owned by the target. It carries the finalizer from the start; the Jobs of CronJobs get it from the operator.
nlohmann::json BuildJob(const JobInputs& inputs, const EngineSettings& settings, RunKind kind, const std::string& name,
                        const std::map<std::string, std::string>& annotations);

}  // namespace borgop::controller
