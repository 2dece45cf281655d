#include <iostream>

#include "engine/cli/read_config.h"
#include "engine/cli/verbs.h"
#include "engine/command_line/usage.h"
#include "engine/plan/yaml_writer.h"
#include "engine/report/report.h"

namespace borgop::cli {

void AddConvert(CLI::App& app, Action& action) {
  CLI::App* verb = app.add_subcommand("convert", "Turn the TOML on standard input into a plan (YAML) on standard output");
  verb->footer(
      "Examples:\n"
      "  (umask 077; borg-engine convert < backups.toml > plan.yaml)\n"
      "  age -d backups.toml.age | borg-engine convert | age -r age1... > plan.yaml.age\n\n"
      "The plan holds the same secrets as the TOML, inline: keep it as safe (mode 0600), or\n"
      "move them to files and name those: privateKeyFile, knownHostsFile, passphraseFile.");
  verb->callback([&action] {
    action = [] {
      const Result<Plan> plan = ReadConfig({});
      if (!plan) return ReportConfigError(plan.error());
      std::string yaml = WriteYaml(*plan);
      std::cout << yaml;
      const int code = FlushOutput("the plan");
      Wipe(yaml);
      return code;
    };
  });
}

}  // namespace borgop::cli
