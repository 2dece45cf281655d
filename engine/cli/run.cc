#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "engine/cli/read_config.h"
#include "engine/cli/termination_log.h"
#include "engine/cli/verbs.h"
#include "engine/command_line/log_options.h"
#include "engine/command_line/usage.h"
#include "engine/display/display.h"
#include "engine/loop/signals.h"
#include "engine/run/ledger_file.h"
#include "engine/run/run.h"

namespace borgop::cli {
namespace {

constexpr std::size_t kTerminationLogLimit = 4096;  // what Kubernetes keeps of a container's termination message

struct Options {
  std::string plan;
  std::size_t parallel = 8;
  std::string termination_log;
  std::string state;
  LogOptions log;
  std::string color = "auto";
  std::string borg = "borg";
};

std::string OwnPath() {
  char path[PATH_MAX] = {};
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : "borg-engine";
}

LogLevel LevelOf(const std::string& name) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kWarning, LogLevel::kError}) {
    if (ToString(level) == name) return level;
  }
  return LogLevel::kInfo;
}

RunReport Execute(const Plan& plan, const Options& options) {
  DisplayOptions display_options;
  display_options.format = ParseLogFormat(options.log.format).value_or(LogFormat::kAuto);
  display_options.color = ParseColorMode(options.color).value_or(ColorMode::kAuto);
  display_options.level = LevelOf(options.log.level);
  const std::unique_ptr<Observer> display = MakeDisplay(display_options);
  EventLoop loop;
  StopSource stop;
  int asked = 0;
  Signals signals(loop, [&](int number) {
    // The first asks, and cleaning up takes a few seconds; whoever asks a third time does not want to wait for it.
    if (++asked > 2) _exit(128 + number);
    stop.Stop();
  });
  LoginLimiter logins;
  RunEnvironment environment;
  environment.loop = &loop;
  environment.signals = &signals;
  environment.observer = display.get();
  environment.logins = &logins;
  environment.engine = OwnPath();
  environment.borg = options.borg;
  environment.state = options.state;
  RunReport report;
  const auto main = [&](Context context) -> Task<void> { report = co_await RunPlan(context, plan, options.parallel, environment); };
  Context context;
  context.loop = &loop;
  context.stop = &stop;
  loop.Run(main(context));
  return report;
}

int Refuse(const Error& error) {
  std::cerr << "borg-engine run: " << error.message << "\n" << error.what_to_do() << "\n";
  return exit_code::kUsage;
}

int Run(const Options& options) {
  const Result<Plan> plan = ReadConfig(options.plan);
  if (!plan) return ReportConfigError(plan.error());
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
  const RunReport report = Execute(*plan, options);
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
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("run", "Back up every target of a plan");
  verb->footer(
      "Examples:\n"
      "  borg-engine run < backups.toml\n"
      "  borg-engine run --plan plan.yaml --parallel 4 --state /var/lib/borg-engine\n"
      "  age -d backups.toml.age | borg-engine run | tail -n 1 | jq '.targets[].archive.name'\n\n"
      "The last line of standard output is the report, as JSON; what goes on meanwhile is told on standard error.\n"
      "Exit status: 0 all is well, 1 a target failed, 2 wrong usage, 3 the configuration was refused, 4 a defect, or a\n"
      "report that could not be written, 75 targets failed in ways that may pass by themselves, 130 stopped.");
  verb->add_option("-p,--plan", options->plan,
                   "The plan (YAML), or - for standard input; without it, the TOML is read from standard input")
      ->type_name("FILE");
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
  AddLogOptions(*verb, options->log, "live lines on a terminal, else json");
  verb->add_option("--color", options->color, "auto, always or never; NO_COLOR is heeded")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN")
      ->capture_default_str();
  verb->add_option("--borg", options->borg, "The borg on this machine")->type_name("PROGRAM")->capture_default_str();
  verb->callback([options, &action] { action = [options] { return Run(*options); }; });
}

}  // namespace borgop::cli
