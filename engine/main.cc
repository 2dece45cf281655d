// borg-engine: backs up machines over SSH into borg repositories on another machine, trusting neither with a key.
#include "engine/cli/verbs.h"
#include "engine/command_line/program.h"

int main(int argc, char** argv) {
  borgop::cli::OpenStandardStreams();
  borgop::cli::Harden();
  borgop::cli::Action action;
  CLI::App app("Backs up machines with borg, over SSH, without trusting them or the storage with a key.", "borg-engine");
  borgop::cli::AddGeneralOptions(app);
  borgop::cli::AddRun(app, action);
  borgop::cli::AddList(app, action);
  borgop::cli::AddRestore(app, action);
  borgop::cli::AddVerify(app, action);
  borgop::cli::AddCheckConfig(app, action);
  borgop::cli::AddConvert(app, action);
  borgop::cli::AddCompletion(app, action);
  borgop::cli::AddConnect(app, action);
  borgop::cli::AddReference(app, action);
  return borgop::cli::RunProgram(app, action, argc, argv);
}
