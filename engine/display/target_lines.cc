#include "engine/display/target_lines.h"

#include "engine/report/printable.h"
#include "engine/report/sizes.h"

namespace borgop {
namespace {

constexpr std::size_t kMaxName = 200;

std::string MarkOf(Outcome outcome, const TerminalStyle& style) {
  const char* color = "\x1b[33m";
  const char* mark = "!";
  if (outcome == Outcome::kCompleted) {
    color = "\x1b[32m";
    mark = style.unicode ? "\xE2\x9C\x93" : "ok";
  } else if (outcome == Outcome::kFailed) {
    color = "\x1b[31m";
    mark = style.unicode ? "\xE2\x9C\x97" : "FAILED";
  }
  return style.color ? std::string(color) + mark + "\x1b[0m" : mark;
}

std::string Counted(std::size_t count, std::string_view noun) {
  return Grouped(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace

std::string Grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, ",");
  }
  return digits;
}

std::vector<std::string> DoneLines(const TargetReport& report, const TerminalStyle& style) {
  std::string line = MarkOf(report.outcome, style) + " " + Printable(report.name, kMaxName) + "  ";
  if (report.error) {
    line += std::string(report.error->name()) + ": " + Printable(report.error->message, kMaxMessage);
    return {line, "  " + Printable(report.error->what_to_do(), kMaxMessage)};
  }
  if (report.archive) {
    line += Printable(report.archive->name, kMaxName) + ": " + Counted(report.archive->nfiles, "file") + ", " +
            HumanBytes(report.archive->original_size) + ", " + HumanBytes(report.archive->deduplicated_size) + " new";
  } else {
    line += ToString(report.outcome);
  }
  if (report.pruned != 0) line += ", " + Counted(report.pruned, "archive") + " pruned";
  if (!report.warnings.empty()) line += ", " + Counted(report.warnings.size(), "warning");
  line += ", " + HumanDuration(std::chrono::floor<std::chrono::milliseconds>(report.end - report.start));
  return {line};
}

}  // namespace borgop
