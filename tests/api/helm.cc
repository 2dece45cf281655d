#include "tests/api/helm.h"

#include <chrono>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "tests/api/control_plane.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::api_tests {
namespace {

const lab::Ended& HelmPrograms() {
  static const auto found = lab::RunToEnd({.argv = {(kSource / "tools/cluster/programs.sh").string(), "--no-build", "--helm"}});
  return found;
}

std::string Path() {
  std::istringstream lines(HelmPrograms().out);
  std::string name, path;
  while (lines >> name >> path) {
    if (name == "helm") return path;
  }
  throw std::runtime_error("no helm: " + HelmPrograms().err);
}

}  // namespace

const std::string& Helm::WhyNot() {
  static const std::string why = HelmPrograms().ok() ? "" : HelmPrograms().err.substr(0, HelmPrograms().err.find('\n'));
  return why;
}

std::string Helm::Chart() { return (kSource / "helm").string(); }

lab::Ended Helm::Run(const std::vector<std::string>& arguments) {
  // What a user of this machine has set up for helm does not count here.
  static const TemporaryDirectory home;
  lab::Command command{
      .argv = {Path()},
      .env = {{"HELM_CACHE_HOME", home.path()}, {"HELM_CONFIG_HOME", home.path()}, {"HELM_DATA_HOME", home.path()}}};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  return lab::RunToEnd(command, std::chrono::minutes(5));
}

std::string Helm::Output(const std::vector<std::string>& arguments) {
  auto ended = Run(arguments);
  if (!ended.ok()) throw std::runtime_error("helm " + arguments.front() + ": " + ended.err);
  return std::move(ended.out);
}

}  // namespace borgop::api_tests
