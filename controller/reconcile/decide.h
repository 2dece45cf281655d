// What to do about a target: one pure function from what is observed to what is to be done.
//
// Whoever carries the decisions out does so in the order of the struct's fields, and stops at the first that fails (to observe and decide
// anew): then a crash at any point loses no result, makes no Job twice and starts nothing before what it needs is there. In particular a
// Job's result is in the status before its finalizer goes, and a Job is made before lastRunNow says so. Events are told after the status is
// written, so that each is told at most once.
//
// Jobs that the operator makes are made suspended; those of a CronJob start by themselves where no more targets than
// maxConcurrentBackups share the server. All that wait are released by decide_server.h.
//
// Jobs, pods and the rest may be a little old (caches): what follows from them is deterministic and repeatable. What is remembered (the
// status, the carried state) is written only over what it was decided from.
//
// Thread safety: pure function.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "controller/api/target_status.h"
#include "controller/reconcile/admission.h"
#include "controller/reconcile/job_builder.h"
#include "controller/reconcile/observed.h"
#include "controller/reconcile/run_result.h"

namespace borgop::controller {

struct LogRequest {
  std::string pod;
  LogTail tail;
  bool best_effort = false;  // ask once and briefly; what cannot be had is empty
  bool operator==(const LogRequest&) const = default;
};

// On the target.
struct Event {
  bool warning = false;
  std::string reason, message;
  bool operator==(const Event&) const = default;
};

struct Decisions {
  // Not empty: nothing else is decided. Get these (the container "engine"), put them into Observed::logs, with an empty text for what
  // cannot be had, and decide again.
  std::vector<LogRequest> logs;

  // With a resourceVersion: replace it, with that as precondition. Without: create it, and be wrong if it is there. Either way a conflict
  // means that the view was old.
  std::optional<nlohmann::json> carried_state;
  std::vector<nlohmann::json> apply;        // server-side apply: plan, CronJobs
  std::vector<std::string> hold_cron_jobs;  // merge patch: spec.suspend true
  std::vector<std::string> delete_cron_jobs;
  std::vector<JobRef> add_finalizer;        // kResultFinalizer
  std::vector<nlohmann::json> create;       // Jobs; one that exists is as good as made
  std::vector<JobRef> delete_waiting;       // Jobs in whose places others were made: before the status lets anything be released
  std::vector<JobRef> suspend;              // merge patch: spec.suspend true
  std::optional<api::TargetStatus> status;  // where it changed; the target's resourceVersion is the precondition
  std::vector<Event> events;
  std::vector<JobRef> mark_recorded;     // merge patch: without kResultFinalizer, with kRecordedAnnotation "true"
  std::vector<JobRef> remove_finalizer;  // kResultFinalizer
  std::vector<JobRef> free_pods;         // kResultFinalizer, of pods by name and uid
  std::vector<JobRef> delete_jobs;       // of the history; like delete_waiting with the uid as precondition, propagation Background

  std::optional<WallTime> look_again;  // at the latest
};

Decisions Decide(const Observed& observed, const EngineSettings& settings, WallTime now);

}  // namespace borgop::controller
