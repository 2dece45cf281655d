// The configuration as the command line names it: a plan file, or the TOML on standard input.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "engine/base/result.h"
#include "engine/plan/plan.h"

namespace borgop::cli {

// -p, --plan.
void AddPlanOption(CLI::App& verb, std::string& plan_file);

// `plan_file` empty: TOML from standard input; "-": a YAML plan from standard input. Errors: kInvalidConfig, all problems at once.
Result<Plan> ReadConfig(const std::string& plan_file);

// Says on standard error what is wrong and returns the exit code.
int ReportConfigError(const Error& error);

}  // namespace borgop::cli
