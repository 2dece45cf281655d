#include "controller/reconcile/decide.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "controller/api/names.h"
#include "controller/reconcile/carried_state.h"
#include "controller/reconcile/conditions.h"
#include "controller/reconcile/job_upkeep.h"
#include "controller/reconcile/json_view.h"
#include "controller/reconcile/new_runs.h"
#include "controller/reconcile/orphaned_pods.h"
#include "controller/reconcile/owned_objects.h"
#include "controller/reconcile/pod_upkeep.h"
#include "controller/reconcile/record_run.h"
#include "controller/reconcile/status_events.h"
#include "controller/reconcile/target_setup.h"

namespace borgop::controller {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kProgressInterval{30};
constexpr std::chrono::seconds kRefusalPause{60};

void Earliest(std::optional<WallTime>& to, std::optional<WallTime> time) {
  if (time && (!to || *time < *to)) to = time;
}

class Decider {
 public:
  Decider(const Observed& observed, const EngineSettings& settings, WallTime now)
      : observed_(observed),
        settings_(settings),
        now_(now),
        meta_(api::ReadMeta(observed.target)),
        before_(api::ReadStatus(observed.target)),
        status_(before_) {}

  Decisions Run() {
    ReadRuns();
    if (!decisions_.logs.empty()) return std::move(decisions_);
    ReadCarried();
    // What a result means depends on the carried state, so where that is unreadable results stay unread: their Jobs' finalizers keep them.
    if (carried_) RecordEnds();
    if (carried_) HearPods();
    setup_ = ReadSetup(observed_, settings_, carried_, now_);
    NoteRefusal();
    DecideCarried();
    ObjectChanges objects = DecideObjects(observed_, setup_, settings_);
    for (json& object : objects.apply) decisions_.apply.push_back(std::move(object));
    decisions_.hold_cron_jobs = std::move(objects.hold_cron_jobs);
    decisions_.delete_cron_jobs = std::move(objects.delete_cron_jobs);
    decisions_.suspend = JobsToSuspend(runs_, carried_ && carried_->finding);
    NoteActiveRun();
    MakeJobs();
    CareForJobs();
    WriteStatus();
    return std::move(decisions_);
  }

 private:
  void ReadRuns() {
    for (const json& job : observed_.jobs) Read(job, false);
    for (const json& job : JobsOfOrphans(observed_.jobs, observed_.pods)) Read(job, true);
    std::sort(runs_.begin(), runs_.end(), [](const JobRun& a, const JobRun& b) {
      return std::tie(a.end, a.job.creation_time, a.job.name) < std::tie(b.end, b.job.creation_time, b.job.name);
    });
  }

  void Read(const json& job, bool gone) {
    const auto log = observed_.logs.find(NewestPodOf(job, observed_.pods));
    const bool have = log != observed_.logs.end();
    JobRun run = ReadRun(job, observed_.pods, have ? std::optional(log->second) : std::nullopt, now_);
    run.job_is_gone = gone;
    run.recorded = run.recorded && before_.last_backup;
    run.awaits_pod = run.awaits_pod && !NeverRan(run) && !IsRecorded(before_, run);
    if (run.awaits_pod) Earliest(decisions_.look_again, *run.end + kPodLag);
    // When it is asked for again hangs on this: the pod's clock may be wrong.
    if (run.progress) run.progress->time = std::chrono::floor<std::chrono::seconds>(now_);
    // A result hangs on the one; the other is nice to have, and must hold nobody up.
    if (run.ended() && run.wants_log && !IsRecorded(before_, run)) decisions_.logs.push_back({run.pod, kReportTail});
    if (run.state == RunState::kRunning && !run.engine_ended && !have && ProgressIsOld(run))
      decisions_.logs.push_back({run.pod, kProgressTail, true});
    runs_.push_back(std::move(run));
  }

  bool ProgressIsOld(const JobRun& run) const {
    return !before_.progress || before_.progress->job != run.job.name || now_ - before_.progress->time >= kProgressInterval;
  }

  void ReadCarried() {
    if (observed_.carried_state.is_null()) {
      carried_ = StateFromStatus(before_);
    } else {
      carried_ = ReadCarriedState(observed_.carried_state);
    }
    const std::string acknowledged = meta_.Annotation(api::kAcknowledgeAnnotation);
    if (!carried_ || acknowledged.empty()) return;
    const std::optional<Finding> known = carried_->finding, told = FindingIn(before_);
    if (Acknowledge(*carried_, acknowledged)) {
      TakeAcknowledged(*known);
    } else if (told && told->id == acknowledged && !carried_->finding) {
      TakeAcknowledged(*told);  // the state was written, and then the status was not
    }
  }

