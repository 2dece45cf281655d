#include "engine/command_line/program.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include "engine/command_line/usage.h"
#include "engine/report/report.h"
#include "engine/version.h"

namespace borgop::cli {

void OpenStandardStreams() {
  static constexpr int kModes[] = {O_WRONLY, O_RDONLY, O_RDWR};
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", kModes[fd]) != fd) std::abort();
  }
}

void Harden() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

void AddGeneralOptions(CLI::App& app) {
  const std::string program = app.get_name();
  app.set_version_flag("--version", program + " " + std::string(kVersion));
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help for all verbs");
  app.footer(program + " VERB --help shows the options of a verb, with examples.");
}

int RunProgram(CLI::App& app, const Action& action, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return ReportUsage(app, error, argc, argv);
  }
  try {
    return action();
  } catch (const std::exception& error) {
    std::cerr << app.get_name() << ": a defect: " << error.what() << "\n";
    return exit_code::kInternal;
  }
}

}  // namespace borgop::cli
