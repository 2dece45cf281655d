#include "controller/reconcile/record_run.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "controller/api/names.h"
#include "controller/reconcile/carried_state.h"

namespace borgop::controller {
namespace {

WallTime WholeSeconds(WallTime time) { return std::chrono::floor<std::chrono::seconds>(time); }

std::uint64_t AttemptOf(const api::ObjectMeta& job) {
  const std::string text = job.Annotation(api::kAttemptAnnotation);
  std::uint64_t attempt = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), attempt);
  return attempt;
}

api::RunStatus Begin(const api::TargetStatus& status, const JobRun& run, const std::string& inputs) {
  api::RunStatus to;
  to.job = run.job.name;
  if (run.start) to.start_time = WholeSeconds(*run.start);
  to.run_id = run.job.Annotation(api::kRunIdAnnotation);
  if (to.run_id.empty()) to.run_id = run.job.uid;
  to.attempt = AttemptOf(run.job);
  const bool noted = status.last_backup && status.last_backup->job == run.job.name && !status.last_backup->inputs.empty();
  to.inputs = noted ? status.last_backup->inputs : inputs;
  return to;
}

void AddReport(api::RunStatus& to, const ReportedTarget& report) {
  if (report.archive) {
    to.archive = report.archive->name;
    to.archive_id = report.archive->id;
    if (const auto& details = report.archive->details) {
      to.original_size = details->original_size;
      to.compressed_size = details->compressed_size;
      to.deduplicated_size = details->deduplicated_size;
      to.files = details->nfiles;
    }
  }
  to.warnings = report.warnings.size();
  if (!report.warnings.empty()) to.first_warning = report.warnings.front();
  to.pruned = report.pruned;
}

void TakeRepository(api::RepositoryStatus& to, const ReportedTarget& report) {
  if (report.repository) {
    if (!report.repository->id.empty()) to.id = report.repository->id;
    if (report.repository->archives) to.archives = report.repository->archives;
    if (!report.repository->encryption.empty()) to.encryption = report.repository->encryption;
    if (report.repository->original_size) to.original_size = report.repository->original_size;
    if (report.repository->deduplicated_size) to.deduplicated_size = report.repository->deduplicated_size;
  }
}

bool DidMaintenance(const JobRun& run) {
  if (run.kind == RunKind::kMaintenance) return true;
  if (!run.report) return false;
  const auto ran = [&](PhaseName phase) { return run.report->Find(phase) != nullptr; };
  return ran(PhaseName::kPrune) || ran(PhaseName::kCheck) || ran(PhaseName::kCompact);
}

// What kept the run's pod from starting when that was last noted; null: nothing, or it began.
const api::RunStatus* StartFailure(const api::TargetStatus& status, const JobRun& run) {
  const std::optional<api::RunStatus>& last = status.last_backup;
  const bool noted = last && last->job == run.job.name && last->goes_on() && last->kind == ToString(ErrorKind::kWaiting);
  return noted && run.never_began ? &*last : nullptr;
}

void SetReason(api::RunStatus& to, const api::RunStatus& from) {
  to.reason = from.reason;
  to.message = from.message;
  to.kind = from.kind;
}

void SetReason(api::RunStatus& to, const RunFailure& from) {
  to.reason = from.reason;
  to.message = from.message;
  to.kind = ToString(from.kind);
}

}  // namespace

bool IsRecorded(const api::TargetStatus& status, const JobRun& run) {
  if (!status.last_backup) return false;
  if (run.recorded) return true;
  const api::RunStatus& last = *status.last_backup;
  if (last.job == run.job.name) return last.completion_time.has_value() && !last.goes_on();
  const std::optional<WallTime> until = last.completion_time ? last.completion_time : last.start_time;
  if (!until || !run.end) return false;
  return WholeSeconds(*run.end) < *until;
}

void RecordEnd(api::TargetStatus& status, const JobRun& run, const std::string& inputs) {
  api::RunStatus to = Begin(status, run, inputs);
  to.phase = ToString(run.outcome);
  to.completion_time = WholeSeconds(run.end.value_or(run.start.value_or(WallTime{})));
  if (run.failure) SetReason(to, *run.failure);
  // That it took longer than it may would be true, and help nobody.
  if (const api::RunStatus* noted = StartFailure(status, run);
      noted != nullptr && to.reason == InfoOf(Reason::kDeadlineExceeded).name && !run.report)
    SetReason(to, *noted);
  if (run.report) {
    AddReport(to, *run.report);
    // What an accused repository says of itself is not what this target has.
    if (!run.failure || !Accuses(run.failure->reason)) TakeRepository(status.repository, *run.report);
  }
  const bool good = run.outcome == Outcome::kCompleted || run.outcome == Outcome::kCompletedWithWarnings;
  if (good) {
    status.consecutive_failures = 0;
    status.last_successful_backup = to;
  } else if (run.outcome == Outcome::kFailed) {
    ++status.consecutive_failures;
  }
  if (DidMaintenance(run)) status.last_maintenance = to;
  if (status.progress && status.progress->job == to.job) status.progress.reset();
  status.last_backup = std::move(to);
}

void RecordRunning(api::TargetStatus& status, const JobRun& run, const std::string& inputs) {
  api::RunStatus to = Begin(status, run, inputs);
  to.phase = run.state == RunState::kStarting ? api::kPhaseStarting : api::kPhaseRunning;
  if (run.failure) {
    SetReason(to, *run.failure);
  } else if (const api::RunStatus* noted = StartFailure(status, run); noted != nullptr) {
    SetReason(to, *noted);
  }
  if (run.progress) status.progress = run.progress;
  if (status.progress && status.progress->job != to.job) status.progress.reset();
  status.last_backup = std::move(to);
}

}  // namespace borgop::controller
