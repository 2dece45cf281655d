// Log lines for people, without redrawing: "2026-11-24T05:37:14.123Z info [web-01] create".
//
// Threading and ownership: as display.h.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/display/display.h"

namespace borgop {

// As JsonLossNotice.
std::string TextLossNotice(std::size_t lost);

class TextDisplay : public Observer {
 public:
  static constexpr std::chrono::seconds kProgressInterval{10};

  TextDisplay(std::unique_ptr<OutputStream> output, DisplayClock clock, LogLevel level, bool color);

  void OnRunStart(std::size_t targets) override;
  void OnPhase(std::string_view target, PhaseName phase) override;
  void OnProgress(std::string_view target, const Progress& progress) override;
  void OnLog(std::string_view target, LogLevel level, std::string_view message) override;
  void OnTargetDone(const TargetReport& report) override;

 private:
  // `text` is Printable, or has colors of ours.
  void Line(std::string_view target, LogLevel level, std::string_view text);

  std::unique_ptr<OutputStream> output_;
  DisplayClock clock_;
  LogLevel level_;
  bool color_;
  std::map<std::string, MonotonicTime, std::less<>> last_progress_;
};

}  // namespace borgop
