#include "controller/reconcile/new_runs.h"

#include <algorithm>
#include <array>

#include "controller/api/names.h"
#include "controller/reconcile/owned_meta.h"
#include "controller/reconcile/record_run.h"

namespace borgop::controller {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

WantedJob RetryOf(const api::ObjectMeta& target, const api::TargetStatus& status, const std::string& identity,
                  std::uint64_t attempt) {
  WantedJob job;
  job.name = RetryJobName(target.name, identity, static_cast<int>(attempt));
  // A run with maintenance stands in both places.
  const bool maintenance = status.last_maintenance && status.last_maintenance->job == status.last_backup->job;
  job.kind = maintenance ? RunKind::kMaintenance : RunKind::kBackup;
  job.annotations[std::string(api::kAttemptAnnotation)] = std::to_string(attempt);
  job.annotations[std::string(api::kRunIdAnnotation)] = identity;
  return job;
}

// The Job's annotation is newer than the status may be, so it says nothing here.
const JobRun* FindDone(const std::vector<JobRun>& runs, const api::TargetStatus& status, const std::string& name) {
  const auto found = std::find_if(runs.begin(), runs.end(), [&](const JobRun& run) {
    if (run.job.name != name || !run.ended()) return false;
    JobRun unmarked = run;
    unmarked.recorded = false;
    return IsRecorded(status, unmarked);
  });
  return found == runs.end() ? nullptr : &*found;
}

}  // namespace

std::optional<WantedJob> RunNow(const api::ObjectMeta& target, const api::TargetStatus& status, const std::vector<JobRun>& runs) {
  const std::string value = target.Annotation(api::kRunNowAnnotation);
  if (value.empty() || value == status.last_run_now) return std::nullopt;
  WantedJob wanted{RunNowJobName(target.name, value), RunKind::kBackup, {{std::string(api::kTriggerAnnotation), value}}};
  // A status that has the result of this value's Job had the value in lastRunNow too.
  while (const JobRun* old = FindDone(runs, status, wanted.name)) wanted.name = RunNowJobName(target.name, value + old->job.uid);
  return wanted;
}

std::chrono::seconds RetryDelay(ErrorKind kind, std::uint64_t attempt, const std::string& run_id) {
  constexpr std::array<minutes, 5> kTransient = {minutes(1), minutes(5), minutes(15), minutes(30), minutes(60)};
  constexpr std::array<minutes, 3> kWaiting = {minutes(15), minutes(30), minutes(60)};
  const std::size_t index = attempt == 0 ? 0 : static_cast<std::size_t>(attempt - 1);
  const seconds base = kind == ErrorKind::kTransient ? kTransient.at(std::min(index, kTransient.size() - 1))
                                                     : kWaiting.at(std::min(index, kWaiting.size() - 1));
  return base + base * static_cast<int>(StableHash(run_id) % 100) / 500;
}

Retry DecideRetry(const api::ObjectMeta& target, const api::TargetStatus& status, int retries, const std::string& inputs,
                  std::optional<WallTime> next_due, WallTime now) {
  Retry retry;
  if (!status.last_backup || status.last_backup->phase != ToString(Outcome::kFailed) || !status.last_backup->completion_time)
    return retry;
  const api::RunStatus& last = *status.last_backup;
  if (!last.inputs.empty() && last.inputs != inputs) {
    retry.at = now;
    // Another run: with another Secret it may fail in another way.
    retry.job = RetryOf(target, status, DigestOf(last.run_id + '-' + inputs), 0);
    return retry;
  }
  const bool transient = last.kind == ToString(ErrorKind::kTransient), waiting = last.kind == ToString(ErrorKind::kWaiting);
  if ((!transient && !waiting) || last.attempt >= static_cast<std::uint64_t>(retries)) return retry;
  const std::uint64_t attempt = last.attempt + 1;
  const WallTime at =
      *last.completion_time + RetryDelay(transient ? ErrorKind::kTransient : ErrorKind::kWaiting, attempt, last.run_id);
  if (next_due && *next_due <= at) return retry;
  retry.at = at;
  if (at <= now) retry.job = RetryOf(target, status, last.run_id, attempt);
  return retry;
}

WantedJob Renewed(const api::ObjectMeta& target, const JobRun& stale) {
  WantedJob job{RenewedJobName(target.name, stale.job.uid), stale.kind, {}};
  for (const std::string_view key : {api::kTriggerAnnotation, api::kAttemptAnnotation, api::kRunIdAnnotation}) {
    if (const std::string value = stale.job.Annotation(key); !value.empty()) job.annotations[std::string(key)] = value;
  }
  return job;
}

}  // namespace borgop::controller
