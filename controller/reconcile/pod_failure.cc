#include "controller/reconcile/pod_failure.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "controller/reconcile/json_view.h"
#include "engine/report/printable.h"

namespace borgop::controller {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxForeign = 300;

struct Row {
  std::string_view word;  // of Kubernetes
  ErrorKind kind;
  std::string_view reason, message;
};

// Reasons of the condition DisruptionTarget, and of a pod's status.
constexpr std::array kDisruptions = {
    Row{"PreemptionByScheduler", ErrorKind::kTransient, "Evicted",
        "The pod made room for one of a higher priority. Give the target a priorityClassName if that must not happen."},
    Row{"EvictionByEvictionAPI", ErrorKind::kTransient, "Evicted", "The pod was evicted, as when its node is drained."},
    Row{"DeletionByTaintManager", ErrorKind::kTransient, "NodeLost",
        "The pod's node became unusable. Look at the node if this stays."},
    Row{"DeletionByPodGC", ErrorKind::kTransient, "NodeLost", "The pod's node is gone. Look at the cluster's nodes if this stays."},
    Row{"TerminationByKubelet", ErrorKind::kTransient, "Evicted",
        "The pod's node ran short of memory or disk, or was shut down. Request what a backup needs in podTemplate.resources."},
    Row{"Evicted", ErrorKind::kTransient, "Evicted",
        "The pod's node ran short of memory or disk. Request what a backup needs in podTemplate.resources."},
    Row{"Preempting", ErrorKind::kTransient, "Evicted", "The pod made room for one that its node needs."},
    Row{"Terminated", ErrorKind::kTransient, "Evicted", "The pod's node was shut down."},
    Row{"Shutdown", ErrorKind::kTransient, "Evicted", "The pod's node was shut down."},
    Row{"NodeShutdown", ErrorKind::kTransient, "Evicted", "The pod's node was shut down."},
    Row{"NodeLost", ErrorKind::kTransient, "NodeLost", "The pod's node stopped answering. Look at the node if this stays."},
};

// Reasons of a container that waits. Others (ContainerCreating, PodInitializing) are as it should be.
constexpr std::array kWaitingReasons = {
    Row{"ErrImagePull", ErrorKind::kWaiting, "ImagePullFailed",
        "The engine's image cannot be pulled. Check its name, the registry and the pull secret."},
    Row{"ImagePullBackOff", ErrorKind::kWaiting, "ImagePullFailed",
        "The engine's image cannot be pulled. Check its name, the registry and the pull secret."},
    Row{"ImageInspectError", ErrorKind::kWaiting, "ImagePullFailed",
        "The engine's image on the node is unreadable. Look at the node's container runtime."},
    Row{"ErrImageNeverPull", ErrorKind::kWaiting, "ImagePullFailed",
        "The engine's image is not on the node, and the pull policy is Never. Load it there, or set another policy."},
    Row{"InvalidImageName", ErrorKind::kWaiting, "ImagePullFailed",
        "The engine's image has a name that is none. Correct it in the operator's settings."},
    Row{"CreateContainerConfigError", ErrorKind::kWaiting, "PodConfigInvalid",
        "Something that the pod needs is missing; it starts by itself once that is there."},
    Row{"CreateContainerError", ErrorKind::kWaiting, "PodConfigInvalid",
        "The node cannot make the container. Look at podTemplate and at the node."},
    Row{"RunContainerError", ErrorKind::kWaiting, "PodConfigInvalid",
        "The node cannot start the container. Look at podTemplate and at the engine's image."},
};

template <std::size_t N>
const Row* Lookup(const std::array<Row, N>& table, std::string_view word) {
  const auto found = std::find_if(table.begin(), table.end(), [word](const Row& row) { return row.word == word; });
  return found == table.end() ? nullptr : &*found;
}

// Our sentence, and Kubernetes' own words after it.
RunFailure Failure(const Row& row, const std::string& detail) {
  std::string message(row.message);
  if (!detail.empty()) message += " (" + Printable(detail, kMaxForeign) + ')';
  return {row.kind, std::string(row.reason), std::move(message)};
}

const json* EngineStatus(const json& pod) {
  for (const json& status : ListAt(pod, {"status", "containerStatuses"})) {
    if (TextAt(status, {"name"}) == "engine") return &status;
  }
  return nullptr;
}

// The last line that says something: what the engine wrote to its log before it gave up.
std::string LastLine(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  const std::size_t newline = text.rfind('\n');
  return std::string(newline == std::string_view::npos ? text : text.substr(newline + 1));
}

RunFailure FailureOfExit(std::int64_t code, const std::string& output) {
  const std::string status = "exit status " + std::to_string(code);
  switch (code) {
    case 0:
      return {ErrorKind::kTransient, "ReportMissing",
              "The engine ended well, but its report was not found, so the backup does not count. It is run again."};
    case 1:
      return {ErrorKind::kTerminal, "RunFailed",
              "The run failed (" + status + "), and its report was not found. Look at the pod's log."};
    case 2:
      return {ErrorKind::kTerminal, "EngineMismatch",
              "The engine does not know the options that it was given (" + status +
                  "). Use the engine's image of the operator's version."};
    case 3:
      return Failure(
          {"", ErrorKind::kTerminal, "InvalidConfig", "The engine refused its plan or what a Secret holds. Correct what it names."},
          LastLine(output));
    case 4:
      return Failure(
          {"", ErrorKind::kTerminal, "Internal", "This is a defect of borg-engine: please report it with the pod's log."},
          LastLine(output));
    case 75:
      return {ErrorKind::kTransient, "RunFailed",
              "The run failed in a way that may pass (" + status + "), and its report was not found."};
    case 130: return {ErrorKind::kCancelled, "Cancelled", "The run was stopped. borg continues from its last checkpoint."};
    case 126:
    case 127:
    case 128:
      return Failure({"", ErrorKind::kTerminal, "EngineNotStarted",
                      "The image has no borg-engine that can be started. Check the engine's image."},
                     LastLine(output));
    case 137:
    case 143:
      return {ErrorKind::kTransient, "EngineKilled",
              "Something killed the engine (signal " + std::to_string(code - 128) +
                  "). If this stays, look for what ends processes on the pod's node."};
    default: break;
  }
  if (code > 128 && code < 160) {
    return {ErrorKind::kTerminal, "EngineCrashed",
            "The engine crashed (signal " + std::to_string(code - 128) + "). Please report it with the pod's log."};
  }
  return {ErrorKind::kTerminal, "RunFailed",
          "The run failed (" + status + "), and its report was not found. Look at the pod's log."};
}

}  // namespace

