// controller_bench: borg-operator on a real API server, beside the same loop written on controller-runtime (bench/peer), in turns.
//
// Exit codes: 0 done, 1 a contender failed or there is no control plane here, 2 usage.
#include <CLI/CLI.hpp>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

#include "bench/controller/turn.h"
#include "bench/report.h"

namespace borgop::bench {
namespace {

struct Options {
  TurnSettings turn;
  std::vector<int> targets = {1000};
  int rounds = 1;
  int rest = 300;
  std::string peer, json;
  std::vector<std::string> only;
};

void Save(const Options& options, const std::vector<Measurement>& all) {
  if (options.json.empty()) return;
  nlohmann::json report = Heading({{"name", "controller"},
                                   {"apiRate", options.turn.api_rate},
                                   {"busyRate", options.turn.busy_rate},
                                   {"changesPerSecond", options.turn.changes_per_second},
                                   {"changes", options.turn.changes},
                                   {"ends", options.turn.ends}});
  report["measurements"] = ToJson(all);
  std::ofstream file(options.json);
  file << report.dump(1) << "\n";
  file.close();
  if (!file) throw std::runtime_error("cannot write " + options.json);
}

void Run(const Options& options) {
  if (const std::string& why = api_tests::ControlPlane::WhyNot(); !why.empty()) throw std::runtime_error(why);
  std::vector<Contender> contenders{Operator()};
  if (!options.peer.empty()) contenders.push_back({"controller-runtime", options.peer});
  std::vector<Measurement> all;
  for (const int targets : options.targets) {
    for (int round = 1; round <= options.rounds; ++round) {
      for (const Contender& contender : contenders) {
        TurnSettings settings = options.turn;
        settings.targets = targets;
        const auto tell = [&](const std::string& what) {
          std::cerr << targets << " targets, round " << round << " of " << options.rounds << ", " << contender.name << ": " << what
                    << std::endl;
        };
        for (Measurement& measured : TakeTurn(contender, settings, tell)) all.push_back(std::move(measured));
        Save(options, all);  // so that what took an hour is not lost with the next turn
      }
    }
  }
  PrintTables(all, std::cout);
}

}  // namespace
}  // namespace borgop::bench

int main(int argc, char** argv) {
  borgop::bench::Options options;
  bool quick = false;
  CLI::App app("borg-operator and the same loop on controller-runtime, on a real API server, in turns.", "controller_bench");
  app.add_option("--targets", options.targets, "How many; several numbers are measured one after the other")
      ->delimiter(',')
      ->check(CLI::Range(1, 200'000))
      ->capture_default_str();
  app.add_option("--rounds", options.rounds, "How often each contender has its turn with each number of targets")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--rest", options.rest, "Seconds that are looked at while nothing happens")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  app.add_option("--changes", options.turn.changes, "Runs that are asked for; every other one by a new target")
      ->check(CLI::Range(2, 100'000))
      ->capture_default_str();
  app.add_option("--changes-per-second", options.turn.changes_per_second, "How fast, and how fast pods end")
      ->check(CLI::Range(0.1, 1000.0))
      ->capture_default_str();
  app.add_option("--ends", options.turn.ends, "Pods that end")->check(CLI::Range(1, 100'000))->capture_default_str();
  app.add_option("--failovers", options.turn.failovers, "Leaders that are killed")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--lease-duration", options.turn.lease_seconds, "Seconds")->check(CLI::Range(3, 3600))->capture_default_str();
  app.add_option("--api-rate", options.turn.api_rate, "Requests a second that a contender may make while it is not busy")
      ->check(CLI::Range(1.0, 10'000.0))
      ->capture_default_str();
  app.add_option("--busy-rate", options.turn.busy_rate, "The same for the phases cold, changes and ends")
      ->check(CLI::Range(1.0, 10'000.0))
      ->capture_default_str();
  app.add_option("--only", options.only, "These phases, and what they need: cold, warm, rest, failover, changes, ends")
      ->delimiter(',')
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(borgop::bench::kPhases), std::end(borgop::bench::kPhases))));
  app.add_option("--peer", options.peer, "The peer's program (tools/bench_peer.sh); without it, borg-operator alone")
      ->check(CLI::ExistingFile);
  app.add_option("--json", options.json, "A file for every single measurement");
  app.add_flag("--quick", quick, "With few targets, once: shows that the benchmark works, and nothing else");
  CLI11_PARSE(app, argc, argv);
  if (quick) {
    options.targets = {12};
    options.rounds = 1;
    options.rest = 2;
    options.turn.changes = 8;
    options.turn.ends = 4;
    options.turn.failovers = 1;
    options.turn.lease_seconds = 3;
  }
  options.turn.rest = std::chrono::seconds(options.rest);
  options.turn.only = {options.only.begin(), options.only.end()};
  try {
    borgop::bench::Run(options);
    return 0;
  } catch (const std::exception& failure) {
    std::cerr << "controller_bench: " << failure.what() << "\n";
    return 1;
  }
}
