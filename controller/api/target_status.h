// BorgBackupTarget's status, to and from JSON. It is both what people read and what the operator remembers, so reading what was
// written gives the same (but for times, which are whole seconds).
//
// Thread safety: values and pure functions. Errors: none. What cannot be read is as if it were not there, and is written anew.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "controller/api/condition.h"

namespace borgop::api {

inline constexpr std::string_view kPhaseStarting = "Starting";  // its pod has not begun
inline constexpr std::string_view kPhaseRunning = "Running";

// One run, as it stands in lastBackup, lastSuccessfulBackup and lastMaintenance.
struct RunStatus {
  std::string job;              // name of the Job
  std::string phase;            // kPhaseStarting, kPhaseRunning, "Completed", "CompletedWithWarnings", "Failed", "Cancelled"
  std::string reason, message;  // of a failure: the report's reason, or what became of the pod
  std::string kind;             // of a failure: "Transient", "Waiting", "Terminal", "Cancelled"
  std::optional<WallTime> start_time, completion_time;
  std::string archive, archive_id;
  std::optional<std::uint64_t> original_size, compressed_size, deduplicated_size, files;
  std::uint64_t warnings = 0;
  std::string first_warning;
  std::optional<std::uint64_t> pruned;
  std::string run_id;         // uid of the first Job of this run and the retries after it
  std::uint64_t attempt = 0;  // of a retry, from 1
  std::string inputs;         // digest of the spec and the Secrets that it ran with
  bool goes_on() const { return phase == kPhaseStarting || phase == kPhaseRunning; }
  bool operator==(const RunStatus&) const = default;
};

// Of a backup that runs.
struct ProgressStatus {
  std::string job;
  std::string phase;  // of the engine: "connect", "create", …
  std::uint64_t files = 0, original_size = 0, bytes_bridged = 0;
  WallTime time;
  bool operator==(const ProgressStatus&) const = default;
};

struct RepositoryStatus {
  std::string id, encryption;
  std::optional<std::uint64_t> archives, original_size, deduplicated_size;
  bool operator==(const RepositoryStatus&) const = default;
};

struct TargetStatus {
  std::int64_t observed_generation = 0;
  Conditions conditions;
  std::string state;  // for people: the printer column
  std::string effective_schedule;
  std::optional<WallTime> next_backup_time;
  std::optional<WallTime> last_check_time;  // of the last check that found the repository whole
  std::optional<RunStatus> last_backup, last_successful_backup, last_maintenance;
  std::optional<ProgressStatus> progress;
  std::uint64_t consecutive_failures = 0;
  std::string last_run_now;
  RepositoryStatus repository;
  bool operator==(const TargetStatus&) const = default;
};

nlohmann::json ToJson(const TargetStatus& status);
// Of a whole object.
TargetStatus ReadStatus(const nlohmann::json& object);

}  // namespace borgop::api
