// engine_bench: a first backup and an unchanged one through C, by borg-engine and by what people do without it, in turns.
//
// Exit codes: 0 done, 1 a contender failed or there are no machines to measure on, 2 usage.
#include <CLI/CLI.hpp>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

#include "bench/engine/contenders.h"
#include "bench/report.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::bench {
namespace {

struct Options {
  int rounds = 3;
  int mebibytes = 1024;
  int files = 2000;
  std::string json;
};

void MakeSource(const lab::Lab& lab, const std::string& dir, const Options& options) {
  // Keystreams: as incompressible as random bytes, and much cheaper. Half the bytes in big files, half in small ones.
  const long long half = static_cast<long long>(options.mebibytes) * 1024 * 1024 / 2;
  const long long small = half / options.files;
  const std::string script =
      "set -e; mkdir -p '" + dir + "/source/small'; cd '" + dir +
      "/source'\n"
      "stream() { head -c \"$1\" /dev/zero | openssl enc -aes-128-ctr -K \"$(printf %032x \"$2\")\" -iv 0; }\n"
      "for i in 1 2 3 4; do stream " +
      std::to_string(half / 4) + " $i >big$i; done\nstream " + std::to_string(half) + " 5 | split -a 5 -b " +
      std::to_string(small) + " - small/ 2>&1\n";
  lab.target().Output(script, {.user = "backup", .timeout = std::chrono::seconds(300)});
}

double Gibibytes(const lab::LabHost& server, const std::string& path) {
  return std::stod(server.Output("[ ! -e '" + path + "' ] && echo 0 || du -sb '" + path + "'")) / (1024.0 * 1024 * 1024);
}

std::vector<Round> TakeTurns(const lab::Lab& lab, const std::string& dir, const Options& options) {
  std::vector<Round> rounds;
  for (int round = 1; round <= options.rounds; ++round) {
    for (const Contender& contender : AllContenders()) {
      const TemporaryDirectory scratch;
      const std::string name = "repo" + std::to_string(rounds.size());
      const Place place{.source = dir + "/source", .root = dir, .repository = name, .scratch = scratch.path()};
      for (const char* work : {"first backup", "nothing changed"}) {
        std::cerr << "round " << round << " of " << options.rounds << ": " << work << " by " << contender.name << std::flush;
        const double before = Gibibytes(lab.server(), dir + "/" + name);
        Round one{.contender = contender.name, .work = work, .measured = {}};
        one.measured = Measure([&] { return Start(contender, lab, place); }, std::chrono::seconds(900));
        const double carried = Gibibytes(lab.server(), dir + "/" + name) - before;
        one.gib = carried > 0.05 ? carried : 0;
        std::cerr << ": " << one.measured.wall_s << " s\n";
        rounds.push_back(one);
      }
      const std::string archives = lab.server().Output(
          "BORG_PASSPHRASE='correct horse battery staple' BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes borg list --short '" +
              dir + "/" + name + "' | wc -l",
          {.user = "backup"});
      if (std::stoi(archives) != 2) throw std::runtime_error(contender.name + " made " + archives + " archives, not 2");
      lab.server().Output("rm -rf '" + dir + "/" + name + "'");
    }
  }
  return rounds;
}

int Run(const Options& options) {
  const lab::Lab& lab = lab::Lab::Shared();
  if (!lab.isolated()) throw std::runtime_error("needs network namespaces: " + lab.why_not_isolated());
  const std::string dir = "/data/bench";
  for (const auto* host : {&lab.target(), &lab.server()})
    host->Output("rm -rf " + dir + " && mkdir " + dir + " && chown backup:backup " + dir);
  std::cerr << "making " << options.mebibytes << " MiB in " << options.files + 4 << " files on T\n";
  MakeSource(lab, dir, options);
  const std::vector<Round> rounds = TakeTurns(lab, dir, options);
  PrintTable(rounds, std::cout);
  if (!options.json.empty()) {
    std::ofstream file(options.json);
    file << ToJson({{"name", "engine"},
                    {"sourceMebibytes", options.mebibytes},
                    {"sourceFiles", options.files + 4},
                    {"borg", lab.target().Output("borg --version")},
                    {"ssh", lab.client().Output("ssh -V 2>&1")}},
                   rounds)
                .dump(1)
         << "\n";
    file.close();
    if (!file) throw std::runtime_error("cannot write " + options.json);
  }
  return 0;
}

}  // namespace
}  // namespace borgop::bench

int main(int argc, char** argv) {
  borgop::bench::Options options;
  bool quick = false;
  CLI::App app("A first backup and an unchanged one through C, by borg-engine and its peers in turns.", "engine_bench");
  app.add_option("--rounds", options.rounds, "How often each contender has its turn")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--mebibytes", options.mebibytes, "How much there is to back up")
      ->check(CLI::Range(4, 65536))
      ->capture_default_str();
  app.add_option("--files", options.files, "In how many small files half of it is")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--json", options.json, "A file for every single round");
  app.add_flag("--quick", quick, "One round with little: shows that the benchmark works, and nothing else");
  CLI11_PARSE(app, argc, argv);
  if (quick) options.rounds = 1, options.mebibytes = 8, options.files = 20;
  try {
    return borgop::bench::Run(options);
  } catch (const std::exception& failure) {
    std::cerr << "\nengine_bench: " << failure.what() << "\n";
    return 1;
  }
}
