#include "engine/display/terminal_display.h"

#include <algorithm>
#include <utility>

#include "engine/report/printable.h"
#include "engine/report/sizes.h"

namespace borgop {
namespace {

constexpr std::size_t kNameColumns = 20;
constexpr std::size_t kPhaseColumns = 8;
constexpr std::size_t kMinPathColumns = 10;

std::string Padded(std::string text, std::size_t columns) {
  const std::size_t used = ColumnsOf(text);
  if (used < columns) text.append(columns - used, ' ');
  return text;
}

}  // namespace

TerminalDisplay::TerminalDisplay(std::unique_ptr<OutputStream> output, DisplayClock clock, LogLevel level, TerminalStyle style)
    : output_(std::move(output)), clock_(std::move(clock)), level_(level), style_(style) {}

TerminalDisplay::~TerminalDisplay() {
  live_.clear();
  if (cursor_hidden_) Draw("");
}

TerminalDisplay::Live& TerminalDisplay::Of(std::string_view target) {
  const auto it = index_.find(target);
  if (it != index_.end()) return live_[it->second];
  index_.emplace(std::string(target), live_.size());
  Live& live = live_.emplace_back();
  live.name = Printable(target, 200);
  live.sampled = clock_.monotonic();
  return live;
}

void TerminalDisplay::OnRunStart(std::size_t targets) { targets_ = targets; }

void TerminalDisplay::OnPhase(std::string_view target, PhaseName phase) {
  Live& live = Of(target);
  live.progress = Progress{};
  live.progress.phase = phase;
  live.sampled = clock_.monotonic();
  live.sampled_bytes = 0;
  live.rate = 0;
  DrawIfDue();
}

void TerminalDisplay::OnProgress(std::string_view target, const Progress& progress) {
  Live& live = Of(target);
  live.progress = progress;
  const MonotonicTime now = clock_.monotonic();
  if (now - live.sampled >= kRateWindow) {
    const double seconds = std::chrono::duration<double>(now - live.sampled).count();
    const std::uint64_t more = progress.original_size - std::min(progress.original_size, live.sampled_bytes);
    live.rate = static_cast<double>(more) / seconds;
    live.sampled = now;
    live.sampled_bytes = progress.original_size;
  }
  DrawIfDue();
}

void TerminalDisplay::OnLog(std::string_view target, LogLevel level, std::string_view message) {
  if (level < level_) return;
  std::string line;
  if (level >= LogLevel::kWarning) {
    if (style_.color) line += level == LogLevel::kError ? "\x1b[31m" : "\x1b[33m";
    line += std::string(ToString(level)) + ": ";
    if (style_.color) line += "\x1b[0m";
  }
  if (!target.empty()) line += Printable(target, 200) + ": ";
  Draw(line + Printable(message, 4000) + "\n");
}

void TerminalDisplay::OnTargetDone(const TargetReport& report) {
  ++done_;
  if (const auto it = index_.find(report.name); it != index_.end()) {
    const std::size_t place = it->second;
    index_.erase(it);
    live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(place));
    for (auto& [name, index] : index_) {
      if (index > place) --index;
    }
  }
  std::string above;
  for (const std::string& line : DoneLines(report, style_)) above += line + "\n";
  Draw(above);
}

void TerminalDisplay::DrawIfDue() {
  if (!ever_drawn_ || clock_.monotonic() - last_draw_ >= kRedrawInterval) Draw("");
}

std::string TerminalDisplay::Wipe(const TerminalSize& size) const {
  if (drawn_.empty()) return "";
  std::size_t rows = 0;
  for (const std::size_t columns : drawn_) rows += std::max<std::size_t>(1, (columns + size.columns - 1) / size.columns);
  std::string text = "\r";
  if (rows > 1) text += "\x1b[" + std::to_string(rows - 1) + "A";
  return text + "\x1b[J";
}

void TerminalDisplay::Draw(const std::string& above) {
  TerminalSize size = output_->Size();
  size.columns = std::max<std::size_t>(size.columns, 1);
  std::string text = Wipe(size) + above;
  const std::vector<std::string> lines = LiveLines(size);
  drawn_.clear();
  for (const std::string& line : lines) {
    if (!drawn_.empty()) text += '\n';
    text += line;
    drawn_.push_back(ColumnsOf(line));
  }
  const bool hide = !lines.empty();
  if (hide && !cursor_hidden_) text = "\x1b[?25l" + text;
  if (!hide && cursor_hidden_) text += "\x1b[?25h";
  cursor_hidden_ = hide;
  if (!text.empty()) output_->Write(text);
  ever_drawn_ = true;
  last_draw_ = clock_.monotonic();
}

std::vector<std::string> TerminalDisplay::LiveLines(const TerminalSize& size) const {
  // One row stays free for what is above, and one is kept for "N more".
  const std::size_t room = std::max<std::size_t>(1, size.rows - std::min<std::size_t>(size.rows, 1));
  const std::size_t shown = live_.size() <= room ? live_.size() : room - 1;
  // The last column stays empty: terminals differ in what they do when it is written.
  const std::size_t columns = size.columns - 1;
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < shown; ++i) lines.push_back(LineOf(live_[i], columns));
  if (shown < live_.size()) {
    std::string rest = std::to_string(live_.size() - shown) + " more running";
    if (targets_ != 0) rest += ", " + std::to_string(done_) + " of " + std::to_string(targets_) + " done";
    lines.push_back(FitColumns(rest, columns, false));
  }
  return lines;
}

std::string TerminalDisplay::LineOf(const Live& live, std::size_t columns) const {
  const Progress& progress = live.progress;
  std::string line = Padded(FitColumns(live.name, kNameColumns, false), kNameColumns) + " ";
  line += Padded(std::string(ToString(progress.phase)), kPhaseColumns);
  if (progress.nfiles != 0 || progress.original_size != 0) {
    line += " " + Grouped(progress.nfiles) + " files  " + HumanBytes(progress.original_size);
    if (live.rate >= 1) line += "  " + HumanBytes(static_cast<std::uint64_t>(live.rate)) + "/s";
  }
  if (progress.percent >= 0) line += " " + std::to_string(progress.percent) + "%";
  if (!progress.path.empty()) {
    const std::size_t used = ColumnsOf(line) + 2;
    // The end of a path says more than its beginning.
    if (used + kMinPathColumns <= columns) line += "  " + FitColumns(Printable(progress.path), columns - used, true);
  }
  return FitColumns(line, columns, false);
}

}  // namespace borgop
