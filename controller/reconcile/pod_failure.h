// What became of a pod that gave no report, or what keeps one from starting: a reason, whether it may pass, and what to do.
// failure_reasons.h has all that come of it; exit statuses are those of docs/operations.md.
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
// It has run, or runs, as far as the pod tells.
bool EngineBegan(const nlohmann::json& pod);
// Of a pod that has ended without a report.
RunFailure FailureOfEndedPod(const nlohmann::json& pod);
// Of a pod that has not started: nothing where all is as it should be.
std::optional<RunFailure> WhatAPodWaitsFor(const nlohmann::json& pod);
// The cluster took the pod away, so that what it reported at the end (Cancelled) is not what somebody wanted.
std::optional<RunFailure> Disruption(const nlohmann::json& pod);

}  // namespace borgop::controller
