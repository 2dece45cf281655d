// borg-engine: backs up machines over SSH into borg repositories on another machine, trusting neither with a key.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>

#include "engine/cli/verbs.h"
#include "engine/command_line/usage.h"
#include "engine/report/report.h"
#include "engine/version.h"

namespace {

// Keys and passphrases are in this process's memory: no core dump, no debugger of the same user, nothing under /proc for others.
void Harden() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

// A descriptor opened later must never become one of these. Input and output that were closed are opened the wrong way round, so
// that using them fails instead of reading nothing and writing nowhere.
void OpenStandardStreams() {
  static constexpr int kModes[] = {O_WRONLY, O_RDONLY, O_RDWR};
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", kModes[fd]) != fd) std::abort();
  }
}

}  // namespace

int main(int argc, char** argv) {
  OpenStandardStreams();
  Harden();
  borgop::cli::Action action;
  CLI::App app("Backs up machines with borg, over SSH, without trusting them or the storage with a key.", "borg-engine");
  app.set_version_flag("--version", "borg-engine " + std::string(borgop::kVersion));
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help for all verbs");
  app.footer("borg-engine VERB --help shows the options of a verb, with examples.");
  borgop::cli::AddRun(app, action);
  borgop::cli::AddCheckConfig(app, action);
  borgop::cli::AddConvert(app, action);
  borgop::cli::AddCompletion(app, action);
  borgop::cli::AddConnect(app, action);
  borgop::cli::AddReference(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return borgop::cli::ReportUsage(app, error, argc, argv);
  }
  try {
    return action();
  } catch (const std::exception& error) {
    std::cerr << "borg-engine: a defect: " << error.what() << "\n";
    return borgop::exit_code::kInternal;
  }
}
