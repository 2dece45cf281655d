#include "controller/reconcile/run_result.h"

#include <algorithm>
#include <utility>

#include "controller/api/names.h"
#include "controller/reconcile/json_view.h"
#include "engine/base/rfc3339.h"

namespace borgop::controller {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxLine = std::size_t{64} << 10U;

// A Job has more than one pod only where the cluster took one away. Names break ties, so that the answer stays the same.
const json* Newest(const json& job, const std::vector<json>& pods) {
  const std::string uid = TextAt(job, {"metadata", "uid"});
  const json* newest = nullptr;
  std::pair<std::string, std::string> best;
  for (const json& pod : pods) {
    if (!BelongsTo(pod, uid)) continue;
    // RFC 3339 in UTC with whole seconds sorts as text.
    std::pair<std::string, std::string> key(TextAt(pod, {"metadata", "creationTimestamp"}), TextAt(pod, {"metadata", "name"}));
    if (newest != nullptr && key <= best) continue;
    newest = &pod;
    best = std::move(key);
  }
  return newest;
}

std::optional<ReportedTarget> OnlyTarget(Result<ReportedRun> run) {
  if (!run || run->targets.size() != 1) return std::nullopt;
  return std::move(run->targets.front());
}

bool NeverBegan(const json* pod) {
  if (pod == nullptr) return true;
  if (EngineBegan(*pod)) return false;
  const std::string phase = TextAt(*pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed" || (phase == "Pending" && IsDeleting(*pod));
}

struct FoundReport {
  std::optional<ReportedTarget> target;
  bool whole = false;
};

FoundReport FindReport(const std::string& termination_message, const std::optional<std::string>& log) {
  FoundReport found;
  // Where the engine wrote no summary, Kubernetes puts the log's end there.
  Result<ReportedRun> summary = ReadReportFromLog(termination_message);
  found.whole = summary && !summary->truncated && summary->targets.size() == 1;
  found.target = OnlyTarget(std::move(summary));
  if (found.whole || !log) return found;
  if (std::optional<ReportedTarget> from_log = OnlyTarget(ReadReportFromLog(*log))) return {std::move(from_log), true};
  return found;
}

RunFailure FailureOf(const ReportedError& error) {
  std::string message = error.message;
  if (!error.action.empty()) message += (message.ends_with('.') ? " " : ". ") + error.action;
  return {error.kind, error.reason, std::move(message)};
}

RunFailure DeadlineFailure() {
  return {ErrorKind::kTransient, std::string(InfoOf(Reason::kDeadlineExceeded).name),
          "The run took longer than it may. " + std::string(InfoOf(Reason::kDeadlineExceeded).advice)};
}

// Not ArchiveMissing: that is an archive which somebody named and the repository has not.
RunFailure ArchiveNotReported() {
  return {ErrorKind::kTransient, "ArchiveNotReported",
          "The run's report names no archive, so the backup does not count. It is run again."};
}

void SetFailure(JobRun& run, RunFailure failure) {
  run.outcome = failure.kind == ErrorKind::kCancelled ? Outcome::kCancelled : Outcome::kFailed;
  run.failure = std::move(failure);
}

// Kubernetes' verdict on a Job that has ended.
struct Verdict {
  const json* condition = nullptr;  // null: it has not ended
  bool deadline() const { return condition != nullptr && TextAt(*condition, {"reason"}) == "DeadlineExceeded"; }
};

Verdict VerdictOn(const json& job) {
  const json* complete = TrueCondition(job, "Complete");
  return {complete != nullptr ? complete : TrueCondition(job, "Failed")};
}

// What Kubernetes' own clock says of when the Job ran. Which runs are recorded hangs on their times, so the clocks of a node and of a pod
// count only as far as they agree with it.
struct JobTimes {
  std::optional<WallTime> start, end;
  bool Hold(WallTime time) const { return (!start || *start <= time) && (!end || time < *end + std::chrono::seconds(1)); }
};

void Take(const std::optional<WallTime>& time, const JobTimes& times, std::optional<WallTime>& into) {
  if (time && times.Hold(*time)) into = time;
}

// A clock that is wrong by more than that would have it wait for nothing.
bool IsJustNow(const std::optional<WallTime>& end, WallTime now) { return end && now < *end + kPodLag && now > *end - kPodLag; }

// No more is to come from it.
bool HasTold(const json& pod) { return IsOver(pod) || TerminatedEngine(pod) != nullptr; }

// Of a Job that was deleted: whether its pod has nothing more to tell, as far as anybody waits for it. One without our finalizer goes unseen.
bool HasSettled(const json* pod, WallTime now) {
  if (pod == nullptr || HasTold(*pod) || !HasResultFinalizer(api::ReadMeta(*pod))) return true;
  const std::optional<WallTime> until = TimeAt(*pod, {"metadata", "deletionTimestamp"});
  return until && now > *until + kPodLag;
}

RunFailure JobDeleted() { return {ErrorKind::kCancelled, "JobDeleted", "The Job was deleted before it ended."}; }

// `verdict`: or the Job was deleted.
void ReadEnd(JobRun& run, const Verdict& verdict, const json* pod, const std::optional<std::string>& log, WallTime now) {
  run.state = RunState::kEnded;
  const bool deleted = verdict.condition == nullptr;
  run.end = deleted ? run.job.deletion_time : TimeAt(*verdict.condition, {"lastTransitionTime"});
  const bool told = pod != nullptr && HasTold(*pod);
  run.awaits_pod = !told && !verdict.deadline() && IsJustNow(run.end, now);
  const JobTimes times{run.start, deleted ? now : run.end};
  const json* engine = pod == nullptr ? nullptr : TerminatedEngine(*pod);
  FoundReport found;
  if (engine != nullptr) {
    Take(TimeAt(*engine, {"finishedAt"}), times, run.end);
    found = FindReport(TextAt(*engine, {"message"}), log);
    run.wants_log = !found.whole && !log;
    run.report_is_cut = found.target && !found.whole && log;
  }
  run.report = std::move(found.target);
  if (!run.report) {
    if (verdict.deadline()) {
      if (std::optional<RunFailure> waits = pod == nullptr || EngineBegan(*pod) ? std::nullopt : WhatAPodWaitsFor(*pod))
        return SetFailure(run, *std::move(waits));
      return SetFailure(run, DeadlineFailure());
    }
    if (deleted && (pod == nullptr || IsDeleting(*pod) || !IsOver(*pod))) return SetFailure(run, JobDeleted());
    return SetFailure(run, FailureOfEndedPod(pod == nullptr ? json::object() : *pod));
  }
  run.outcome = run.report->outcome;
  // A backup is one only where the repository lists its archive.
  const bool good = run.outcome == Outcome::kCompleted || run.outcome == Outcome::kCompletedWithWarnings;
  if (good && !run.report->archive) SetFailure(run, ArchiveNotReported());
  Take(run.report->end, times, run.end);
  Take(run.report->start, times, run.start);
  if (run.outcome == Outcome::kCancelled) {
    if (verdict.deadline()) return SetFailure(run, DeadlineFailure());
    if (std::optional<RunFailure> disruption = Disruption(*pod)) return SetFailure(run, *std::move(disruption));
    if (deleted) return SetFailure(run, JobDeleted());
  }
  if (run.report->error) run.failure = FailureOf(*run.report->error);
}

}  // namespace

bool HasResultFinalizer(const api::ObjectMeta& object) {
  return std::find(object.finalizers.begin(), object.finalizers.end(), api::kResultFinalizer) != object.finalizers.end();
}

bool IsOver(const json& pod) {
  const std::string phase = TextAt(pod, {"status", "phase"});
  if (phase == "Succeeded" || phase == "Failed") return true;
  return IsDeleting(pod) && IntegerAt(pod, {"metadata", "deletionGracePeriodSeconds"}) == 0;
}

OwningJob OwnerOf(const json& pod) {
  for (const json& owner : ListAt(pod, {"metadata", "ownerReferences"})) {
    if (TextAt(owner, {"kind"}) == "Job") return {TextAt(owner, {"name"}), TextAt(owner, {"uid"})};
  }
  return {TextAt(pod, {"metadata", "labels", "batch.kubernetes.io/job-name"}),
          TextAt(pod, {"metadata", "labels", "batch.kubernetes.io/controller-uid"})};
}

bool BelongsTo(const json& pod, const std::string& job_uid) { return !job_uid.empty() && OwnerOf(pod).uid == job_uid; }

JobRun ReadPod(const json& pod) {
  JobRun run;
  OwningJob job = OwnerOf(pod);
  run.job.name = std::move(job.name);
  run.job.uid = std::move(job.uid);
  run.pod = TextAt(pod, {"metadata", "name"});
  const json* engine = TerminatedEngine(pod);
  if (engine == nullptr) return run;
  run.state = RunState::kEnded;
  run.end = TimeAt(*engine, {"finishedAt"});
  run.report = FindReport(TextAt(*engine, {"message"}), std::nullopt).target;
  if (!run.report) return run;
  run.outcome = run.report->outcome;
  if (run.report->error) run.failure = FailureOf(*run.report->error);
  return run;
}

std::string NewestPodOf(const json& job, const std::vector<json>& pods) {
  const json* pod = Newest(job, pods);
  return pod == nullptr ? std::string() : TextAt(*pod, {"metadata", "name"});
}

JobRun ReadRun(const json& job, const std::vector<json>& pods, const std::optional<std::string>& log, WallTime now) {
  JobRun run;
  run.job = api::ReadMeta(job);
  run.kind = run.job.Label(api::kRunLabel) == ToString(RunKind::kMaintenance) ? RunKind::kMaintenance : RunKind::kBackup;
  run.recorded = !run.job.Annotation(api::kRecordedAnnotation).empty();
  run.start = TimeAt(job, {"status", "startTime"});
  const json* pod = Newest(job, pods);
  if (pod != nullptr) run.pod = TextAt(*pod, {"metadata", "name"});
  run.never_began = NeverBegan(pod);

  const Verdict verdict = VerdictOn(job);
  if (verdict.condition != nullptr || (run.job.deleting() && HasSettled(pod, now))) {
    ReadEnd(run, verdict, pod, log, now);
  } else if (TrueAt(job, {"spec", "suspend"})) {
    run.state = RunState::kQueued;
  } else if (pod == nullptr || TextAt(*pod, {"status", "phase"}) == "Pending") {
    run.state = RunState::kStarting;
    if (pod != nullptr) run.failure = WhatAPodWaitsFor(*pod);
  } else {
    // Also a pod that has ended, until Kubernetes says that the Job has.
    run.state = RunState::kRunning;
    run.engine_ended = pod != nullptr && TerminatedEngine(*pod) != nullptr;
    if (log) run.progress = ReadProgress(*log, run.job.name);
  }
  return run;
}

std::optional<api::ProgressStatus> ReadProgress(std::string_view log, const std::string& job) {
  while (!log.empty()) {
    const std::size_t newline = log.rfind('\n');
    const std::string_view line = newline == std::string_view::npos ? log : log.substr(newline + 1);
    log = newline == std::string_view::npos ? std::string_view() : log.substr(0, newline);
    if (!line.starts_with('{') || line.size() > kMaxLine) continue;
    const json entry = json::parse(line, nullptr, false);
    const std::string event = TextAt(entry, {"event"});
    const std::optional<WallTime> time = TimeAt(entry, {"time"});
    if ((event != "progress" && event != "phase") || !time) continue;
    return api::ProgressStatus{job,
                               TextAt(entry, {"phase"}),
                               CountAt(entry, {"files"}).value_or(0),
                               CountAt(entry, {"originalSize"}).value_or(0),
                               CountAt(entry, {"bytesBridged"}).value_or(0),
                               std::chrono::floor<std::chrono::seconds>(*time)};
  }
  return std::nullopt;
}

}  // namespace borgop::controller
