#include <iostream>
#include <memory>

#include "engine/base/error.h"
#include "engine/cli/command_line.h"
#include "engine/cli/usage.h"
#include "engine/cli/verbs.h"
#include "engine/report/report.h"

namespace borgop::cli {

namespace {

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
        std::cout << CommandLineReference(Describe(app));
      } else {
        PrintErrors();
      }
      return FlushOutput("the reference");
    };
  });
}

}  // namespace borgop::cli
