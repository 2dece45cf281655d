// The verbs of borg-engine, a file each. Each adds its options to the command line and returns what main returns.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <string>

namespace borgop::cli {

// What main calls once the command line has been understood.
using Action = std::function<int()>;

void AddRun(CLI::App& app, Action& action);
void AddCheckConfig(CLI::App& app, Action& action);
void AddConvert(CLI::App& app, Action& action);
void AddConnect(CLI::App& app, Action& action);
void AddCompletion(CLI::App& app, Action& action);
void AddReference(CLI::App& app, Action& action);

}  // namespace borgop::cli
