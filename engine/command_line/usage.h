// What main says about a command line that cannot be used, and about output that cannot be written.
#pragma once

#include <CLI/App.hpp>
#include <string_view>

namespace borgop::cli {

// Help and version go to standard output; anything else to standard error, with the nearest verb or option. Returns the exit code.
int ReportUsage(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv);

// Flushes standard output. kOk, or kInternal after it has said that `what` could not be written.
int FlushOutput(std::string_view what);

}  // namespace borgop::cli
