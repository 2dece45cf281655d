#include "engine/display/display.h"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "engine/base/utf8.h"
#include "engine/display/fd_output.h"
#include "engine/display/json_display.h"
#include "engine/display/terminal_display.h"
#include "engine/display/text_display.h"

namespace borgop {
namespace {

std::string_view Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

std::optional<LogFormat> ParseLogFormat(std::string_view text) {
  if (text == "auto") return LogFormat::kAuto;
  if (text == "json") return LogFormat::kJson;
  if (text == "text") return LogFormat::kText;
  return std::nullopt;
}

std::optional<ColorMode> ParseColorMode(std::string_view text) {
  if (text == "auto") return ColorMode::kAuto;
  if (text == "always") return ColorMode::kAlways;
  if (text == "never") return ColorMode::kNever;
  return std::nullopt;
}

bool IsLive(const TerminalFacts& facts) { return facts.is_terminal && !facts.term.empty() && facts.term != "dumb"; }

bool UseColor(ColorMode mode, const TerminalFacts& facts) {
  if (mode != ColorMode::kAuto) return mode == ColorMode::kAlways;
  return IsLive(facts) && facts.no_color.empty();
}

bool UseUnicode(const TerminalFacts& facts) {
  const std::string lower = AsciiLower(facts.locale);
  return lower.find("utf-8") != std::string::npos || lower.find("utf8") != std::string::npos;
}

TerminalFacts FactsOf(int fd) {
  TerminalFacts facts{isatty(fd) == 1, Environment("TERM"), Environment("NO_COLOR"), {}};
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (facts.locale.empty()) facts.locale = Environment(name);
  }
  return facts;
}

std::unique_ptr<Observer> MakeDisplay(const DisplayOptions& options) {
  const TerminalFacts facts = FactsOf(options.fd);
  const bool color = UseColor(options.color, facts);
  const auto output = [&](FdOutput::LossNotice notice) { return std::make_unique<FdOutput>(options.fd, std::move(notice)); };
  const auto text_display = [&] {
    return std::make_unique<TextDisplay>(output(TextLossNotice), DisplayClock{}, options.level, color);
  };
  if (options.format == LogFormat::kText) return text_display();
  if (options.format == LogFormat::kJson || !facts.is_terminal) {
    return std::make_unique<JsonDisplay>(output(JsonLossNotice), DisplayClock{}, options.level);
  }
  // A terminal that cannot redraw (TERM=dumb) is still read by a person.
  if (!IsLive(facts)) return text_display();
  return std::make_unique<TerminalDisplay>(output({}), DisplayClock{}, options.level, TerminalStyle{color, UseUnicode(facts)});
}

std::string_view ToString(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "info";
}

}  // namespace borgop
