#include "controller/reconcile/failure_reasons.h"

#include <array>

namespace borgop::controller {
namespace {

constexpr auto kTransient = ErrorKind::kTransient;
constexpr auto kWaiting = ErrorKind::kWaiting;
constexpr auto kTerminal = ErrorKind::kTerminal;

constexpr std::array kReasons = {
    FailureReason{
        "Evicted", kTransient,
        "The cluster took the pod away: drained, preempted, short of memory or disk, or its node was shut down. Request what a "
        "backup needs in podTemplate.resources, or give it a priorityClassName."},
    FailureReason{"NodeLost", kTransient, "The pod's node stopped answering or is gone. Look at the node if this stays."},
    FailureReason{"PodRejected", kTransient, "The node would not start the pod; the message has its words."},
    FailureReason{"PodGone", kTransient, "The pod is gone, and what it did is not known: somebody removed it by force."},
    FailureReason{"OutOfMemory", kTerminal, "The pod was killed at its memory limit. Raise podTemplate.resources.limits.memory."},
    FailureReason{"EngineKilled", kTransient, "SIGKILL or SIGTERM from elsewhere. Look for what ends processes on the pod's node."},
    FailureReason{"EngineCrashed", kTerminal, "The engine ended by another signal. Please report it with the pod's log."},
    FailureReason{"EngineNotStarted", kTerminal, "The image has no borg-engine that can be started. Check the engine's image."},
    FailureReason{"EngineMismatch", kTerminal,
                  "The engine does not know the options that it was given. Use the engine's image of the operator's version."},
    FailureReason{"RunFailed", kTerminal,
                  "The run failed, and its report was not found: exit status 75 is Transient. Look at the pod's log.", true},
    FailureReason{"ReportMissing", kTransient,
                  "The engine ended well, but its report was not found, so the backup does not count."},
    FailureReason{"ArchiveNotReported", kTransient, "The report of a good run names no archive, so the backup does not count."},
    FailureReason{"JobDeleted", ErrorKind::kCancelled, "The Job was deleted before it ended."},
    FailureReason{"ImagePullFailed", kWaiting,
                  "The engine's image cannot be had. Check its name, the registry and the pull secret."},
    FailureReason{"PodConfigInvalid", kWaiting,
                  "A Secret, a ConfigMap or a key that the pod needs is missing, or the node refuses a setting of podTemplate."},
    FailureReason{"Unschedulable", kWaiting, "No node takes the pod. Look at podTemplate and at the cluster's nodes."},
    FailureReason{"PodNotStarted", kWaiting,
                  "The pod does not start, and Kubernetes does not say why (in the condition Ready alone)."},
};

}  // namespace

std::span<const FailureReason> AllFailureReasons() { return kReasons; }

}  // namespace borgop::controller
