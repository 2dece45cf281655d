#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "engine/cli/engine_loop.h"
#include "engine/cli/read_config.h"
#include "engine/cli/standard_output.h"
#include "engine/cli/verbs.h"
#include "engine/command_line/usage.h"
#include "engine/plan/document.h"
#include "engine/report/printable.h"
#include "engine/restore/list_run.h"
#include "engine/restore/restore_run.h"

namespace borgop::cli {
namespace {

struct RestoreArguments {
  std::string plan, target;
  std::vector<std::string> paths, patterns;
  std::string archive{kLatest}, as_of, time_zone;
  bool tar = false, in_place = false, overwrite = false, dry_run = false, json = false;
  std::string destination, to_target;
  EngineOptions engine;
};

tl::unexpected<std::string> Refused(std::string why) { return tl::unexpected(std::move(why)); }

// Absolute, without a slash at its end.
std::string Absolute(const std::string& directory) {
  std::string path = std::filesystem::absolute(directory).lexically_normal().string();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

tl::expected<void, std::string> SetDestination(const RestoreArguments& options, RestoreRequest& request) {
  const int given = int{options.tar} + int{options.in_place} + int{!options.destination.empty()} + int{!options.to_target.empty()};
  if (given != 1) return Refused("say where to: one of --tar, --destination DIR, --to-target DIR and --in-place");
  if (options.tar) {
    request.destination = Destination::kTar;
    if (options.json) return Refused("--json and --tar both want standard output");
    if (isatty(STDOUT_FILENO) != 0 && !options.dry_run)
      return Refused(
          "standard output is a terminal; let the tar go to a file or a program (borg-engine restore ... --tar | tar t)");
  } else if (options.in_place) {
    request.destination = Destination::kInPlace;
  } else {
    const bool here = !options.destination.empty();
    request.destination = here ? Destination::kHere : Destination::kTarget;
    if (!here && !options.to_target.starts_with('/')) return Refused("--to-target takes an absolute path");
    request.directory = Absolute(here ? options.destination : options.to_target);
    if (request.directory == "/")
      return Refused("name a directory other than / (each file of the target where it was: --in-place)");
  }
  if (options.overwrite && options.tar) return Refused("a tar overwrites nothing: --overwrite says nothing with --tar");
  return {};
}

tl::expected<RestoreRequest, std::string> RequestOf(const RestoreArguments& options) {
  RestoreRequest request;
  if (const auto set = SetDestination(options, request); !set) return Refused(set.error());
  request.archive.name = options.archive;
  if (!options.as_of.empty()) {
    if (options.archive != kLatest) return Refused("--archive and --as-of both choose an archive; give one of them");
    const auto zone = TimeZone::Find(options.time_zone);
    if (!zone) return Refused("--time-zone " + zone.error());
    const auto time = ParsePointInTime(options.as_of, *zone);
    if (!time) return Refused("--as-of " + Quoted(options.as_of) + " " + time.error());
    request.archive.as_of = *time;
  } else if (!options.time_zone.empty()) {
    return Refused("--time-zone is that of --as-of, which is not given");
  }
  auto wanted = Wanted::Of(options.paths, options.patterns);
  if (!wanted) return Refused(wanted.error());
  request.wanted = std::move(*wanted);
  request.overwrite = options.overwrite;
  request.dry_run = options.dry_run;
  return request;
}

// What --dry-run would restore: kept in a file without a name, as whoever reads it may take his time.
class Spool {
 public:
  Spool() : file_(std::tmpfile()) {}
  ~Spool() {
    if (file_ != nullptr) static_cast<void>(std::fclose(file_));
  }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  bool good() const { return file_ != nullptr && std::ferror(file_) == 0; }
  void Add(const std::string& line) {
    if (file_ != nullptr) static_cast<void>(std::fwrite(line.data(), 1, line.size(), file_));  // good() tells
  }
  void Print() {
    if (file_ == nullptr) return;
    std::rewind(file_);
    char buffer[16384];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, file_)) > 0;)
      std::cout.write(buffer, static_cast<std::streamsize>(got));
  }

 private:
  std::FILE* file_;
};

