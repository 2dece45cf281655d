#include "controller/api/target_status.h"

#include <utility>

#include "controller/api/object_meta.h"
#include "engine/base/rfc3339.h"
#include "engine/report/printable.h"
#include "engine/report/sizes.h"

namespace borgop::api {
namespace {

using nlohmann::json;

// Names and messages in a status come from other machines.
constexpr std::size_t kMaxText = 1024;

void Put(json& to, const char* key, const std::string& text) {
  if (!text.empty()) to[key] = Printable(text, kMaxText);
}
void Put(json& to, const char* key, const std::optional<std::uint64_t>& number) {
  if (number) to[key] = *number;
}
void Put(json& to, const char* key, const std::optional<WallTime>& time) {
  if (time) to[key] = KubeTime(*time);
}

const json* At(const json* object, const char* key) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto found = object->find(key);
  return found == object->end() ? nullptr : &*found;
}
std::string Text(const json* object, const char* key) {
  const json* value = At(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}
std::optional<std::uint64_t> Number(const json* object, const char* key) {
  const json* value = At(object, key);
  return value != nullptr && value->is_number_unsigned() ? std::optional(value->get<std::uint64_t>()) : std::nullopt;
}
std::optional<WallTime> Time(const json* object, const char* key) { return ParseRfc3339(Text(object, key)); }

json RunJson(const RunStatus& run) {
  json to = json::object();
  Put(to, "job", run.job);
  Put(to, "phase", run.phase);
  Put(to, "reason", run.reason);
  Put(to, "message", run.message);
  Put(to, "kind", run.kind);
  Put(to, "startTime", run.start_time);
  Put(to, "completionTime", run.completion_time);
  Put(to, "archive", run.archive);
  Put(to, "archiveID", run.archive_id);
  if (run.original_size) to["size"] = HumanBytes(*run.original_size);  // for a printer column; not read back
  Put(to, "originalSize", run.original_size);
  Put(to, "compressedSize", run.compressed_size);
  Put(to, "deduplicatedSize", run.deduplicated_size);
  Put(to, "files", run.files);
  if (run.warnings > 0) to["warnings"] = run.warnings;
  Put(to, "firstWarning", run.first_warning);
  Put(to, "pruned", run.pruned);
  Put(to, "runID", run.run_id);
  if (run.attempt > 0) to["attempt"] = run.attempt;
  Put(to, "inputs", run.inputs);
  return to;
}

std::optional<RunStatus> ReadRun(const json* from) {
  if (from == nullptr || !from->is_object()) return std::nullopt;
  RunStatus run;
  run.job = Text(from, "job");
  run.phase = Text(from, "phase");
  run.reason = Text(from, "reason");
  run.message = Text(from, "message");
  run.kind = Text(from, "kind");
  run.start_time = Time(from, "startTime");
  run.completion_time = Time(from, "completionTime");
  run.archive = Text(from, "archive");
  run.archive_id = Text(from, "archiveID");
  run.original_size = Number(from, "originalSize");
  run.compressed_size = Number(from, "compressedSize");
  run.deduplicated_size = Number(from, "deduplicatedSize");
  run.files = Number(from, "files");
  run.warnings = Number(from, "warnings").value_or(0);
  run.first_warning = Text(from, "firstWarning");
  run.pruned = Number(from, "pruned");
  run.run_id = Text(from, "runID");
  run.attempt = Number(from, "attempt").value_or(0);
  run.inputs = Text(from, "inputs");
  return run;
}

}  // namespace

json ToJson(const TargetStatus& status) {
  json to = {{"observedGeneration", status.observed_generation}, {"conditions", ToJson(status.conditions)}};
  Put(to, "state", status.state);
  Put(to, "effectiveSchedule", status.effective_schedule);
  Put(to, "nextBackupTime", status.next_backup_time);
  Put(to, "lastCheckTime", status.last_check_time);
  if (status.last_backup) to["lastBackup"] = RunJson(*status.last_backup);
  if (status.last_successful_backup) to["lastSuccessfulBackup"] = RunJson(*status.last_successful_backup);
  if (status.last_maintenance) to["lastMaintenance"] = RunJson(*status.last_maintenance);
  if (status.progress) {
    const ProgressStatus& progress = *status.progress;
    json& into = to["progress"] = json::object();
    Put(into, "job", progress.job);
    Put(into, "phase", progress.phase);
    into["files"] = progress.files;
    into["originalSize"] = progress.original_size;
    into["bytesBridged"] = progress.bytes_bridged;
    into["time"] = KubeTime(progress.time);
  }
  to["consecutiveFailures"] = status.consecutive_failures;
  // Compared with the annotation as it is, so never cut (an annotation's value fits a status).
  if (!status.last_run_now.empty()) to["lastRunNow"] = status.last_run_now;
  json repository = json::object();
  Put(repository, "id", status.repository.id);
  Put(repository, "encryption", status.repository.encryption);
  Put(repository, "archives", status.repository.archives);
  Put(repository, "originalSize", status.repository.original_size);
  Put(repository, "deduplicatedSize", status.repository.deduplicated_size);
  if (!repository.empty()) to["repository"] = std::move(repository);
  return to;
}

TargetStatus ReadStatus(const json& object) {
  const json* from = At(&object, "status");
  TargetStatus status;
  if (const json* generation = At(from, "observedGeneration"); generation != nullptr && generation->is_number_integer())
    status.observed_generation = generation->get<std::int64_t>();
  status.conditions = ReadConditions(At(from, "conditions"));
  status.state = Text(from, "state");
  status.effective_schedule = Text(from, "effectiveSchedule");
  status.next_backup_time = Time(from, "nextBackupTime");
  status.last_check_time = Time(from, "lastCheckTime");
  status.last_backup = ReadRun(At(from, "lastBackup"));
  status.last_successful_backup = ReadRun(At(from, "lastSuccessfulBackup"));
  status.last_maintenance = ReadRun(At(from, "lastMaintenance"));
  if (const json* progress = At(from, "progress"); progress != nullptr && progress->is_object()) {
    status.progress = ProgressStatus{Text(progress, "job"),
                                     Text(progress, "phase"),
                                     Number(progress, "files").value_or(0),
                                     Number(progress, "originalSize").value_or(0),
                                     Number(progress, "bytesBridged").value_or(0),
                                     Time(progress, "time").value_or(WallTime{})};
  }
  status.consecutive_failures = Number(from, "consecutiveFailures").value_or(0);
  status.last_run_now = Text(from, "lastRunNow");
  const json* repository = At(from, "repository");
  status.repository = {Text(repository, "id"), Text(repository, "encryption"), Number(repository, "archives"),
                       Number(repository, "originalSize"), Number(repository, "deduplicatedSize")};
  return status;
}

}  // namespace borgop::api
