#include <iostream>
#include <memory>

#include "engine/base/error.h"
#include "engine/cli/verbs.h"
#include "engine/command_line/command_line.h"
#include "engine/command_line/usage.h"
#include "engine/report/report.h"

namespace borgop::cli {

namespace {

std::vector<ExitStatusFacts> ExitStatuses() {
  return {{exit_code::kOk, "all is well: every target completed, with or without warnings"},
          {exit_code::kFailed, "at least one target failed in a way that stays until a person changes something"},
          {exit_code::kUsage, "the command line is wrong, or names an output that cannot be written; nothing was connected"},
          {exit_code::kConfig, "the configuration was refused; nothing was connected"},
          {exit_code::kInternal, "a defect of borg-engine, or its output could not be written"},
          {exit_code::kRetry, "targets failed, all of them in ways that may pass by themselves: run again later"},
          {exit_code::kCancelled, "stopped by SIGINT or SIGTERM"}};
}

void PrintErrors() {
  std::cout << "# Errors\n\n"
               "What a run can fail with, as it stands in the report (`error.reason`, `error.kind`, `error.action`). Made from the "
               "sources by\n"
               "`./dev docs`; a test keeps it true.\n\n"
               "Kinds: **Transient** may pass by itself (run again later), **Waiting** needs something outside to change first,\n"
               "**Terminal** stays until a person changes something, **Cancelled** was asked for.\n\n"
               "| reason | kind | what to do |\n| --- | --- | --- |\n";
  for (const ReasonInfo& info : AllReasons()) {
    std::cout << "| `" << info.name << "` | " << ToString(info.kind) << " | " << info.advice << " |\n";
  }
}

}  // namespace

void AddReference(CLI::App& app, Action& action) {
  auto which = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("reference", "Print docs/errors.md or docs/cli.md from the sources");
  verb->group("");  // for the documentation
  verb->add_option("page", *which, "The page")->required()->type_name("PAGE")->check(CLI::IsMember({"errors", "cli"}));
  verb->callback([which, &app, &action] {
    action = [which, &app] {
      if (*which == "cli") {
        std::cout << CommandLineReference(Describe(app), ExitStatuses());
      } else {
        PrintErrors();
      }
      return FlushOutput("the reference");
    };
  });
}

}  // namespace borgop::cli
