// borg-operator: makes Kubernetes run borg-engine for each BorgBackupTarget, and tells in their status what came of it.
#include "controller/cli/signals.h"
#include "controller/cli/verbs.h"
#include "engine/command_line/program.h"

int main(int argc, char** argv) {
  borgop::cli::OpenStandardStreams();
  borgop::cli::Harden();
  borgop::cli::BlockStopSignals();
  borgop::cli::Action action;
  CLI::App app("Has Kubernetes back machines up with borg: BorgBackupTargets become CronJobs, Jobs and a status.", "borg-operator");
  borgop::cli::AddGeneralOptions(app);
  borgop::cli::AddOperatorRun(app, action);
  borgop::cli::AddTrigger(app, action);
  borgop::cli::AddCompletion(app, action);
  borgop::cli::AddOperatorReference(app, action);
  return borgop::cli::RunProgram(app, action, argc, argv);
}
