#include "controller/logging/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>

#include "engine/report/printable.h"
#include "engine/report/sizes.h"

namespace borgop::logging {
namespace {

std::string_view NameOf(Level level) {
  switch (level) {
    case Level::kDebug: return "debug";
    case Level::kInfo: return "info";
    case Level::kWarning: return "warning";
    case Level::kError: return "error";
  }
  return "";
}

spdlog::level::level_enum Spdlog(Level level) {
  switch (level) {
    case Level::kDebug: return spdlog::level::debug;
    case Level::kInfo: return spdlog::level::info;
    case Level::kWarning: return spdlog::level::warn;
    case Level::kError: return spdlog::level::err;
  }
  return spdlog::level::err;
}

// Only ASCII, so that no character controls a terminal.
template <class Json>
std::string Dump(const Json& value) {
  return value.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::string ValueAsText(const nlohmann::json& value) {
  if (!value.is_string()) return Dump(value);
  std::string text = Printable(value.get<std::string>());
  if (text.empty() || text.find_first_of(" =\"") != std::string::npos) text = nlohmann::json(text).dump();
  return text;
}

}  // namespace

std::string FormatLine(Format format, std::string_view time, Level level, std::string_view message, Fields fields) {
  if (format == Format::kJson) {
    nlohmann::ordered_json line = {{"time", time}, {"level", NameOf(level)}, {"message", message}};
    for (const auto& [name, value] : fields) line[name] = value;
    return Dump(line);
  }
  std::string line = std::string(time) + ' ' + std::string(NameOf(level)) + ": " + Printable(message);
  for (const auto& [name, value] : fields) line += std::string(" ") + name + '=' + ValueAsText(value);
  return line;
}

Log::Log(Format format, Level lowest)
    : format_(format),
      logger_(std::make_shared<spdlog::logger>("borg-operator", std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  logger_->set_pattern("%v");
  logger_->set_level(Spdlog(lowest));
  logger_->flush_on(spdlog::level::debug);
}

void Log::Write(Level level, std::string_view message, Fields fields) const {
  if (!logger_->should_log(Spdlog(level))) return;
  const std::string time = Rfc3339(std::chrono::system_clock::now());
  logger_->log(Spdlog(level), spdlog::string_view_t(FormatLine(format_, time, level, message, fields)));
}

}  // namespace borgop::logging
