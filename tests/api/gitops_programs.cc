#include "tests/api/gitops_programs.h"

#include <sstream>
#include <stdexcept>

namespace borgop::api_tests {
namespace {

constexpr auto kServedLimit = std::chrono::seconds(60);

const lab::Ended& GitopsPrograms() {
  static const auto found = lab::RunToEnd({.argv = {(kSource / "tools/cluster/programs.sh").string(), "--no-build", "--gitops"}});
  return found;
}

}  // namespace

const std::string& GitOpsPrograms::WhyNot() {
  static const std::string why = GitopsPrograms().ok() ? "" : GitopsPrograms().err.substr(0, GitopsPrograms().err.find('\n'));
  return why;
}

std::string GitOpsPrograms::Path(const std::string& name) {
  std::istringstream lines(GitopsPrograms().out);
  std::string found, path;
  while (lines >> found && std::getline(lines >> std::ws, path)) {
    if (found == name) return path;
  }
  throw std::runtime_error("no " + name + ": " + GitopsPrograms().err);
}

void ServeGitOpsKinds(const ControlPlane& plane) {
  static std::filesystem::path served;
  if (served == plane.state()) return;
  const auto folder = GitOpsPrograms::Path("gitops-crds");
  plane.Output({"apply", "--server-side", "--force-conflicts", "-f", folder});
  plane.Output({"wait", "--for=condition=Established", "--timeout=60s", "-f", folder});
  // The API server makes discovery and OpenAPI a moment later, each on its own.
  const auto crds = plane.Get({"-f", folder});
  for (const auto& crd : crds.at("items")) {
    const auto name = crd.at("metadata").at("name").get<std::string>();
    if (!Eventually([&] { return plane.Kubectl({"explain", name}).ok(); }, kServedLimit))
      throw std::runtime_error("the API server does not serve " + name);
  }
  served = plane.state();
}

std::filesystem::path GitOpsTree() { return kSource / "deploy/gitops"; }

std::vector<Json> Kustomized(const ControlPlane& plane, const std::filesystem::path& folder) {
  std::istringstream text(
      plane.Output({"create", "--dry-run=client", "-o", "json", "-f", "-"}, plane.Output({"kustomize", folder.string()})));
  std::vector<Json> objects;
  while (text >> std::ws && text.peek() != std::istringstream::traits_type::eof()) text >> objects.emplace_back();
  return objects;
}

}  // namespace borgop::api_tests