  void TakeAcknowledged(const Finding& finding) {
    decisions_.events.push_back({false, "FindingAcknowledged", finding.reason + ", finding " + finding.id});
    if (finding.repository_id.empty()) return;
    // Of the one that is now this target's, nothing else is known yet.
    status_.repository = {};
    status_.repository.id = finding.repository_id;
  }

  void RecordEnds() {
    std::optional<std::string> digest;
    for (JobRun& run : runs_) {
      if (!run.ended() || NeverRan(run) || IsRecorded(status_, run)) continue;
      if (run.awaits_pod) break;  // in the order of their ends, as a later one's result covers those before it
      TakenIn taken = TakeIn(*carried_, run);
      if (run.report_is_cut && taken.problem.empty()) {
        taken.problem =
            "only a summary of its report could be read, as its pod's log has no whole one. What it changed in the ledger may be "
            "lost";
      }
      if (!taken.problem.empty())
        decisions_.events.push_back({true, "LedgerNotKept", "Of Job " + run.job.name + ": " + taken.problem});
      if (const std::optional<Finding>& finding = taken.finding) {
        run.outcome = Outcome::kFailed;
        run.failure = RunFailure{ErrorKind::kTerminal, finding->reason, finding->message};
      }
      // The digest that runs are noted with takes what is set up as it is now.
      if (!digest) digest = ReadSetup(observed_, settings_, carried_, now_).digest;
      RecordEnd(status_, run, *digest);
      run.recorded = true;
      SetChecked(status_, run, meta_.generation, now_);
      decisions_.events.push_back(EventOfEnd(status_));
    }
  }

  // What the results do not look at: pods that were taken away, whose Job goes on or is gone.
  void HearPods() {
    for (const JobRun& told : AccusingPods(observed_.pods)) {
      CarriedState alone;
      const std::optional<Finding> finding = TakeIn(alone, told).finding;
      if (!finding || carried_->finding || finding->id == meta_.Annotation(api::kAcknowledgeAnnotation)) continue;
      carried_->finding = finding;
    }
  }

  void NoteRefusal() {
    if (!observed_.refusal) return;
    if (!setup_.obstacle || setup_.obstacle->passes) setup_.obstacle = ObstacleOf(*observed_.refusal);
    Earliest(decisions_.look_again, now_ + kRefusalPause);
  }

  void DecideCarried() {
    if (!carried_ || observed_.refusal) return;
    const bool there = !observed_.carried_state.is_null();
    const auto as_read = ReadCarriedState(observed_.carried_state);
    if (there ? as_read == carried_ : *carried_ == CarriedState{}) return;
    decisions_.carried_state = BuildCarriedState(meta_, *carried_);
    if (there)
      (*decisions_.carried_state)["metadata"]["resourceVersion"] = TextAt(observed_.carried_state, {"metadata", "resourceVersion"});
  }

  bool IsToBeSuspended(const JobRun& run) const {
    return std::find(decisions_.suspend.begin(), decisions_.suspend.end(), JobRef{run.job.name, run.job.uid}) !=
           decisions_.suspend.end();
  }

  void NoteActiveRun() {
    const bool awaits_pod = std::any_of(runs_.begin(), runs_.end(), [](const JobRun& run) { return run.awaits_pod; });
    for (const JobRun& run : runs_) {
      if (run.state == RunState::kQueued && !run.job.deleting()) facts_.queued = true;
      if (run.awaits_pod) facts_.running = true;
      if (!run.active()) continue;
      if (IsToBeSuspended(run)) {
        facts_.queued = true;
        continue;
      }
      facts_.running = true;
      facts_.starting = run.state == RunState::kStarting;
      if (carried_ && !awaits_pod) RecordRunning(status_, run, setup_.digest);
      Earliest(decisions_.look_again, now_ + kProgressInterval);
      if (run.state != RunState::kStarting || !run.start) continue;
      if (now_ - *run.start >= kPatience) {
        facts_.stuck = run.failure ? *run.failure
                                   : RunFailure{ErrorKind::kWaiting, "PodNotStarted",
                                                "The run's pod does not start. Look at what kubectl describe says of the Job " +
                                                    run.job.name + " and its pod."};
      }
    }
    if (!facts_.running) status_.progress.reset();
  }

  bool Exists(const std::string& job) const {
    return std::any_of(runs_.begin(), runs_.end(), [&](const JobRun& run) { return run.job.name == job; });
  }

