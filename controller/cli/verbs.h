// The verbs of borg-operator, a file each. Each adds its options to the command line and returns what main returns.
#pragma once

#include "engine/command_line/completion.h"

namespace borgop::cli {

void AddOperatorRun(CLI::App& app, Action& action);
void AddTrigger(CLI::App& app, Action& action);
void AddOperatorReference(CLI::App& app, Action& action);

}  // namespace borgop::cli
