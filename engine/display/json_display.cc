#include "engine/display/json_display.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/report/printable.h"
#include "engine/report/sizes.h"

namespace borgop {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxField = std::size_t{16} * 1024;

std::string Text(std::string_view bytes) { return ValidUtf8(bytes.substr(0, kMaxField)); }

Json Line(WallTime time, LogLevel level, std::string_view event, std::string_view target, std::string_view message) {
  Json line = {{"time", Rfc3339(time)}, {"level", ToString(level)}, {"event", event}};
  if (!target.empty()) line["target"] = Text(target);
  line["message"] = Text(message);
  return line;
}

std::string Written(const Json& line) { return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

void Emit(OutputStream& output, const Json& line) { output.Write(Written(line)); }

}  // namespace

std::string JsonLossNotice(std::size_t lost) {
  Json line = Line(std::chrono::system_clock::now(), LogLevel::kWarning, "lost", "",
                   "log lines were left out, as nobody read them: " + std::to_string(lost));
  line["lines"] = lost;
  return Written(line);
}

JsonDisplay::JsonDisplay(std::unique_ptr<OutputStream> output, DisplayClock clock, LogLevel level)
    : output_(std::move(output)), clock_(std::move(clock)), level_(level) {}

void JsonDisplay::OnRunStart(std::size_t targets) {
  if (level_ > LogLevel::kInfo) return;
  Json line = Line(clock_.wall(), LogLevel::kInfo, "start", "", "run started");
  line["targets"] = targets;
  Emit(*output_, line);
}

void JsonDisplay::OnPhase(std::string_view target, PhaseName phase) {
  last_.insert_or_assign(std::string(target), Last{phase, clock_.monotonic()});
  if (level_ > LogLevel::kInfo) return;
  Json line = Line(clock_.wall(), LogLevel::kInfo, "phase", target, ToString(phase));
  line["phase"] = ToString(phase);
  Emit(*output_, line);
}

void JsonDisplay::OnProgress(std::string_view target, const Progress& progress) {
  const MonotonicTime now = clock_.monotonic();
  const auto it = last_.find(target);
  if (it != last_.end() && it->second.phase == progress.phase && now - it->second.time < kProgressInterval) return;
  last_.insert_or_assign(std::string(target), Last{progress.phase, now});
  if (level_ > LogLevel::kInfo) return;
  Json line = Line(clock_.wall(), LogLevel::kInfo, "progress", target, ToString(progress.phase));
  line["phase"] = ToString(progress.phase);
  line["files"] = progress.nfiles;
  line["originalSize"] = progress.original_size;
  line["compressedSize"] = progress.compressed_size;
  line["deduplicatedSize"] = progress.deduplicated_size;
  line["bytesBridged"] = progress.bytes_bridged;
  if (progress.percent >= 0) line["percent"] = progress.percent;
  if (!progress.path.empty()) line["path"] = Text(progress.path);
  Emit(*output_, line);
}

void JsonDisplay::OnLog(std::string_view target, LogLevel level, std::string_view message) {
  if (level < level_) return;
  Emit(*output_, Line(clock_.wall(), level, "log", target, message));
}

void JsonDisplay::OnTargetDone(const TargetReport& report) {
  last_.erase(report.name);
  const LogLevel level = report.outcome == Outcome::kFailed      ? LogLevel::kError
                         : report.outcome == Outcome::kCompleted ? LogLevel::kInfo
                                                                 : LogLevel::kWarning;
  if (level < level_) return;
  Json line = Line(clock_.wall(), level, "done", report.name,
                   report.error ? std::string_view(report.error->message) : ToString(report.outcome));
  line["outcome"] = ToString(report.outcome);
  line["seconds"] = static_cast<double>(std::chrono::floor<std::chrono::milliseconds>(report.end - report.start).count()) / 1000.0;
  if (report.archive) line["archive"] = Text(report.archive->name);
  line["warnings"] = report.warnings.size();
  if (report.error) {
    line["kind"] = ToString(report.error->kind());
    line["reason"] = report.error->name();
    line["action"] = Text(report.error->what_to_do());
    if (!report.error->finding.empty()) line["finding"] = report.error->finding;
  }
  Emit(*output_, line);
}

}  // namespace borgop
