#include "tests/api/flux.h"

#include <regex>
#include <stdexcept>

#include "tests/api/gitops_programs.h"

namespace borgop::api_tests {
namespace {

using std::chrono::seconds;

constexpr auto kStartLimit = seconds(60);
constexpr auto kReadyLimit = seconds(90);
constexpr std::size_t kFluxLogShown = 4000;
// Archives and conditions have a time; which, says nothing here.
constexpr const char* kWhen = "2026-01-01T00:00:00Z";

std::string Run(const std::vector<std::string>& argv) {
  auto ended = lab::RunToEnd({.argv = argv});
  if (!ended.ok()) throw std::runtime_error(argv.front() + ": " + ended.err);
  return std::move(ended.out);
}

std::string Tail(const std::string& text) { return text.substr(text.size() > kFluxLogShown ? text.size() - kFluxLogShown : 0); }

Json ReadyOf(const Json& object) {
  for (const auto& condition : object.value(Json::json_pointer("/status/conditions"), Json::array())) {
    if (condition.at("type") == "Ready") return condition;
  }
  return {};
}

// Whether its status is about the spec as it is.
bool IsFresh(const Json& object) {
  return object.value(Json::json_pointer("/status/observedGeneration"), 0) == object.at("metadata").at("generation");
}

}  // namespace

Flux::Flux(const ControlPlane& plane)
    : plane_(plane),
      server_({.argv = {"python3", "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", served_.path()}}) {
  ServeGitOpsKinds(plane);
  plane.Apply({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "flux-system"}}}});
  std::smatch port;
  const std::regex line(R"(port (\d+))");
  const auto listens = [&, said = std::string()]() mutable {
    said = server_.Out();
    if (!std::regex_search(said, port, line)) return false;
    url_ = "http://127.0.0.1:" + port[1].str() + '/';
    return true;
  };
  if (!server_.WaitUntil(listens, kStartLimit)) throw std::runtime_error("no server for archives: " + server_.Err());
  for (const char* name : {"kustomize-controller", "helm-controller"}) {
    controllers_.push_back(std::make_unique<lab::Process>(
        lab::Command{.argv = {GitOpsPrograms::Path(name), "--watch-all-namespaces", "--metrics-addr=127.0.0.1:0",
                              "--health-addr=127.0.0.1:0", "--requeue-dependency=1s", "--log-encoding=json"},
                     .env = {{"KUBECONFIG", plane.kubeconfig().string()}, {"RUNTIME_NAMESPACE", "flux-system"}}}));
    auto& controller = *controllers_.back();
    const auto works = [&] { return (controller.Out() + controller.Err()).find("Starting workers") != std::string::npos; };
    if (!controller.WaitUntil(works, kStartLimit)) throw std::runtime_error(std::string(name) + " did not start: " + Log());
  }
}

Json Flux::Store(const std::filesystem::path& root, const std::string& folder, const std::string& renamed) {
  const auto name = std::to_string(++stored_) + ".tar.gz";
  const auto file = served_.At(name);
  Run({"sh", "-ec", R"(cd "$1"; find "$2" -type f -print0 | tar --null -T - --transform "s,^$2,$3," -czf "$4")", "sh",
       root.string(), folder, renamed, file});
  const auto sum = Run({"sha256sum", file}).substr(0, 64);
  return {{"digest", "sha256:" + sum},
          {"lastUpdateTime", kWhen},
          {"path", name},
          {"revision", "main@sha1:" + sum.substr(0, 40)},
          {"size", std::filesystem::file_size(file)},
          {"url", url_ + name}};
}

void Flux::SetStored(const std::string& name, const std::string& ns, Json status) const {
  const auto generation = Get(name, ns).at("metadata").at("generation");
  status["observedGeneration"] = generation;
  status["conditions"] = Json::array({{{"type", "Ready"},
                                       {"status", "True"},
                                       {"reason", "Succeeded"},
                                       {"message", "stored"},
                                       {"observedGeneration", generation},
                                       {"lastTransitionTime", kWhen}}});
  plane_.Output({"patch", name, "-n", ns, "--subresource=status", "--type=merge", "-p", Json{{"status", status}}.dump()});
}

void Flux::Push(const kube::ObjectKey& repository, const std::filesystem::path& root, const std::string& folder) {
  SetStored("gitrepository/" + repository.name, repository.ns, {{"artifact", Store(root, folder, folder)}});
}

void Flux::Package(const kube::ObjectKey& chart, const std::filesystem::path& root) {
  const auto name = "helmchart/" + chart.name;
  if (!Eventually([&] { return plane_.Kubectl({"get", name, "-n", chart.ns}).ok(); }, kReadyLimit))
    throw std::runtime_error("no " + name + '\n' + Log());
  const auto folder =
      std::filesystem::path(Get(name, chart.ns).at("spec").at("chart").get<std::string>()).lexically_normal().string();
  auto artifact = Store(root, folder, "borg-operator");
  artifact["revision"] = "0.1.0+" + artifact.at("digest").get<std::string>().substr(7, 12);
  SetStored(name, chart.ns, {{"artifact", artifact}, {"observedChartName", "borg-operator"}});
}

Json Flux::Get(const std::string& name, const std::string& ns) const { return plane_.Get({name, "-n", ns}); }

Json Flux::Reconcile(const std::string& name, const std::string& ns) {
  const auto token = std::to_string(++asked_) + '@' + std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
  plane_.Output({"annotate", name, "-n", ns, "--overwrite", "reconcile.fluxcd.io/requestedAt=" + token});
  Json object;
  const auto done = [&] {
    object = Get(name, ns);
    const auto ready = ReadyOf(object);
    return object.value(Json::json_pointer("/status/lastHandledReconcileAt"), "") == token && IsFresh(object) && !ready.is_null() &&
           ready.at("status") != "Unknown";
  };
  if (!Eventually(done, kReadyLimit)) throw std::runtime_error(name + " is not done:\n" + object.dump(2) + '\n' + Log());
  return ReadyOf(object);
}

void Flux::AwaitReady(const std::string& name, const std::string& ns) const {
  Json object;
  const auto ready = [&] {
    const auto got = plane_.Kubectl({"get", name, "-n", ns, "-o", "json"});
    if (!got.ok()) return false;
    object = Json::parse(got.out);
    const auto condition = ReadyOf(object);
    return IsFresh(object) && !condition.is_null() && condition.at("status") == "True";
  };
  if (!Eventually(ready, kReadyLimit)) throw std::runtime_error(name + " is not ready:\n" + object.dump(2) + '\n' + Log());
}

std::vector<std::string> Flux::Told(const std::string& name, const std::string& ns) const {
  const auto wanted = Get(name, ns);
  const auto events = plane_.Get(
      {"events", "-n", ns, "--field-selector", "involvedObject.uid=" + wanted.at("metadata").at("uid").get<std::string>()});
  std::vector<std::string> notes;
  for (const auto& event : events.at("items")) notes.push_back(event.value("message", ""));
  return notes;
}

std::string Flux::Log() const {
  std::string all;
  for (const auto& controller : controllers_) all += Tail(controller->Out() + controller->Err()) + '\n';
  return all;
}

}  // namespace borgop::api_tests
