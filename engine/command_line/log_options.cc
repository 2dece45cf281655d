#include "engine/command_line/log_options.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace borgop::cli {

void AddLogOptions(CLI::App& verb, LogOptions& options, const std::string& automatic) {
  verb.add_option("--log-format", options.format, "auto (" + automatic + "), json or text")
      ->check(CLI::IsMember({"auto", "json", "text"}))
      ->type_name("FORMAT")
      ->capture_default_str();
  verb.add_option("--log-level", options.level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->type_name("LEVEL")
      ->capture_default_str();
}

}  // namespace borgop::cli
