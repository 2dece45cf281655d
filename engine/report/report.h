// The report: what one run did. Pure values and their JSON.
//
// Report JSON is a contract (the controller reads it): fields are only ever added. Times are RFC 3339 in UTC with milliseconds,
// durations are seconds as numbers, sizes are bytes.
//
// Thread safety: values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"

namespace borgop {

using WallTime = std::chrono::system_clock::time_point;

enum class Outcome { kCompleted, kCompletedWithWarnings, kFailed, kCancelled };
std::string_view ToString(Outcome outcome);  // "Completed", "CompletedWithWarnings", "Failed", "Cancelled"

// The phases of a target's run, in their order; also what progress shows. compare and extract are those of restore and verify alone.
enum class PhaseName {
  kConnect,
  kInspect,
  kInit,
  kBefore,
  kCreate,
  kAfter,
  kList,
  kPrune,
  kCheck,
  kCompact,
  kCompare,
  kExtract,
  kCleanup
};
std::string_view ToString(PhaseName phase);  // "connect", "inspect", ...

struct Phase {
  PhaseName name{};
  WallTime start;
  std::chrono::milliseconds duration{0};
  bool ok = true;
};

struct Archive {
  std::string id;  // hex
  std::string name;
  std::string start, end;  // as borg on T gives them (T's clock and time zone)
  std::uint64_t original_size = 0, compressed_size = 0, deduplicated_size = 0;
  std::uint64_t nfiles = 0;
};

struct RepositoryReport {
  std::string id;  // hex
  std::string path;
  bool initialized = false;               // made by this run
  std::optional<std::uint64_t> archives;  // listed by C at the end
  std::string encryption;                 // as borg names the mode; empty: it was never opened
  // All archives, and the chunks that they share once and compressed, as borg on T counts them after it has made one.
  std::optional<std::uint64_t> original_size, deduplicated_size;
  std::string key = {};  // hex: the fingerprint of its key, where B keeps that; empty: none was seen
};

// What the guard refused to T, counted by method and reason.
struct RefusedRequests {
  std::string method;  // letters, digits and "_"; "?" stands for anything else
  std::string reason;
  std::uint64_t count = 0;
  std::vector<std::string> objects;  // hex: the first of those that it was about
};

struct TargetReport {
  std::string name;
  Outcome outcome = Outcome::kFailed;
  WallTime start, end;
  std::vector<Phase> phases;
  RepositoryReport repository;
  std::optional<Archive> archive;                          // only once C itself has listed it
  std::uint64_t pruned = 0;                                // archives dropped by this run
  std::uint64_t bytes_to_server = 0, bytes_to_target = 0;  // through the bridge
  std::vector<std::string> warnings;                       // at most kMaxWarnings, then one that counts the rest
  std::vector<RefusedRequests> refused;                    // a few at most
  std::optional<Error> error;
  // What is to be taken into the target's ledger by whoever keeps it: the JSON of retention/ledger_changes.h; empty: nothing.
  std::string ledger;

  static constexpr std::size_t kMaxWarnings = 100;
};

struct RunReport {
  std::string engine_version;
  WallTime start, end;
  std::vector<TargetReport> targets;
};

// One line without the newline. Bytes that are not UTF-8 become U+FFFD.
std::string ToJson(const RunReport& report);
// The same facts in at most `limit` bytes (Kubernetes: 4096 for a termination message), still JSON: first the warnings, then the
// phases, then archive details, then the ledger's changes, then whole targets beyond the first are left out, and "truncated": true says so.
std::string ToSummaryJson(const RunReport& report, std::size_t limit);
// A few lines for a person on a terminal.
std::string ToText(const RunReport& report, bool color);

// What main returns. Documented in docs/cli.md; stable.
namespace exit_code {
inline constexpr int kOk = 0;           // every target completed (with or without warnings)
inline constexpr int kFailed = 1;       // at least one target failed
inline constexpr int kUsage = 2;        // command line
inline constexpr int kConfig = 3;       // the configuration was refused; nothing was connected
inline constexpr int kInternal = 4;     // a defect of the engine, or no memory
inline constexpr int kRetry = 75;       // targets failed, all of them in a way that may pass by itself (sysexits' EX_TEMPFAIL)
inline constexpr int kCancelled = 130;  // stopped by SIGINT or SIGTERM
}  // namespace exit_code
int ExitCodeOf(const RunReport& report);

}  // namespace borgop