  void Make(const WantedJob& wanted, const char* event, const std::string& why) {
    if (Exists(wanted.name)) return;
    JobInputs inputs = *setup_.inputs;
    inputs.start_suspended = true;
    decisions_.create.push_back(BuildJob(inputs, settings_, wanted.kind, wanted.name, wanted.annotations));
    decisions_.events.push_back({false, event, why + " (Job " + wanted.name + ')'});
    facts_.queued = true;
  }

  void MakeJobs() {
    if (!setup_.inputs || observed_.refusal) return;
    StaleJobs stale = DecideStaleJobs(runs_, *setup_.inputs, settings_);
    for (const WantedJob& wanted : stale.make) Make(wanted, "BackupRenewed", "The spec changed while a backup waited");
    decisions_.delete_waiting = std::move(stale.remove);

    if (const std::optional<WantedJob> wanted = RunNow(meta_, before_, runs_)) {
      const std::string value = meta_.Annotation(api::kRunNowAnnotation);
      Make(*wanted, "BackupRequested", "Annotation run-now: " + value);
      status_.last_run_now = value;
    }
    if (facts_.running || facts_.queued || setup_.obstacle || setup_.suspended) return;
    Retry retry = DecideRetry(meta_, status_, setup_.inputs->target.limits.retries, setup_.digest, setup_.next_due, now_);
    facts_.retry_at = retry.at;
    Earliest(decisions_.look_again, retry.at);
    // Where maintenance has no schedule of its own, a backup that got as far as that is still a backup.
    if (retry.job && !HasOwnMaintenance(setup_.inputs->target)) retry.job->kind = RunKind::kBackup;
    if (retry.job) Make(*retry.job, "BackupRetried", "After " + status_.last_backup->reason);
  }

  void CareForJobs() {
    FinalizerChanges finalizers = DecideFinalizers(runs_, status_);
    decisions_.add_finalizer = std::move(finalizers.add);
    decisions_.mark_recorded = std::move(finalizers.mark);
    decisions_.remove_finalizer = std::move(finalizers.remove);
    if (carried_) decisions_.free_pods = PodsToFree(observed_.pods, runs_, status_);
    if (!setup_.inputs) return;
    const api::BorgBackupTargetSpec& target = setup_.inputs->target;
    for (JobRef& job : JobsPastHistory(runs_, status_, target.successful_jobs_history, target.failed_jobs_history))
      decisions_.delete_jobs.push_back(std::move(job));
  }

  void WriteStatus() {
    if (setup_.timetable_read) status_.effective_schedule = setup_.schedule;
    status_.next_backup_time.reset();
    if (!setup_.obstacle || setup_.obstacle->passes) Earliest(status_.next_backup_time, setup_.next_due);
    Earliest(status_.next_backup_time, facts_.retry_at);
    Earliest(decisions_.look_again, setup_.next_due);
    // What is asked for, until a run has said what there is.
    if (setup_.inputs && status_.repository.encryption.empty()) {
      status_.repository.encryption = setup_.inputs->target.repository.encryption;
    }
    facts_.generation = meta_.generation;
    facts_.obstacle = setup_.obstacle;
    facts_.scheduled = !setup_.schedule.empty() || !setup_.maintenance_schedule.empty();
    facts_.suspended = setup_.suspended;
    facts_.carried = carried_ ? &*carried_ : nullptr;
    SetConditions(status_, facts_, now_);
    for (Event& event : EventsOfChange(before_, status_)) decisions_.events.push_back(std::move(event));
    if (ToJson(status_) != ToJson(before_)) decisions_.status = status_;
  }

  const Observed& observed_;
  const EngineSettings& settings_;
  const WallTime now_;
  const api::ObjectMeta meta_;
  const api::TargetStatus before_;
  api::TargetStatus status_;
  std::vector<JobRun> runs_;
  tl::expected<CarriedState, std::string> carried_;
  TargetSetup setup_;
  TargetFacts facts_;
  Decisions decisions_;
};

}  // namespace

Decisions Decide(const Observed& observed, const EngineSettings& settings, WallTime now) {
  if (observed.target.is_null() || observed.namespace_terminating || api::ReadMeta(observed.target).deleting()) {
    // Whatever is made goes with the target, by its owner references; a pod that runs is told to stop, and cleans up. Nothing is to be kept.
    Decisions decisions;
    decisions.remove_finalizer = AllFinalizers(observed.jobs);
    decisions.free_pods = AllFinalizers(observed.pods);
    return decisions;
  }
  return Decider(observed, settings, now).Run();
}

}  // namespace borgop::controller
