#include "engine/cli/read_config.h"

#include <unistd.h>

#include <iostream>

#include "engine/base/secret.h"
#include "engine/plan/document.h"
#include "engine/plan/input_file.h"
#include "engine/plan/read_plan.h"
#include "engine/plan/toml_reader.h"
#include "engine/plan/yaml_reader.h"
#include "engine/report/report.h"

namespace borgop::cli {

void AddPlanOption(CLI::App& verb, std::string& plan_file) {
  verb.add_option("-p,--plan", plan_file,
                  "The plan (YAML), or - for standard input; without it, the TOML is read from standard input")
      ->type_name("FILE")
      // As a variable that is not set leaves it: another file would be read than the one that was meant.
      ->check([](const std::string& given) { return given.empty() ? "the name is empty (name a file, or leave --plan out)" : ""; });
}

Result<Plan> ReadConfig(const std::string& plan_file) {
  if (!plan_file.empty() && plan_file != "-") return ReadPlanFile(plan_file);
  if (isatty(STDIN_FILENO) != 0) {
    return Fail(Reason::kInvalidConfig, "there is no configuration: standard input is a terminal",
                "Give a plan (--plan FILE) or the TOML on standard input (borg-engine run < backups.toml).");
  }
  Result<std::string> text = ReadInput(STDIN_FILENO, kMaxInputSize);
  if (!text) return Fail(Reason::kInvalidConfig, "standard input " + text.error().message);
  Result<Plan> plan = plan_file == "-" ? ReadYaml(*text, "<stdin>") : ReadToml(*text, "<stdin>");
  Wipe(*text);
  return plan;
}

int ReportConfigError(const Error& error) {
  std::cerr << error.message << "\n" << error.what_to_do() << "\n";
  return exit_code::kConfig;
}

}  // namespace borgop::cli