int Restore(const RestoreArguments& options) {
  tl::expected<RestoreRequest, std::string> request = RequestOf(options);
  if (!request) {
    std::cerr << "borg-engine restore: " << request.error() << "\n";
    return exit_code::kUsage;
  }
  const Result<Plan> plan = ReadConfig(options.plan);
  if (!plan) return ReportConfigError(plan.error());
  const Result<std::vector<std::size_t>> targets = FindTargets(*plan, {options.target});
  if (!targets) return ReportConfigError(targets.error());
  const Target& target = plan->targets[targets->front()];
  Spool spool;
  const bool shows = options.dry_run && !options.json;
  if (shows) request->on_item = [&spool](const ListedItem& item) { spool.Add(Printable(item.path) + "\n"); };
  RestoreReport report;
  RunEngineLoop(options.engine, [&](Context context, const RunEnvironment& environment) -> Task<void> {
    std::unique_ptr<StandardOutput> output;
    if (request->destination == Destination::kTar && !options.dry_run) output = std::make_unique<StandardOutput>(*context.loop);
    request->tar = output.get();
    report = co_await RunRestore(context, plan->server, target, std::move(*request), environment);
  });
  int code = ExitCodeOf(std::vector<std::optional<Error>>{report.error});
  if (shows && report.archive) spool.Print();
  if (shows && !spool.good()) code = exit_code::kInternal;
  std::cerr << (options.json ? "" : ToText(report));
  if (options.json) std::cout << ToJson(report) << "\n";
  const int flushed = FlushOutput(options.json ? "the report" : "the list");
  return flushed == exit_code::kOk ? code : flushed;
}

}  // namespace

void AddRestore(CLI::App& app, Action& action) {
  auto options = std::make_shared<RestoreArguments>();
  options->engine.log.level = "warning";
  CLI::App* verb = app.add_subcommand("restore", "Get files of a target back");
  verb->footer(
      "Examples:\n"
      "  borg-engine restore --plan plan.yaml web-01 --destination /tmp/web /etc/nginx /srv/www\n"
      "  borg-engine restore --plan plan.yaml web-01 --as-of '2026-11-20 15:00' --in-place /srv/www/index.html --dry-run\n"
      "  borg-engine restore --plan plan.yaml web-01 --archive snapshot-2026-11-20T02:30:00 --to-target /srv/old\n"
      "  borg-engine restore --plan plan.yaml web-01 --tar /etc | tar tv\n\n"
      "A PATH means what it says, and all below it; without any, everything is restored. Nothing is written unless all of them "
      "are\n"
      "in the archive and nothing is in the way: for a file anything of its name, for a directory what is none of that name.\n"
      "docs/restore.md has more.\n"
      "Exit status: 0 all is restored, 1 not all, or nothing, 2 wrong usage, 3 the configuration was refused, 4 a defect, or\n"
      "output that could not be written, 75 it failed in a way that may pass by itself, 130 stopped.");
  verb->add_option("target", options->target, "The name of the target")->type_name("TARGET")->required();
  CLI::Option* paths = verb->add_option("paths", options->paths, "What to restore, such as /srv/www")->type_name("PATH");
  // CLI11 takes a "[a,b]" apart wherever it takes any number of values; so it is told a number, which is never too small.
  verb->preparse_callback([paths](std::size_t words) {
    paths->expected(static_cast<int>(std::max<std::size_t>(words, 1)))
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeFirst);
  });
  AddPlanOption(*verb, options->plan);
  verb->add_option("--archive", options->archive, "The archive: its name, its id, or latest")
      ->type_name("ARCHIVE")
      ->capture_default_str();
  verb->add_option("--as-of", options->as_of,
                   "The newest archive that was begun by then: 2026-11-20 (the end of that day), 2026-11-20 15:00, or RFC 3339")
      ->type_name("TIME");
  verb->add_option("--time-zone", options->time_zone, "The time zone of --as-of, such as Europe/Amsterdam; without it, UTC")
      ->type_name("ZONE");
  verb->add_option("--pattern", options->patterns, "Also what this borg pattern means, such as 'sh:srv/**/*.conf'")
      ->type_name("PATTERN")
      ->allow_extra_args(false);
  verb->add_option("--destination", options->destination, "Restore to this directory on this machine")->type_name("DIR");
  verb->add_option("--to-target", options->to_target, "Restore to this directory on the target")->type_name("DIR");
  verb->add_flag("--in-place", options->in_place, "Restore each file where it was, on the target");
  verb->add_flag("--tar", options->tar, "Write a tar to standard output");
  verb->add_flag("--overwrite", options->overwrite, "Replace what is in the way");
  verb->add_flag("-n,--dry-run", options->dry_run, "Write nothing: show what would be restored, and what is in the way");
  verb->add_flag("--json", options->json, "Print a report, as one line of JSON, on standard output");
  AddKnownOption(*verb, options->engine);
  AddEngineOptions(*verb, options->engine);
  verb->callback([options, &action] { action = [options] { return Restore(*options); }; });
}

}  // namespace borgop::cli
