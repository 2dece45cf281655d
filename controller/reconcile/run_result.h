// What became of a Job: from the Job, its pods and, where needed, the end of its log.
//
// The engine's report decides. It stands in the termination message; where that is a summary which left something out, or has no
// report, the log's last line has the whole (wants_log says that it should be fetched, and this be asked again). Without any, the pod's
// state tells what happened (pod_failure.h), and the run counts as failed even where Kubernetes says that the Job completed.
//
// A Job that came to its deadline while its pod could not start has failed by what kept the pod from starting, as far as that is known still
// (RecordEnd remembers it where the pod is gone).
//
// Jobs and pods are watched each on their own, and the one may lag behind the other. So where a Job has ended and its newest pod is not known,
// or not known to have ended, what became of it is not said for a while (awaits_pod): a report may be there already.
//
// A Job that is deleted ends its pod, or its pod has ended. So what was deleted is a run that goes on until its pod is over, for a minute more than
// the pod was given, and then what its report says.
//
// A report of Cancelled says that the engine was told to stop, not why: the Job's deadline or the cluster's need of the node count as
// failures that may pass, and a Job that was deleted is named as the reason.
//
// Thread safety: pure functions. Sources: Kubernetes batch/v1 ("Jobs", "Job termination and cleanup"); docs/report.md.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "controller/api/object_meta.h"
#include "controller/api/target_status.h"
#include "controller/reconcile/names.h"
#include "controller/reconcile/pod_failure.h"
#include "engine/report/report_reader.h"

namespace borgop::controller {

enum class RunState {
  kQueued,    // suspended
  kStarting,  // released; the engine has not begun
  kRunning,
  kEnded,
};

struct JobRun {
  api::ObjectMeta job;
  RunKind kind = RunKind::kBackup;
  RunState state = RunState::kQueued;
  bool job_is_gone = false;  // what is here of it is from its pods (orphaned_pods.h)
  bool recorded = false;     // its result is in the status: the Job's annotation says so
  std::optional<WallTime> start, end;
  std::string pod;             // the newest; empty: none is known
  bool wants_log = false;      // of `pod`
  bool report_is_cut = false;  // `report` is a summary, and the log has no whole one
  bool awaits_pod = false;     // what is said of its end may be wrong: its pod's end may not be known yet
  // Its pod has gone, or goes, and the engine never began, as far as is known: what was noted of why it cannot start stands.
  bool never_began = false;
  // Of one that ended.
  Outcome outcome = Outcome::kFailed;
  std::optional<ReportedTarget> report;
  std::optional<RunFailure> failure;  // also of one that cannot start yet: why
  bool engine_ended = false;          // of one that runs: Kubernetes will say so of the Job, too, in a moment
  // Of one that runs, where its log is at hand.
  std::optional<api::ProgressStatus> progress;

  bool ended() const { return state == RunState::kEnded; }
  bool active() const { return state == RunState::kStarting || state == RunState::kRunning; }
};

// How much of a log's end to fetch. The bytes count from where the last lines begin, so they must be enough for all of these.
struct LogTail {
  int lines = 0;
  std::int64_t bytes = 0;
  bool operator==(const LogTail&) const = default;
};
// Of a run that ended. Container runtimes keep a long line in pieces (containerd: of 16 KiB), and the kubelet counts each as a line. So
// these are the largest report that is read (ReportLimits, 256 pieces) and some lines before it.
inline constexpr LogTail kReportTail{400, std::int64_t{8} << 20U};
// Of one that goes on: its lines are short.
inline constexpr LogTail kProgressTail{5, std::int64_t{80} << 10U};

// Longer than a watch that was cut takes to come back (kube::Reflector).
inline constexpr std::chrono::seconds kPodLag{60};

// `pods` may hold those of other Jobs too. `log` is the end of the newest pod's, where it was fetched (empty: it could not be had).
// Without `now` there is nothing to wait for.
JobRun ReadRun(const nlohmann::json& job, const std::vector<nlohmann::json>& pods, const std::optional<std::string>& log,
               WallTime now = WallTime::max());
// What is deleted and has no time left to end in (--force, or no node ever took it), has ended as far as anybody will know.
bool IsOver(const nlohmann::json& pod);
// What one pod tells, whatever becomes of its Job: its report, what went wrong, and when. Of the Job it has name and uid alone.
JobRun ReadPod(const nlohmann::json& pod);
// A Job's (job_upkeep.h), or a pod's (pod_upkeep.h).
bool HasResultFinalizer(const api::ObjectMeta& object);
// Both empty: none. Also of a pod that was orphaned (`kubectl delete job --cascade=orphan`).
struct OwningJob {
  std::string name, uid;
};
OwningJob OwnerOf(const nlohmann::json& pod);
bool BelongsTo(const nlohmann::json& pod, const std::string& job_uid);
// Name of the pod whose log ReadRun looks at.
std::string NewestPodOf(const nlohmann::json& job, const std::vector<nlohmann::json>& pods);

// The last progress that a log's end tells of.
std::optional<api::ProgressStatus> ReadProgress(std::string_view log, const std::string& job);

}  // namespace borgop::controller
