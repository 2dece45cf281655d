#include <fcntl.h>
#include <unistd.h>

#include <iostream>
#include <memory>

#include "engine/cli/engine_loop.h"
#include "engine/cli/read_config.h"
#include "engine/cli/termination_log.h"
#include "engine/cli/verbs.h"
#include "engine/command_line/usage.h"
#include "engine/plan/document.h"
#include "engine/plan/rules.h"
#include "engine/run/ledger_file.h"
#include "engine/run/run.h"

namespace borgop::cli {
namespace {

constexpr std::size_t kTerminationLogLimit = 4096;  // what Kubernetes keeps of a container's termination message

struct RunArguments {
  std::string plan;
  std::size_t parallel = 8;
  std::string termination_log;
  std::string state;
  std::string acknowledge;
  EngineOptions engine;
};

RunReport Execute(const Plan& plan, const RunArguments& options) {
  RunReport report;
  RunEngineLoop(options.engine, [&](Context context, const RunEnvironment& engine) -> Task<void> {
    RunEnvironment environment = engine;
    environment.state = options.state;
    report = co_await RunPlan(context, plan, options.parallel, environment);
  });
  return report;
}

// Where the ledgers are is said by the plan or by the command line, not by both.
Status CheckLedgerOptions(const Plan& plan, const RunArguments& options) {
  if (!options.acknowledge.empty()) {
    if (const std::string problem = AcknowledgeProblem(options.acknowledge); !problem.empty())
      return Fail(Reason::kInvalidConfig, "--acknowledge " + Quoted(options.acknowledge) + ' ' + problem,
                  "See borg-engine run --help.");
    if (options.state.empty())
      return Fail(Reason::kInvalidConfig,
                  "--acknowledge needs --state: without a ledger nothing is found that could be acknowledged",
                  "Name the directory that has the ledgers with --state.");
  }
  for (const Target& target : plan.targets) {
    const bool kept = !options.state.empty() || !target.repository.ledger_file.empty();
    if (!kept && target.maintenance.compact_after.count() > 0)
      return Fail(Reason::kInvalidConfig, "the target " + Quoted(target.name) + " has compactAfter, which needs a ledger",
                  "Name a directory for ledgers with --state.");
    if (options.state.empty() || target.repository.ledger_file.empty()) continue;
    return Fail(Reason::kInvalidConfig, "--state is given, and the plan has a ledgerFile for the target " + Quoted(target.name),
                "Leave out one of the two.");
  }
  return {};
}

Plan WithOptions(Plan plan, const RunArguments& options) {
  for (Target& target : plan.targets) {
    if (!options.acknowledge.empty()) target.repository.acknowledge = options.acknowledge;
  }
  return plan;
}

int Refuse(const Error& error) {
  std::cerr << "borg-engine run: " << error.message << "\n" << error.what_to_do() << "\n";
  return exit_code::kUsage;
}

int Run(const RunArguments& options) {
  Result<Plan> plan = ReadConfig(options.plan);
  if (!plan) return ReportConfigError(plan.error());
  if (const Status fits = CheckLedgerOptions(*plan, options); !fits) return Refuse(fits.error());
  // Better now than after hours of work.
  Result<TerminationLog> log = TerminationLog::Open(options.termination_log);
  if (!log) return Refuse(log.error());
  if (!options.state.empty()) {
    if (const Status prepared = PrepareStateDirectory(options.state); !prepared) return Refuse(prepared.error());
  }
  if ((fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY) {
    return Refuse({Reason::kInvalidConfig, "standard output, where the report goes, is closed or cannot be written",
                   "Let it go to a file, a pipe or a terminal."});
  }
  const RunReport report = Execute(WithOptions(*std::move(plan), options), options);
  int code = ExitCodeOf(report);
  if (const Status written = log->Write(ToSummaryJson(report, kTerminationLogLimit)); !written) {
    std::cerr << "borg-engine: " << written.error().message << "\n";
    code = exit_code::kInternal;
  }
  std::cout << ToJson(report) << "\n";
  if (const int flushed = FlushOutput("the report"); flushed != exit_code::kOk) code = flushed;
  return code;
}

}  // namespace

void AddRun(CLI::App& app, Action& action) {
  auto options = std::make_shared<RunArguments>();
  CLI::App* verb = app.add_subcommand("run", "Back up every target of a plan");
  verb->footer(
      "Examples:\n"
      "  borg-engine run < backups.toml\n"
      "  borg-engine run --plan plan.yaml --parallel 4 --state /var/lib/borg-engine\n"
      "  age -d backups.toml.age | borg-engine run | tail -n 1 | jq '.targets[].archive.name'\n\n"
      "The last line of standard output is the report, as JSON; what goes on meanwhile is told on standard error.\n"
      "Exit status: 0 all is well, 1 a target failed, 2 wrong usage, 3 the configuration was refused, 4 a defect, or a\n"
      "report that could not be written, 75 targets failed in ways that may pass by themselves, 130 stopped.");
  AddPlanOption(*verb, options->plan);
  verb->add_option("--parallel", options->parallel, "How many targets at a time")
      ->type_name("N")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb->add_option("--termination-log", options->termination_log, "Also write a summary of at most 4,096 bytes to this file")
      ->type_name("FILE");
  verb->add_option(
          "--state", options->state,
          "Keep a ledger of each target in this directory: what its repository is and which archives were seen made. Retention is "
          "then worked out from that, and a repository that was tampered with is noticed")
      ->type_name("DIR");
  verb->add_option(
          "--acknowledge", options->acknowledge,
          "Go on although a repository is not what it was: take for good the very finding that a report has by this id, once you "
          "know what happened (needs --state)")
      ->type_name("FINDING");
  AddEngineOptions(*verb, options->engine);
  verb->callback([options, &action] { action = [options] { return Run(*options); }; });
}

}  // namespace borgop::cli
