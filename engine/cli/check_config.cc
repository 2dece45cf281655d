#include <iostream>
#include <memory>

#include "engine/cli/read_config.h"
#include "engine/cli/verbs.h"
#include "engine/command_line/usage.h"
#include "engine/report/report.h"

namespace borgop::cli {

void AddCheckConfig(CLI::App& app, Action& action) {
  auto plan_file = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("check-config", "Say what is wrong with a configuration, without connecting anywhere");
  verb->footer(
      "Examples:\n"
      "  borg-engine check-config < backups.toml\n"
      "  borg-engine check-config --plan plan.yaml\n\n"
      "Exit status: 0 it can be used, 3 it cannot; every problem is told with its file, line and key.");
  AddPlanOption(*verb, *plan_file);
  verb->callback([plan_file, &action] {
    action = [plan_file] {
      const Result<Plan> plan = ReadConfig(*plan_file);
      if (!plan) return ReportConfigError(plan.error());
      std::cout << "The configuration is good: " << plan->targets.size() << (plan->targets.size() == 1 ? " target." : " targets.")
                << "\n";
      return FlushOutput("the verdict");
    };
  });
}

}  // namespace borgop::cli
