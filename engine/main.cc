// borg-engine: backs up machines over SSH into borg repositories on another machine, trusting neither with a key.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "engine/cli/verbs.h"
#include "engine/command_line/program.h"

namespace {

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
  borgop::cli::Harden();
  borgop::cli::Action action;
  CLI::App app("Backs up machines with borg, over SSH, without trusting them or the storage with a key.", "borg-engine");
  borgop::cli::AddGeneralOptions(app);
  borgop::cli::AddRun(app, action);
  borgop::cli::AddCheckConfig(app, action);
  borgop::cli::AddConvert(app, action);
  borgop::cli::AddCompletion(app, action);
  borgop::cli::AddConnect(app, action);
  borgop::cli::AddReference(app, action);
  return borgop::cli::RunProgram(app, action, argc, argv);
}
