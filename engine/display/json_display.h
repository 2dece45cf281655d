// One JSON object a line: {"time", "level", "event", "target", "message", ...}. docs/report.md lists the events and their fields.
//
// Threading and ownership: as display.h.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/display/display.h"

namespace borgop {

// The line that stands for lines that were left out (fd_output.h).
std::string JsonLossNotice(std::size_t lost);

class JsonDisplay : public Observer {
 public:
  // A target's progress is written at most this often, and at once when its phase changes.
  static constexpr std::chrono::seconds kProgressInterval{10};

  JsonDisplay(std::unique_ptr<OutputStream> output, DisplayClock clock, LogLevel level);

  void OnRunStart(std::size_t targets) override;
  void OnPhase(std::string_view target, PhaseName phase) override;
  void OnProgress(std::string_view target, const Progress& progress) override;
  void OnLog(std::string_view target, LogLevel level, std::string_view message) override;
  void OnTargetDone(const TargetReport& report) override;

 private:
  struct Last {
    PhaseName phase{};
    MonotonicTime time;
  };
  std::unique_ptr<OutputStream> output_;
  DisplayClock clock_;
  LogLevel level_;
  std::map<std::string, Last, std::less<>> last_;
};

}  // namespace borgop
