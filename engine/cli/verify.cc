#include <openssl/rand.h>

#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "engine/cli/engine_loop.h"
#include "engine/cli/read_config.h"
#include "engine/cli/verbs.h"
#include "engine/command_line/usage.h"
#include "engine/restore/list_run.h"
#include "engine/restore/verify_run.h"

namespace borgop::cli {
namespace {

struct VerifyArguments {
  std::string plan, target;
  std::string archive{kLatest};
  std::size_t files = 100;
  std::uint64_t mebibytes = 256;
  std::optional<std::uint64_t> seed;
  bool against_target = false, json = false;
  EngineOptions engine;
};

// Short enough to be typed again.
std::uint64_t NewSeed() {
  std::uint32_t seed = 0;
  unsigned char bytes[sizeof seed] = {};
  RAND_bytes(bytes, sizeof bytes);
  std::memcpy(&seed, bytes, sizeof seed);
  return seed;
}

int Verify(const VerifyArguments& options) {
  const Result<Plan> plan = ReadConfig(options.plan);
  if (!plan) return ReportConfigError(plan.error());
  const Result<std::vector<std::size_t>> targets = FindTargets(*plan, {options.target});
  if (!targets) return ReportConfigError(targets.error());
  VerifyRequest request;
  request.archive.name = options.archive;
  request.seed = options.seed ? *options.seed : NewSeed();
  request.limits.files = options.files;
  request.limits.bytes = options.mebibytes * 1024 * 1024;
  request.against_target = options.against_target;
  VerifyReport report;
  RunEngineLoop(options.engine, [&](Context context, const RunEnvironment& environment) -> Task<void> {
    report = co_await RunVerify(context, plan->server, plan->targets[targets->front()], request, environment);
  });
  std::cout << (options.json ? ToJson(report) + "\n" : ToText(report));
  const int flushed = FlushOutput("the report");
  return flushed == exit_code::kOk ? ExitCodeOf(std::vector<std::optional<Error>>{report.error}) : flushed;
}

}  // namespace

void AddVerify(CLI::App& app, Action& action) {
  auto options = std::make_shared<VerifyArguments>();
  options->engine.log.level = "warning";
  CLI::App* verb = app.add_subcommand("verify", "Restore a random sample of an archive, compare it, and throw it away");
  verb->footer(
      "Examples:\n"
      "  borg-engine verify --plan plan.yaml web-01\n"
      "  borg-engine verify --plan plan.yaml web-01 --files 1000 --mebibytes 2048 --against-target\n"
      "  borg-engine verify --plan plan.yaml web-01 --seed 2718281828 --json\n\n"
      "borg checks every byte that it restores by a keyed hash. Beside that, each file's size, permissions and time are compared "
      "with\n"
      "the archive's, and with --against-target its contents with the target's file, unless that has changed since.\n"
      "The sample needs its size in space below $TMPDIR.\n"
      "Exit status: 0 all is as it should be, 1 something is not, or could not be restored, 2 wrong usage, 3 the configuration "
      "was\n"
      "refused, 4 a defect, or a report that could not be written, 75 it failed in a way that may pass by itself, 130 stopped.");
  verb->add_option("target", options->target, "The name of the target")->type_name("TARGET")->required();
  AddPlanOption(*verb, options->plan);
  verb->add_option("--archive", options->archive, "The archive: its name, its id, or latest")
      ->type_name("ARCHIVE")
      ->capture_default_str();
  verb->add_option("--files", options->files, "How many files at most")
      ->type_name("N")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  verb->add_option("--mebibytes", options->mebibytes, "How many MiB at most")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  verb->add_option("--seed", options->seed, "Choose the same files again: the number that a report has")->type_name("N");
  verb->add_flag("--against-target", options->against_target,
                 "Also compare with the target's files, where they have not changed since");
  verb->add_flag("--json", options->json, "Print the report as one line of JSON");
  AddKnownOption(*verb, options->engine);
  AddEngineOptions(*verb, options->engine);
  verb->callback([options, &action] { action = [options] { return Verify(*options); }; });
}

}  // namespace borgop::cli
