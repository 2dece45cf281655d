// What a run tells while it runs. The displays (JSON log lines, live lines on a terminal) implement it; the run knows no display.
//
// Threading: called from the loop's thread only. Implementations must not block for long and must not throw.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/report/report.h"

namespace borgop {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

struct Progress {
  PhaseName phase{};
  std::uint64_t nfiles = 0;
  std::uint64_t original_size = 0, compressed_size = 0, deduplicated_size = 0;  // so far
  std::uint64_t bytes_bridged = 0;                                              // T -> B so far
  int percent = -1;                                                             // of check, prune or compact; -1: not known
  std::string path;                                                             // being read now; may hold any bytes
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnRunStart(std::size_t targets) = 0;
  virtual void OnPhase(std::string_view target, PhaseName phase) = 0;
  virtual void OnProgress(std::string_view target, const Progress& progress) = 0;
  virtual void OnLog(std::string_view target, LogLevel level, std::string_view message) = 0;
  virtual void OnTargetDone(const TargetReport& report) = 0;
};

}  // namespace borgop
