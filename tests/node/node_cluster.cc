#include "tests/node/node_cluster.h"

#include <chrono>
#include <fstream>
#include <stdexcept>

#include "tests/fakes/temporary_directory.h"

namespace borgop::node_tests {
namespace {

using lab::Ended;
using std::chrono::seconds;

std::string Script() { return (kSource / "tools" / "cluster.sh").string(); }

// Its stdout; throws if it fails.
std::string Checked(const std::string& what, Ended ended) {
  if (!ended.ok()) throw std::runtime_error(what + ": " + ended.err);
  return std::move(ended.out);
}

std::string WithoutNewline(std::string text) {
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

}  // namespace

const std::string& NodeCluster::WhyNot() {
  static const std::string why = WithoutNewline(lab::RunToEnd({.argv = {Script(), "why-no-node"}}, seconds(60)).out);
  return why;
}

NodeCluster& NodeCluster::Shared() {
  static NodeCluster shared;
  return shared;
}

std::string NodeCluster::address() const {
  std::ifstream file(state() / "node" / "address");
  std::string line;
  if (!std::getline(file, line)) throw std::runtime_error("the cluster has no node: " + state().string());
  return line;
}

pid_t NodeCluster::process() const {
  std::ifstream file(state() / "node" / "init");
  pid_t pid = 0;
  if (!(file >> pid)) throw std::runtime_error("the cluster has no node: " + state().string());
  return pid;
}

Ended NodeCluster::Run(const std::vector<std::string>& command) const {
  std::vector<std::string> argv{Script(), "enter", "--state", state().string(), "--"};
  argv.insert(argv.end(), command.begin(), command.end());
  return lab::RunToEnd({.argv = argv}, seconds(120));
}

void NodeCluster::Load(const std::filesystem::path& archive) const {
  Checked("loading " + archive.string(),
          lab::RunToEnd({.argv = {Script(), "load", "--state", state().string(), "--", archive.string()}}, seconds(120)));
}

void NodeCluster::AddHost(std::string_view ip, std::string_view name) const {
  std::ofstream(state() / "node" / "hosts", std::ios::app) << ip << ' ' << name << '\n';
}

std::string NodeCluster::NewRestrictedNamespace(std::string_view prefix) const {
  auto name = NewNamespace(prefix);
  Output({"label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted"});
  return name;
}

const NodeCluster& NodeCluster::WithBash() {
  if (has_bash_) return *this;
  const TemporaryDirectory work;
  const std::filesystem::path root = work.At("root");
  std::filesystem::create_directories(root / "bin");
  std::filesystem::copy_file("/bin/bash-static", root / "bin/bash");
  const auto archive =
      Checked("making an image",
              lab::RunToEnd({.argv = {(kSource / "tools/cluster/archive.py").string(), std::string(kBashImage), root.string()}},
                            seconds(60)));
  Load(work.Write("bash.tar", archive));
  has_bash_ = true;
  return *this;
}

Json RestrictedPod(const std::string& script) {
  return {
      {"restartPolicy", "Never"},
      {"terminationGracePeriodSeconds", 1},
      {"securityContext", {{"runAsNonRoot", true}, {"runAsUser", 1000}, {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
      {"containers",
       Json::array(
           {{{"name", "main"},
             {"image", kBashImage},
             {"command", {"/bin/bash", "-c", script}},
             {"securityContext",
              {{"allowPrivilegeEscalation", false}, {"readOnlyRootFilesystem", true}, {"capabilities", {{"drop", {"ALL"}}}}}}}})}};
}

}  // namespace borgop::node_tests
