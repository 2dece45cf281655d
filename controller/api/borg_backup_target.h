// BorgBackupTarget's spec: T, its repository, when and what.
//
// What the engine's plan has in the same form (source, retention, hooks) is of the engine's own types, and judged by its rules.
//
// Thread safety: values and pure functions. Errors: all fields with problems (json_object.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "controller/api/borg_server.h"
#include "engine/plan/plan.h"

namespace borgop::api {

struct RepositorySpec {
  std::string path;
  std::string passphrase_secret;  // empty: not encrypted
  std::string passphrase_key = "passphrase";
  std::string encryption = "repokey-blake2";
  bool adopt = false;  // what it has when nothing is known of it yet is taken for good
};

struct MaintenanceSpec : Maintenance {
  std::string schedule;  // empty: after each backup
};

struct LimitsSpec {
  std::chrono::seconds deadline{21'600};         // of a run, a retry counts as another
  std::chrono::seconds starting_deadline{3600};  // how late a missed run is caught up
  std::uint32_t upload_rate_kib = 0;
  std::int64_t max_new_bytes = 0;
  int retries = 3;  // of a run that failed in a way that may pass
};

// The parts of a pod that people may set. JSON as it goes into the pod; the schema in the API server has judged it.
struct PodTemplateSpec {
  nlohmann::json labels = nlohmann::json::object(), annotations = nlohmann::json::object();
  nlohmann::json resources, node_selector, tolerations, affinity;  // null: not given
  std::string priority_class;
};

struct BorgBackupTargetSpec {
  std::string server;  // name of a BorgServer of the same namespace
  RepositorySpec repository;
  SshEndpointSpec connection;
  std::string borg = "borg";
  Source source;
  std::string archive_name = "snapshot-{utcnow}";
  std::string schedule;   // empty: none of its own
  std::string time_zone;  // empty: UTC
  bool suspend = false;
  Retention retention;
  MaintenanceSpec maintenance;
  Hooks hooks;
  LimitsSpec limits;
  int successful_jobs_history = 3, failed_jobs_history = 3;
  PodTemplateSpec pod;
};

// Of a whole object.
Read<BorgBackupTargetSpec> ReadTarget(const nlohmann::json& object);

}  // namespace borgop::api
