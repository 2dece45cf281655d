// What became of a pod that gave no report, or what keeps one from starting: a reason, whether it may pass, and what to do.
//
// | reason | kind | when |
// | --- | --- | --- |
// | Evicted | Transient | the cluster took the pod away: drained, preempted, short of memory or disk, its node shut down |
// | NodeLost | Transient | its node stopped answering |
// | PodRejected | Transient | the node would not start it |
// | OutOfMemory | Terminal | killed at its memory limit |
// | EngineKilled | Transient | SIGKILL or SIGTERM from elsewhere |
// | EngineCrashed | Terminal | another signal |
// | EngineNotStarted | Terminal | the image has no engine that runs |
// | EngineMismatch, InvalidConfig, Internal | Terminal | exit status 2, 3, 4 |
// | RunFailed | Terminal, Transient | exit status 1 and others; 75 |
// | Cancelled | Cancelled | exit status 130 |
// | ReportMissing | Transient | exit status 0, but whether there is a new archive is not known |
// | ArchiveMissing | Transient | a report of a good run that names no archive (run_result.cc) |
// | ImagePullFailed | Waiting | |
// | PodConfigInvalid | Waiting | a Secret, a ConfigMap or a key of one is missing, or a setting of the pod is refused |
// | Unschedulable | Waiting | no node takes it |
//
// Thread safety: pure functions. Sources: Kubernetes, "Pod Lifecycle", "Disruptions" (pod disruption conditions, KEP-3329), kubelet's
// container reasons; docs/report.md (exit status).
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "engine/base/error.h"

namespace borgop::controller {

struct RunFailure {
  ErrorKind kind = ErrorKind::kTransient;
  std::string reason;   // one word
  std::string message;  // a sentence or two: what happened, and what to do
  bool operator==(const RunFailure&) const = default;
};

// The terminated state of the engine's container; null: it has not ended, or never began.
const nlohmann::json* TerminatedEngine(const nlohmann::json& pod);
// Of a pod that has ended without a report.
RunFailure FailureOfEndedPod(const nlohmann::json& pod);
// Of a pod that has not started: nothing where all is as it should be.
std::optional<RunFailure> WhatAPodWaitsFor(const nlohmann::json& pod);
// The cluster took the pod away, so that what it reported at the end (Cancelled) is not what somebody wanted.
std::optional<RunFailure> Disruption(const nlohmann::json& pod);

}  // namespace borgop::controller
