#include "tests/api/access.h"

#include <chrono>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "controller/kube/lease.h"

// Set by tests/api/CMakeLists.txt: BORGOP_SOURCE_DIR.

namespace borgop::api_tests {
namespace {

Json Named(const char* what, Json value) { return Json::array({{{"name", "it"}, {what, std::move(value)}}}); }

// "GROUP/RESOURCE[/SUBRESOURCE]" that a request was about; empty: about no object.
std::string ObjectOf(const Json& event) {
  if (!event.contains("objectRef")) return {};
  const auto& object = event.at("objectRef");
  auto text = object.value("apiGroup", "") + '/' + object.value("resource", "");
  if (object.contains("subresource")) text += '/' + object.at("subresource").get<std::string>();
  return text;
}

int CodeOf(const Json& event) { return event.contains("responseStatus") ? event.at("responseStatus").value("code", 0) : 0; }

std::string NoteOf(const Json& event, const char* name) {
  return event.contains("annotations") ? event.at("annotations").value(std::string("authorization.k8s.io/") + name, "") : "";
}

}  // namespace

std::vector<Json> Manifest(const ControlPlane& plane, const std::string& path) {
  std::istringstream text(
      plane.Output({"create", "--dry-run=client", "-o", "json", "-f", (std::filesystem::path(BORGOP_SOURCE_DIR) / path).string()}));
  std::vector<Json> objects;
  while (text >> std::ws && text.peek() != std::istringstream::traits_type::eof()) text >> objects.emplace_back();
  return objects;
}

std::string TokenOf(const ControlPlane& plane, const std::string& ns, const std::string& account) {
  auto token = plane.Output({"create", "token", account, "-n", ns, "--duration", "24h"});
  token.erase(token.find_last_not_of('\n') + 1);
  return token;
}

std::filesystem::path AccessOf(const ControlPlane& plane, const std::string& ns, const std::string& account) {
  const Json config{
      {"apiVersion", "v1"},
      {"kind", "Config"},
      {"clusters", Named("cluster", {{"server", plane.server()}, {"certificate-authority", (plane.state() / "ca.crt").string()}})},
      {"users", Named("user", {{"token", TokenOf(plane, ns, account)}})},
      {"contexts", Named("context", {{"cluster", "it"}, {"user", "it"}, {"namespace", ns}})},
      {"current-context", "it"}};
  auto path = plane.state() / (ns + "-" + account + ".kubeconfig");
  std::ofstream file(path);
  file << config.dump(2) << std::flush;
  if (!file) throw std::runtime_error("cannot write " + path.string());
  return path;
}

std::set<std::string> RightsIn(const std::vector<Json>& objects) {
  std::set<std::string> rights;
  for (const auto& object : objects) {
    if (object.at("kind") != "Role" && object.at("kind") != "ClusterRole") continue;
    const auto role = object.at("metadata").at("name").get<std::string>();
    for (const auto& rule : object.at("rules")) {
      for (const std::string group : rule.at("apiGroups")) {
        for (const std::string resource : rule.at("resources")) {
          for (const std::string verb : rule.at("verbs")) rights.insert(role + ": " + group + '/' + resource + ' ' + verb);
        }
      }
    }
  }
  return rights;
}

Audit::Audit(const ControlPlane& plane, const std::string& ns, const std::string& account)
    : plane_(plane),
      user_("system:serviceaccount:" + ns + ':' + account),
      since_(kube::FormatMicroTime(std::chrono::system_clock::now())) {}

std::vector<Json> Audit::Requests() const {
  auto events = plane_.AuditLog();
  std::erase_if(events, [&](const Json& event) {
    return event.at("user").value("username", "") != user_ || event.value("requestReceivedTimestamp", "") < since_;
  });
  return events;
}

std::set<std::string> Audit::Used() const {
  static const std::regex role("of (?:Cluster)?Role \"([^\"]+)\"");
  std::set<std::string> used;
  for (const auto& event : Requests()) {
    const auto reason = NoteOf(event, "reason");
    std::smatch match;
    if (CodeOf(event) == 403 || !std::regex_search(reason, match, role)) continue;
    const auto right = match.str(1) + ": " + ObjectOf(event) + ' ';
    used.insert(right + event.at("verb").get<std::string>());
    // Applying what is not there yet is checked as a create as well, within the request.
    if (event.at("verb") == "patch" && CodeOf(event) == 201) used.insert(right + "create");
  }
  return used;
}

std::set<std::string> Audit::Forbidden() const {
  std::set<std::string> forbidden;
  for (const auto& event : Requests()) {
    if (CodeOf(event) != 403 && NoteOf(event, "decision") != "forbid") continue;
    const auto message = event.contains("responseStatus") ? event.at("responseStatus").value("message", "") : "";
    if (message.find("because it is being terminated") != std::string::npos) continue;  // nobody may
    forbidden.insert(event.at("verb").get<std::string>() + ' ' + event.value("requestURI", "") + ": " + message);
  }
  return forbidden;
}

}  // namespace borgop::api_tests
