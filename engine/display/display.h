// What people and programs see while a run is under way, on standard error.
//
// Three forms: live lines on a terminal, JSON log lines (the default where there is no terminal: a pod's log), and plain text log
// lines. Names, paths and messages come from other machines: control characters and invalid UTF-8 never get through as they are.
//
// Threading: as Observer. Ownership: a display owns its OutputStream, not the descriptor behind it.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "engine/display/output_stream.h"
#include "engine/report/observer.h"

namespace borgop {

enum class LogFormat { kAuto, kJson, kText };  // kAuto: live lines on a terminal, else JSON
enum class ColorMode { kAuto, kAlways, kNever };
std::optional<LogFormat> ParseLogFormat(std::string_view text);  // "auto", "json", "text"
std::optional<ColorMode> ParseColorMode(std::string_view text);  // "auto", "always", "never"

struct DisplayOptions {
  LogFormat format = LogFormat::kAuto;
  ColorMode color = ColorMode::kAuto;
  LogLevel level = LogLevel::kInfo;  // the least that is shown
  int fd = 2;
};

// What the environment says about a descriptor; pure, so that it can be tested.
struct TerminalFacts {
  bool is_terminal = false;
  std::string_view term;      // TERM
  std::string_view no_color;  // NO_COLOR (no-color.org): any text but the empty one
  std::string_view locale;    // the first of LC_ALL, LC_CTYPE, LANG that is not empty
};
bool IsLive(const TerminalFacts& facts);  // can lines be redrawn
bool UseColor(ColorMode mode, const TerminalFacts& facts);
bool UseUnicode(const TerminalFacts& facts);
TerminalFacts FactsOf(int fd);

std::unique_ptr<Observer> MakeDisplay(const DisplayOptions& options);

std::string_view ToString(LogLevel level);  // "debug", "info", "warning", "error"

}  // namespace borgop
