#include <iostream>

#include "controller/cli/verbs.h"
#include "engine/command_line/command_line.h"
#include "engine/command_line/usage.h"
#include "engine/report/report.h"

namespace borgop::cli {

void AddOperatorReference(CLI::App& app, Action& action) {
  CLI::App* verb = app.add_subcommand("reference", "Print docs/operator-cli.md from the sources");
  verb->group("");  // for the documentation
  verb->callback([&app, &action] {
    action = [&app] {
      std::cout << CommandLineReference(
          Describe(app), {{exit_code::kOk, "all is well; `run`: stopped by SIGINT or SIGTERM, with all work handed over"},
                          {exit_code::kFailed, "the API refused something or could not be reached; `run`: the lead was lost"},
                          {exit_code::kUsage, "the command line is wrong"},
                          {exit_code::kConfig, "the cluster's configuration cannot be used; nothing was connected"},
                          {exit_code::kInternal, "a defect of borg-operator, or its output could not be written"}});
      return FlushOutput("the reference");
    };
  });
}

}  // namespace borgop::cli
