// What a program logs and how, the same for every program of this project.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace borgop::cli {

struct LogOptions {
  std::string format = "auto";  // or json, text
  std::string level = "info";   // or debug, warning, error
};

// `automatic` says what auto comes to.
void AddLogOptions(CLI::App& verb, LogOptions& options, const std::string& automatic);

}  // namespace borgop::cli
