#include "tests/api/control_plane.h"

#include <signal.h>
#include <stdlib.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace borgop::api_tests {
namespace {

using lab::Ended;
using std::chrono::seconds;

constexpr auto kStartLimit = seconds(240);
constexpr auto kChangeLimit = seconds(120);
constexpr auto kKubectlLimit = seconds(90);
constexpr auto kPause = std::chrono::milliseconds(50);

const std::filesystem::path kClusters = kSource / "build" / "cluster";

std::string Script() { return (kSource / "tools" / "cluster.sh").string(); }

std::string ReadLine(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) throw std::runtime_error("cannot read " + path.string());
  return line;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

// "NAME PATH" lines of tools/cluster/programs.sh; it never builds here, since that takes longer than a test may.
const Ended& Programs() {
  static const Ended found = lab::RunToEnd({.argv = {(kSource / "tools/cluster/programs.sh").string(), "--no-build"}});
  return found;
}

std::string FindKubectl() {
  std::istringstream lines(Programs().out);
  std::string name, path;
  while (lines >> name >> path) {
    if (name == "kubectl") return path;
  }
  throw std::runtime_error("no kubectl: " + Programs().err);
}

std::filesystem::path NewState() {
  std::filesystem::create_directories(kClusters);
  auto pattern = (kClusters / "test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "mkdtemp");
  return pattern;
}

}  // namespace

bool Eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return condition();
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

const std::string& ControlPlane::WhyNot() {
  static const std::string why = [] {
    const auto& err = Programs().err;
    return Programs().ok() ? std::string() : err.substr(0, err.find_last_not_of('\n') + 1);
  }();
  return why;
}

ControlPlane& ControlPlane::Shared() {
  static ControlPlane shared;
  return shared;
}

ControlPlane::ControlPlane(const char* variable, const std::vector<std::string>& options) : kubectl_(FindKubectl()) {
  if (const char* name = std::getenv(variable); name != nullptr && *name != '\0') {
    state_ = kClusters / name;
    if (!std::filesystem::exists(state_ / "ready")) throw std::runtime_error("no cluster is up in " + state_.string());
    return;
  }
  state_ = NewState();
  lab::Command serve{.argv = {Script(), "serve", "--state", state_.string()}};
  serve.argv.insert(serve.argv.end(), options.begin(), options.end());
  serve_ = std::make_unique<lab::Process>(serve);
  const auto ready = [&] { return std::filesystem::exists(state_ / "ready"); };
  if (!serve_->WaitUntil(ready, kStartLimit)) throw std::runtime_error("the control plane did not start:\n" + serve_->Err());
}

ControlPlane::~ControlPlane() {
  if (!serve_) return;
  serve_->Signal(SIGTERM);
  serve_->Wait(seconds(10));
  serve_.reset();
  // The next one sweeps what is left.
  lab::RunToEnd({.argv = {Script(), "down", "--state", state_.string()}}, kChangeLimit);
}

std::string ControlPlane::server() const { return ReadLine(state_ / "server"); }

Ended ControlPlane::Kubectl(const std::vector<std::string>& arguments, const std::string& input) const {
  lab::Command command{.argv = {kubectl_, "--kubeconfig", kubeconfig().string()}, .input = input};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  return lab::RunToEnd(command, kKubectlLimit);
}

std::string ControlPlane::Output(const std::vector<std::string>& arguments, const std::string& input) const {
  auto ended = Kubectl(arguments, input);
  if (!ended.ok()) throw std::runtime_error("kubectl " + Joined(arguments) + ": " + ended.err);
  return std::move(ended.out);
}

Json ControlPlane::Get(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all{"get"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  all.insert(all.end(), {"-o", "json"});
  return Json::parse(Output(all));
}

const ControlPlane& ControlPlane::WithCrds() {
  if (has_crds_) return *this;
  const auto folder = (kSource / "crds").string();
  Output({"apply", "--server-side", "--force-conflicts", "-f", folder});
  Output({"wait", "--for=condition=Established", "--timeout=60s", "-f", folder});
  // The API server makes discovery and OpenAPI a moment later, each on its own.
  const auto crds = Get({"-f", folder});
  for (const auto& crd : crds.at("items")) {
    const auto kind = crd.at("spec").at("names").at("kind").get<std::string>();
    if (!Eventually([&] { return Kubectl({"explain", kind + ".spec"}).ok(); }, seconds(60)))
      throw std::runtime_error("the API server does not serve " + kind);
  }
  has_crds_ = true;
  return *this;
}

std::string ControlPlane::NewNamespace(std::string_view prefix) const {
  const Json wanted{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"generateName", std::string(prefix) + "-"}}}};
  const auto made = Json::parse(Output({"create", "-f", "-", "-o", "json"}, wanted.dump()));
  auto name = made.at("metadata").at("name").get<std::string>();
  if (!Eventually([&] { return Kubectl({"get", "serviceaccount", "default", "-n", name}).ok(); }, seconds(60)))
    throw std::runtime_error("namespace " + name + " has no service account");
  return name;
}

std::vector<Json> ControlPlane::AuditLog() const {
  std::ifstream file(state_ / "audit.log");
  std::vector<Json> all;
  for (std::string line; std::getline(file, line);) all.push_back(Json::parse(line));
  return all;
}

void ControlPlane::Change(const std::string& verb, const std::string& part) const {
  const auto ended = lab::RunToEnd({.argv = {Script(), verb, "--state", state_.string(), part}}, kChangeLimit);
  if (!ended.ok()) throw std::runtime_error(verb + " " + part + ": " + ended.err);
}

}  // namespace borgop::api_tests
