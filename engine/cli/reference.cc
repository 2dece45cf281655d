#include <iostream>

#include "engine/base/error.h"
#include "engine/cli/verbs.h"
#include "engine/report/report.h"

namespace borgop::cli {

void AddReference(CLI::App& app, Action& action) {
  CLI::App* verb = app.add_subcommand("reference", "Print docs/errors.md from the sources");
  verb->group("");  // for the documentation
  verb->callback([&action] {
    action = [] {
      std::cout << "# Errors\n\n"
                   "What a run can fail with, as it stands in the report (`error.reason`, `error.kind`, `error.action`). Made from the sources by\n"
                   "`borg-engine reference`; a test keeps it true.\n\n"
                   "Kinds: **Transient** may pass by itself (run again later), **Waiting** needs something outside to change first,\n"
                   "**Terminal** stays until a person changes something, **Cancelled** was asked for.\n\n"
                   "| reason | kind | what to do |\n| --- | --- | --- |\n";
      for (const ReasonInfo& info : AllReasons()) {
        std::cout << "| `" << info.name << "` | " << ToString(info.kind) << " | " << info.advice << " |\n";
      }
      return exit_code::kOk;
    };
  });
}

}  // namespace borgop::cli
