// What main does, the same for every program of this project.
#pragma once

#include "engine/command_line/completion.h"

namespace borgop::cli {

// First of all: a descriptor opened later must never become standard input, output or error. What of these was closed is opened the
// wrong way round, so that using it fails instead of reading nothing and writing nowhere.
void OpenStandardStreams();

// Secrets are in this process's memory: no core dump, no debugger of the same user, nothing under /proc for others.
void Harden();

// What stands before a verb: --version and --help-all; a verb is required.
void AddGeneralOptions(CLI::App& app);

// Understands the command line and does what it asks for. Returns what main returns; no exception leaves it.
int RunProgram(CLI::App& app, const Action& action, int argc, const char* const* argv);

}  // namespace borgop::cli
