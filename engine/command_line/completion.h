// The verb `completion`, the same for every program of this project.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>

namespace borgop::cli {

// What main calls once the command line has been understood; it returns what main returns.
using Action = std::function<int()>;

// `app` has its other verbs by the time the action runs.
void AddCompletion(CLI::App& app, Action& action);

}  // namespace borgop::cli
