// The verbs of borg-engine, a file each. Each adds its options to the command line and returns what main returns.
#pragma once

#include "engine/command_line/completion.h"

namespace borgop::cli {

void AddRun(CLI::App& app, Action& action);
void AddList(CLI::App& app, Action& action);
void AddRestore(CLI::App& app, Action& action);
void AddVerify(CLI::App& app, Action& action);
void AddCheckConfig(CLI::App& app, Action& action);
void AddConvert(CLI::App& app, Action& action);
void AddConnect(CLI::App& app, Action& action);
void AddReference(CLI::App& app, Action& action);

}  // namespace borgop::cli
