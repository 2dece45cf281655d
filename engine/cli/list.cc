#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "engine/cli/engine_loop.h"
#include "engine/cli/read_config.h"
#include "engine/cli/verbs.h"
#include "engine/command_line/usage.h"
#include "engine/plan/document.h"
#include "engine/report/report.h"
#include "engine/restore/list_run.h"

namespace borgop::cli {
namespace {

struct ListArguments {
  std::string plan;
  std::vector<std::string> targets;
  bool json = false;
  std::string time_zone;
  std::size_t parallel = 8;
  EngineOptions engine;
};

int List(const ListArguments& options) {
  const auto zone = TimeZone::Find(options.time_zone);
  if (!zone) {
    std::cerr << "borg-engine list: --time-zone " << zone.error() << "\n";
    return exit_code::kUsage;
  }
  const Result<Plan> plan = ReadConfig(options.plan);
  if (!plan) return ReportConfigError(plan.error());
  const Result<std::vector<std::size_t>> targets = FindTargets(*plan, options.targets);
  if (!targets) return ReportConfigError(targets.error());
  std::vector<TargetListing> listings;
  RunEngineLoop(options.engine, [&](Context context, const RunEnvironment& environment) -> Task<void> {
    listings = co_await ListPlan(context, *plan, *targets, options.parallel, environment);
  });
  std::cout << (options.json ? ToJson(listings) + "\n" : ToTable(listings, *zone));
  const int flushed = FlushOutput("the list");
  if (flushed != exit_code::kOk) return flushed;
  std::vector<std::optional<Error>> errors;
  errors.reserve(listings.size());
  for (const TargetListing& listing : listings) errors.push_back(listing.error);
  return ExitCodeOf(errors);
}

}  // namespace

void AddList(CLI::App& app, Action& action) {
  auto options = std::make_shared<ListArguments>();
  options->engine.log.level = "warning";
  CLI::App* verb = app.add_subcommand("list", "List the archives of each target's repository");
  verb->footer(
      "Examples:\n"
      "  borg-engine list < backups.toml\n"
      "  borg-engine list --plan plan.yaml --time-zone Europe/Amsterdam web-01\n"
      "  borg-engine list --plan plan.yaml --json | jq -r '.targets[].archives[-1].name'\n\n"
      "Only the repository server is connected. BEGUN is when the target says that it began the backup.\n"
      "Exit status: 0 every repository was listed, 1 one was not, 2 wrong usage, 3 the configuration was refused, 4 a defect,\n"
      "or a list that could not be written, 75 those that were not listed may be later, 130 stopped.");
  verb->add_option("targets", options->targets, "Names of targets; without any, all are listed")->type_name("TARGET");
  AddPlanOption(*verb, options->plan);
  verb->add_flag("--json", options->json, "One line of JSON");
  verb->add_option("--time-zone", options->time_zone, "The time zone of the table, such as Europe/Amsterdam; without it, UTC")
      ->type_name("ZONE");
  verb->add_option("--parallel", options->parallel, "How many targets at a time")
      ->type_name("N")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  AddKnownOption(*verb, options->engine);
  AddEngineOptions(*verb, options->engine);
  verb->callback([options, &action] { action = [options] { return List(*options); }; });
}

}  // namespace borgop::cli
