#include "engine/cli/read_config.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <utility>

#include "engine/borg/check_plan.h"
#include "engine/plan/read_plan.h"
#include "engine/plan/toml_reader.h"
#include "engine/plan/yaml_reader.h"
#include "engine/report/report.h"

namespace borgop::cli {
namespace {

constexpr std::size_t kLargest = 16 * 1024 * 1024;

// Into one buffer that never moves: a reallocation would leave a copy of what may be secret.
Result<std::string> ReadStandardInput() {
  std::string text(kLargest + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(STDIN_FILENO, text.data() + size, text.size() - size);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      Wipe(text);
      return Fail(Reason::kInvalidConfig, std::string("standard input cannot be read: ") + std::strerror(errno));
    }
    size += static_cast<std::size_t>(got);
  }
  if (size > kLargest) {
    Wipe(text);
    return Fail(Reason::kInvalidConfig, "standard input is larger than 16 MiB");
  }
  text.resize(size);
  return text;
}

Result<Plan> ReadText(const std::string& plan_file) {
  if (!plan_file.empty() && plan_file != "-") return ReadPlanFile(plan_file);
  if (isatty(STDIN_FILENO) != 0) {
    return Fail(Reason::kInvalidConfig, "there is no configuration: standard input is a terminal",
                "Give a plan (--plan FILE) or the TOML on standard input (borg-engine run < backups.toml).");
  }
  Result<std::string> text = ReadStandardInput();
  if (!text) return Fail(text.error());
  Result<Plan> plan = plan_file == "-" ? ReadYaml(*text, "<stdin>") : ReadToml(*text, "<stdin>");
  Wipe(*text);
  return plan;
}

}  // namespace

Result<Plan> ReadConfig(const std::string& plan_file) {
  Result<Plan> plan = ReadText(plan_file);
  if (!plan) return plan;
  if (const Status status = CheckPlan(*plan); !status) return Fail(status.error());
  return plan;
}

int ReportConfigError(const Error& error) {
  std::cerr << error.message << "\n" << error.what_to_do() << "\n";
  return exit_code::kConfig;
}

}  // namespace borgop::cli
