#include "engine/cli/engine_loop.h"

#include <unistd.h>

#include <climits>
#include <memory>

#include "engine/display/display.h"
#include "engine/loop/signals.h"

namespace borgop::cli {
namespace {

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

}  // namespace

void AddEngineOptions(CLI::App& verb, EngineOptions& options) {
  AddLogOptions(verb, options.log, "live lines on a terminal, else json");
  verb.add_option("--color", options.color, "auto, always or never; NO_COLOR is heeded")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN")
      ->capture_default_str();
  verb.add_option("--borg", options.borg, "The borg on this machine")->type_name("PROGRAM")->capture_default_str();
}

void AddKnownOption(CLI::App& verb, EngineOptions& options) {
  verb.add_option(
          "--state", options.known,
          "Hold the repository against the ledgers that borg-engine run keeps in this directory: whether it is the same, and which "
          "archives were seen made. Nothing is written there")
      ->type_name("DIR");
}

void RunEngineLoop(const EngineOptions& options, const EngineMain& main) {
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
  environment.state = options.known;
  Context context;
  context.loop = &loop;
  context.stop = &stop;
  loop.Run(main(context, environment));
}

}  // namespace borgop::cli
