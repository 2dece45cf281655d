// What every verb that reaches machines does around its work: a display on standard error, the loop, and SIGINT and SIGTERM as a stop.
#pragma once

#include <functional>
#include <string>

#include "engine/command_line/log_options.h"
#include "engine/loop/wait.h"
#include "engine/run/target_run.h"

namespace borgop::cli {

struct EngineOptions {
  LogOptions log;
  std::string color = "auto";
  std::string borg = "borg";
  std::string known;  // AddKnownOption
};

// --log-format, --log-level, --color and --borg.
void AddEngineOptions(CLI::App& verb, EngineOptions& options);

// --state, for verbs that read a repository: what runs know of it.
void AddKnownOption(CLI::App& verb, EngineOptions& options);

// Runs `main` to its end. The first signal stops its context; the third ends the process.
using EngineMain = std::function<Task<void>(Context, const RunEnvironment&)>;
void RunEngineLoop(const EngineOptions& options, const EngineMain& main);

}  // namespace borgop::cli
