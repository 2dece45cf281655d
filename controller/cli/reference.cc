#include <iostream>
#include <memory>

#include "controller/cli/verbs.h"
#include "controller/reconcile/conditions.h"
#include "controller/reconcile/failure_reasons.h"
#include "engine/command_line/command_line.h"
#include "engine/command_line/usage.h"
#include "engine/report/report.h"

namespace borgop::cli {

namespace {

void PrintErrors() {
  std::cout << "\n## Where a run gives no report\n\n"
               "The operator finds these in the state of the pod and its Job; they stand in a target's status.\n\n"
               "| reason | kind | what it says |\n| --- | --- | --- |\n";
  for (const controller::FailureReason& known : controller::AllFailureReasons()) {
    std::cout << "| `" << known.name << "` | " << ToString(known.kind) << (known.or_transient ? " or Transient" : "") << " | "
              << known.meaning << " |\n";
  }
}

// For the test that docs/troubleshooting.md has them all: "TYPE REASON", a line each.
void PrintReasons() {
  for (const std::string_view type : controller::kConditionTypes) {
    for (const std::string_view reason : controller::ReasonsOf(type)) std::cout << type << ' ' << reason << '\n';
  }
}

}  // namespace

void AddOperatorReference(CLI::App& app, Action& action) {
  auto which = std::make_shared<std::string>("cli");
  CLI::App* verb = app.add_subcommand(
      "reference", "Print docs/operator-cli.md, the end of docs/errors.md, or the reasons of conditions, from the sources");
  verb->group("");  // for the documentation
  verb->add_option("page", *which, "The page")->type_name("PAGE")->check(CLI::IsMember({"errors", "cli", "reasons"}));
  verb->callback([which, &app, &action] {
    action = [which, &app] {
      if (*which == "errors") {
        PrintErrors();
        return FlushOutput("the reference");
      }
      if (*which == "reasons") {
        PrintReasons();
        return FlushOutput("the reference");
      }
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
