// Reads the JSON of report.h back, as an operator finds it in a termination message or in a log's last line.
//
// The text may have been cut, may come from a newer engine, and the pod that wrote it was near machines that nobody trusts. So sizes
// are limited, fields that are not known are ignored, fields that a summary leaves out may be missing, and names of error reasons
// that this version does not know are kept as they are. A value of the wrong type is an error, not a guess.
//
// Thread safety: pure functions. Errors: Error{kInternal} whose message names the field; nothing throws.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/report/report.h"

namespace borgop {

struct ReportedError {
  ErrorKind kind = ErrorKind::kTerminal;  // an unknown kind counts as terminal: nothing is retried on a guess
  std::string reason, message, action;
  std::string finding;  // empty: nothing that can be acknowledged
};

struct ReportedArchive {
  std::string id, name;
  struct Details {
    std::string start, end;  // T's clock
    std::uint64_t original_size = 0, compressed_size = 0, deduplicated_size = 0, nfiles = 0;
  };
  std::optional<Details> details;  // a summary may lack them
};

struct ReportedTarget {
  std::string name;
  Outcome outcome = Outcome::kFailed;
  std::optional<WallTime> start, end;
  std::optional<RepositoryReport> repository;
  std::optional<ReportedArchive> archive;
  std::optional<std::uint64_t> pruned, bytes_to_server, bytes_to_target;
  std::vector<Phase> phases;
  std::vector<std::string> warnings;
  std::optional<ReportedError> error;
  std::string ledger;  // as TargetReport::ledger: an object's JSON, not looked into

  const Phase* Find(PhaseName wanted) const;  // null: it did not run, or a summary lacks it
};

struct ReportedRun {
  std::string engine_version;
  std::optional<WallTime> start, end;
  bool truncated = false;  // a summary: what is missing may have been left out
  std::vector<ReportedTarget> targets;
};

struct ReportLimits {
  std::size_t max_bytes = std::size_t{4} << 20U;
  std::size_t max_depth = 16;
  std::size_t max_targets = 10'000;
};

Result<ReportedRun> ReadReport(std::string_view json, const ReportLimits& limits = {});
// The report in the last line of a log that has one, whatever comes after it.
Result<ReportedRun> ReadReportFromLog(std::string_view log, const ReportLimits& limits = {});

}  // namespace borgop
