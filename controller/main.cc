// borg-operator: makes Kubernetes run borg-engine for each BorgBackupTarget, and tells in their status what came of it.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <exception>
#include <iostream>

#include "controller/cli/signals.h"
#include "controller/cli/verbs.h"
#include "engine/command_line/usage.h"
#include "engine/report/report.h"
#include "engine/version.h"

namespace {

// A token is in this process's memory, and Secrets pass through it: no core dump, no debugger of the same user.
void Harden() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace

int main(int argc, char** argv) {
  Harden();
  borgop::cli::BlockStopSignals();
  borgop::cli::Action action;
  CLI::App app("Has Kubernetes back machines up with borg: BorgBackupTargets become CronJobs, Jobs and a status.", "borg-operator");
  app.set_version_flag("--version", "borg-operator " + std::string(borgop::kVersion));
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help for all verbs");
  app.footer("borg-operator VERB --help shows the options of a verb, with examples.");
  borgop::cli::AddOperatorRun(app, action);
  borgop::cli::AddTrigger(app, action);
  borgop::cli::AddCompletion(app, action);
  borgop::cli::AddOperatorReference(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return borgop::cli::ReportUsage(app, error, argc, argv);
  }
  try {
    return action();
  } catch (const std::exception& error) {
    std::cerr << "borg-operator: a defect: " << error.what() << "\n";
    return borgop::exit_code::kInternal;
  }
}
