// Live lines on a terminal: one a running target at the bottom of the screen, finished targets and log messages scroll away above.
//
// No line is longer than the terminal is wide, so that a drawing can be wiped by moving up; where the terminal became narrower
// since, the rows that the old lines now take are counted. The cursor is hidden while there are live lines and shown again when
// the last target is done and when the display is destroyed.
//
// Threading and ownership: as display.h.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/display/display.h"
#include "engine/display/target_lines.h"

namespace borgop {

class TerminalDisplay : public Observer {
 public:
  static constexpr std::chrono::milliseconds kRedrawInterval{200};
  static constexpr std::chrono::seconds kRateWindow{1};

  TerminalDisplay(std::unique_ptr<OutputStream> output, DisplayClock clock, LogLevel level, TerminalStyle style);
  ~TerminalDisplay() override;
  TerminalDisplay(const TerminalDisplay&) = delete;
  TerminalDisplay& operator=(const TerminalDisplay&) = delete;

  void OnRunStart(std::size_t targets) override;
  void OnPhase(std::string_view target, PhaseName phase) override;
  void OnProgress(std::string_view target, const Progress& progress) override;
  void OnLog(std::string_view target, LogLevel level, std::string_view message) override;
  void OnTargetDone(const TargetReport& report) override;

 private:
  struct Live {
    std::string name;  // Printable
    Progress progress;
    MonotonicTime sampled;  // when the rate was last worked out
    std::uint64_t sampled_bytes = 0;
    double rate = 0;  // bytes a second; 0: not known
  };

  Live& Of(std::string_view target);
  void DrawIfDue();
  // Wipes the live lines, writes `above` (whole lines), and draws them again.
  void Draw(const std::string& above);
  std::string Wipe(const TerminalSize& size) const;
  std::vector<std::string> LiveLines(const TerminalSize& size) const;
  std::string LineOf(const Live& live, std::size_t columns) const;

  std::unique_ptr<OutputStream> output_;
  DisplayClock clock_;
  LogLevel level_;
  TerminalStyle style_;
  std::map<std::string, std::size_t, std::less<>> index_;  // name -> place in live_
  std::vector<Live> live_;                                 // in the order they started
  std::vector<std::size_t> drawn_;                         // the columns of each line on the screen
  bool cursor_hidden_ = false;
  bool ever_drawn_ = false;
  MonotonicTime last_draw_;
  std::size_t targets_ = 0, done_ = 0;
};

}  // namespace borgop
