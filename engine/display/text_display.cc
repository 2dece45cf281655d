#include "engine/display/text_display.h"

#include <utility>

#include "engine/display/target_lines.h"
#include "engine/report/printable.h"
#include "engine/report/sizes.h"

namespace borgop {

std::string TextLossNotice(std::size_t lost) {
  return Rfc3339(std::chrono::system_clock::now()) +
         " warning log lines were left out, as nobody read them: " + std::to_string(lost) + "\n";
}

TextDisplay::TextDisplay(std::unique_ptr<OutputStream> output, DisplayClock clock, LogLevel level, bool color)
    : output_(std::move(output)), clock_(std::move(clock)), level_(level), color_(color) {}

void TextDisplay::Line(std::string_view target, LogLevel level, std::string_view text) {
  if (level < level_) return;
  std::string line = Rfc3339(clock_.wall()) + " " + std::string(ToString(level)) + " ";
  if (!target.empty()) line += "[" + Printable(target, 200) + "] ";
  line += text;
  output_->Write(line + "\n");
}

void TextDisplay::OnRunStart(std::size_t targets) { Line("", LogLevel::kInfo, "targets: " + std::to_string(targets)); }

void TextDisplay::OnPhase(std::string_view target, PhaseName phase) {
  last_progress_.insert_or_assign(std::string(target), clock_.monotonic());
  Line(target, LogLevel::kInfo, ToString(phase));
}

void TextDisplay::OnProgress(std::string_view target, const Progress& progress) {
  const MonotonicTime now = clock_.monotonic();
  const auto it = last_progress_.find(target);
  if (it != last_progress_.end() && now - it->second < kProgressInterval) return;
  last_progress_.insert_or_assign(std::string(target), now);
  std::string text(ToString(progress.phase));
  if (progress.percent >= 0) {
    text += " " + std::to_string(progress.percent) + "%";
  } else {
    text += " " + Grouped(progress.nfiles) + " files, " + HumanBytes(progress.original_size) + ", " +
            HumanBytes(progress.deduplicated_size) + " new";
  }
  Line(target, LogLevel::kInfo, text);
}

void TextDisplay::OnLog(std::string_view target, LogLevel level, std::string_view message) {
  Line(target, level, Printable(message, 4000));
}

void TextDisplay::OnTargetDone(const TargetReport& report) {
  last_progress_.erase(report.name);
  const LogLevel level = report.outcome == Outcome::kFailed      ? LogLevel::kError
                         : report.outcome == Outcome::kCompleted ? LogLevel::kInfo
                                                                 : LogLevel::kWarning;
  for (const std::string& line : DoneLines(report, {color_, false})) Line("", level, line);
}

}  // namespace borgop
