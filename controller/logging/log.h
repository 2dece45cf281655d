// The operator's log: one event a line on standard error, as JSON for machines or as text for people.
//
// A line has a time, a level, a message and fields. Everything in it is printable; nobody passes it anything secret.
//
// Thread safety: any thread. Ownership: a Log is a value that shares its sink.
#pragma once

#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace spdlog {
class logger;
}

namespace borgop::logging {

enum class Format { kJson, kText };
enum class Level { kDebug, kInfo, kWarning, kError };

using Fields = std::initializer_list<std::pair<const char*, nlohmann::json>>;

// One line without its end. `time` is RFC 3339.
std::string FormatLine(Format format, std::string_view time, Level level, std::string_view message, Fields fields);

class Log {
 public:
  Log(Format format, Level lowest);

  void Debug(std::string_view message, Fields fields = {}) const { Write(Level::kDebug, message, fields); }
  void Info(std::string_view message, Fields fields = {}) const { Write(Level::kInfo, message, fields); }
  void Warning(std::string_view message, Fields fields = {}) const { Write(Level::kWarning, message, fields); }
  void Error(std::string_view message, Fields fields = {}) const { Write(Level::kError, message, fields); }
  void Write(Level level, std::string_view message, Fields fields) const;

 private:
  Format format_;
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace borgop::logging