const json* TerminatedEngine(const json& pod) {
  const json* engine = EngineStatus(pod);
  return engine == nullptr ? nullptr : Find(*engine, {"state", "terminated"});
}

bool EngineBegan(const json& pod) {
  const json* engine = EngineStatus(pod);
  if (engine == nullptr) return false;
  if (Find(*engine, {"state", "running"}) != nullptr) return true;
  const json* ended = Find(*engine, {"state", "terminated"});
  // So a kubelet says it of a container that it has not got, also because there never was one.
  return ended != nullptr && TextAt(*ended, {"reason"}) != "ContainerStatusUnknown";
}

std::optional<RunFailure> Disruption(const json& pod) {
  const std::string detail = TextAt(pod, {"status", "message"});
  if (const json* condition = TrueCondition(pod, "DisruptionTarget"); condition != nullptr) {
    const Row* row = Lookup(kDisruptions, TextAt(*condition, {"reason"}));
    constexpr Row kOther = {"", ErrorKind::kTransient, "Evicted", "The cluster took the pod away."};
    return Failure(row != nullptr ? *row : kOther, TextAt(*condition, {"message"}));
  }
  if (const Row* row = Lookup(kDisruptions, TextAt(pod, {"status", "reason"})); row != nullptr) return Failure(*row, detail);
  return std::nullopt;
}

RunFailure FailureOfEndedPod(const json& pod) {
  if (std::optional<RunFailure> disruption = Disruption(pod)) return *std::move(disruption);
  if (const json* ended = TerminatedEngine(pod); ended != nullptr) {
    const std::string reason = TextAt(*ended, {"reason"}), output = TextAt(*ended, {"message"});
    if (reason == "OOMKilled") {
      return {ErrorKind::kTerminal, "OutOfMemory",
              "The pod was killed at its memory limit. Raise podTemplate.resources.limits.memory; a check of a large repository "
              "needs most."};
    }
    if (reason == "ContainerStatusUnknown")
      return {ErrorKind::kTransient, "NodeLost", "The pod's node lost sight of it. Look at the node if this stays."};
    if (reason == "StartError" || reason == "ContainerCannotRun") return FailureOfExit(128, output);
    return FailureOfExit(IntegerAt(*ended, {"exitCode"}).value_or(-1), output);
  }
  const std::string phase = TextAt(pod, {"status", "phase"}), reason = TextAt(pod, {"status", "reason"});
  if (phase == "Unknown")
    return {ErrorKind::kTransient, "NodeLost", "The pod's node stopped answering. Look at the node if this stays."};
  if (phase == "Failed" && !reason.empty() && reason != "DeadlineExceeded")
    return Failure({"", ErrorKind::kTransient, "PodRejected", "The node would not start the pod."},
                   reason + ": " + TextAt(pod, {"status", "message"}));
  return {ErrorKind::kTransient, "PodGone", "The pod is gone, and what it did is not known. The backup is run again."};
}

std::optional<RunFailure> WhatAPodWaitsFor(const json& pod) {
  if (const json* engine = EngineStatus(pod); engine != nullptr) {
    const json* waiting = Find(*engine, {"state", "waiting"});
    const Row* row = waiting == nullptr ? nullptr : Lookup(kWaitingReasons, TextAt(*waiting, {"reason"}));
    if (row != nullptr) return Failure(*row, TextAt(*waiting, {"message"}));
  }
  for (const json& condition : ListAt(pod, {"status", "conditions"})) {
    if (TextAt(condition, {"type"}) == "PodScheduled" && TextAt(condition, {"status"}) == "False" &&
        TextAt(condition, {"reason"}) == "Unschedulable") {
      return Failure({"", ErrorKind::kWaiting, "Unschedulable",
                      "No node takes the pod. Look at podTemplate (resources, nodeSelector, affinity, "
                      "tolerations) and at the cluster's nodes."},
                     TextAt(condition, {"message"}));
    }
  }
  return std::nullopt;
}

}  // namespace borgop::controller
