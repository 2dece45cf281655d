#include <algorithm>

#include "engine/report/report.h"

namespace borgop {

std::string_view ToString(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCompleted: return "Completed";
    case Outcome::kCompletedWithWarnings: return "CompletedWithWarnings";
    case Outcome::kFailed: return "Failed";
    case Outcome::kCancelled: return "Cancelled";
  }
  return "Failed";
}

std::string_view ToString(PhaseName phase) {
  switch (phase) {
    case PhaseName::kConnect: return "connect";
    case PhaseName::kInspect: return "inspect";
    case PhaseName::kInit: return "init";
    case PhaseName::kBefore: return "before";
    case PhaseName::kCreate: return "create";
    case PhaseName::kAfter: return "after";
    case PhaseName::kList: return "list";
    case PhaseName::kPrune: return "prune";
    case PhaseName::kCheck: return "check";
    case PhaseName::kCompact: return "compact";
    case PhaseName::kCompare: return "compare";
    case PhaseName::kExtract: return "extract";
    case PhaseName::kCleanup: return "cleanup";
  }
  return "";
}

int ExitCodeOf(const RunReport& report) {
  bool failed = false, cancelled = false, all_pass = true;
  for (const TargetReport& target : report.targets) {
    if (target.outcome == Outcome::kCancelled) cancelled = true;
    if (target.outcome != Outcome::kFailed) continue;
    failed = true;
    // Waiting is for a person or another machine to change something; a retry may find that it has.
    const ErrorKind kind = target.error ? target.error->kind() : ErrorKind::kTerminal;
    if (target.error && target.error->reason == Reason::kInternal) return exit_code::kInternal;
    all_pass = all_pass && (kind == ErrorKind::kTransient || kind == ErrorKind::kWaiting);
  }
  if (cancelled) return exit_code::kCancelled;
  if (failed) return all_pass ? exit_code::kRetry : exit_code::kFailed;
  return exit_code::kOk;
}

}  // namespace borgop
