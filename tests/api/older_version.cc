#include "tests/api/older_version.h"

#include <array>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>

#include "engine/version.h"
#include "tests/api/access.h"

namespace borgop::api_tests {
namespace {

constexpr const char* kTarget = "borgbackuptargets.borg-operator.dev";

// What targets could not say yet, below spec's or status' schema.
constexpr std::array kLater = {
    "/properties/spec/properties/hooks",
    "/properties/spec/properties/repository/properties/adopt",
    "/properties/spec/properties/limits/properties/maxNewBytes",
    "/properties/spec/properties/maintenance/properties/checkMaxDurationSeconds",
    "/properties/spec/properties/maintenance/properties/compactAfter",
    "/properties/spec/properties/maintenance/x-kubernetes-validations",
    "/properties/spec/properties/archiveName/x-kubernetes-validations",
    "/properties/status/default",
    "/properties/status/properties/lastCheckTime",
    "/properties/status/properties/lastBackup/properties/runID",
    "/properties/status/properties/lastBackup/properties/inputs",
};
constexpr const char* kPhases = "/properties/status/properties/lastBackup/properties/phase/enum";

void Erase(Json& document, const std::string& path) {
  const Json::json_pointer pointer(path);
  if (!document.contains(pointer)) throw std::runtime_error("today's CRD has no " + path);
  document.at(pointer.parent_pointer()).erase(pointer.back());
}

void Write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  if (!file) throw std::runtime_error("cannot write " + path.string());
}

void Replace(const std::filesystem::path& path, const std::string& what, const std::string& with) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto replaced = std::regex_replace(text, std::regex(what), with);
  if (replaced == text) throw std::runtime_error(path.string() + " has no " + what);
  Write(path, replaced);
}

// With files in the place of links to them.
void Copy(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::create_directories(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

void WriteCrds(const ControlPlane& plane, const std::filesystem::path& folder) {
  for (const auto& crd : OlderCrds(plane)) {
    const auto plural = crd.at("spec").at("names").at("plural").get<std::string>();
    const auto path = folder / ("borg-operator.dev_" + plural + ".yaml");
    if (!std::filesystem::exists(path)) throw std::runtime_error("not there: " + path.string());
    Write(path, crd.dump());
  }
}

const std::string kVersionPattern = std::regex_replace(std::string(kVersion), std::regex(R"(\.)"), R"(\.)");

}  // namespace

std::vector<Json> OlderCrds(const ControlPlane& plane) {
  auto crds = Manifest(plane, "crds");
  for (auto& crd : crds) {
    auto& version = crd.at("spec").at("versions").at(0);
    version.erase("additionalPrinterColumns");
    if (crd.at("metadata").at("name") != kTarget) continue;
    auto& schema = version.at("schema").at("openAPIV3Schema");
    for (const char* path : kLater) Erase(schema, path);
    auto& phases = schema.at(Json::json_pointer(kPhases));
    phases.erase(0);
    if (phases.at(0) != "Running") throw std::runtime_error("the first phase is not the latest");
  }
  return crds;
}

Json ListOf(const std::vector<Json>& objects) { return {{"apiVersion", "v1"}, {"kind", "List"}, {"items", objects}}; }

std::string OlderChart(const ControlPlane& plane, const std::filesystem::path& folder) {
  const auto chart = folder / "chart";
  Copy(kSource / "helm", chart);
  WriteCrds(plane, chart / "files/crds");
  Replace(chart / "Chart.yaml", kVersionPattern, std::string(kOlderVersion));
  Replace(chart / "templates/deployment.yaml", "failureThreshold: 3", "failureThreshold: 5");
  return chart.string();
}

void OlderKustomizations(const ControlPlane& plane, const std::filesystem::path& folder) {
  Copy(kSource / "deploy", folder / "deploy");
  Copy(kSource / "crds", folder / "crds");
  WriteCrds(plane, folder / "crds");
  Replace(folder / "deploy/base/kustomization.yaml", "newTag: " + kVersionPattern, "newTag: " + std::string(kOlderVersion));
}

}  // namespace borgop::api_tests
