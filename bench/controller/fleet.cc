#include "bench/controller/fleet.h"

#include "bench/controller/clients.h"
#include "controller/api/names.h"
#include "tests/api/sample_objects.h"

namespace borgop::bench {
namespace {

using api_tests::AdminClient;
using nlohmann::json;

std::string NamespaceOf(int target) { return "bench-" + std::to_string(target / Fleet::kInNamespace); }

void MakeNamespace(AdminClient& admin, const std::string& ns) {
  admin.Create(kube::Namespaces(), {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns}}}});
  const auto secret = [&](const char* name, const json& values) {
    admin.Create(
        kube::Secrets(),
        {{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"namespace", ns}, {"name", name}}}, {"stringData", values}});
  };
  const json ssh{{"ssh-privatekey", "a key"}, {"known_hosts", "a host"}};
  secret("vault-ssh", ssh);
  secret("web-01-ssh", ssh);
  secret("web-01-borg", {{"passphrase", "sesame"}});
  admin.Create(kube::BorgServers(), api_tests::SampleServer(ns));
}

}  // namespace

Fleet::Fleet(const api_tests::ControlPlane& plane, int targets) : size_(targets) {
  {
    AdminClient admin(plane);
    // One more, for targets that come later.
    for (int first = 0; first <= targets + kInNamespace; first += kInNamespace) MakeNamespace(admin, NamespaceOf(first));
  }
  ShareOut(plane, targets, [this](AdminClient& admin, int i) { admin.Create(kube::BorgBackupTargets(), ObjectOf(i)); });
}

kube::ObjectKey Fleet::KeyOf(int target) const { return {NamespaceOf(target), "t" + std::to_string(target)}; }

json Fleet::ObjectOf(int target, const std::string& run_now) const {
  const kube::ObjectKey key = KeyOf(target);
  json object = api_tests::SampleTarget(key.ns);
  object["metadata"]["name"] = key.name;
  if (!run_now.empty()) object["metadata"]["annotations"][std::string(api::kRunNowAnnotation)] = run_now;
  object["spec"]["repository"]["path"] = "bench/" + key.name;
  object["spec"]["schedule"] = "0 0 1 1 *";  // not during a benchmark, but for one on New Year's Eve
  object["spec"]["timeZone"] = "Europe/Amsterdam";
  object["spec"]["retention"] = {{"keepDaily", 7}, {"keepWeekly", 4}, {"keepMonthly", 6}};
  return object;
}

}  // namespace borgop::bench
