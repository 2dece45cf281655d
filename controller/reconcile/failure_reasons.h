// The reasons that the operator gives where there is no report to give one: its table, beside the engine's (engine/base/error.h), which it
// borrows InvalidConfig, Internal, Cancelled and DeadlineExceeded from. docs/errors.md is made from both.
//
// Who gives them: pod_failure.cc; run_result.cc for ArchiveNotReported and JobDeleted; decide.cc for PodNotStarted.
//
// Thread safety: constants.
#pragma once

#include <span>
#include <string_view>

#include "engine/base/error.h"

namespace borgop::controller {

struct FailureReason {
  std::string_view name;
  ErrorKind kind;
  std::string_view meaning;  // what it says, and what to do
  bool or_transient = false;
};

std::span<const FailureReason> AllFailureReasons();

}  // namespace borgop::controller
