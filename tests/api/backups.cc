#include "tests/api/backups.h"

#include <chrono>
#include <stdexcept>

#include "controller/api/names.h"
#include "controller/reconcile/json_view.h"
#include "controller/reconcile/names.h"
#include "tests/api/sample_objects.h"

namespace borgop::api_tests {
namespace {

constexpr auto kLimit = std::chrono::seconds(60);

Json SecretWith(const std::string& ns, const char* name, const Json& values) {
  return {{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"namespace", ns}, {"name", name}}}, {"stringData", values}};
}

std::string TriggerOf(const Json& job) {
  return controller::TextAt(job, {"metadata", "annotations", api::kTriggerAnnotation.data()});
}

}  // namespace

Backups::Backups(ControlPlane& plane, std::string_view prefix, int max_concurrent) : ns_(plane.WithCrds().NewNamespace(prefix)) {
  auto& admin = AdminClient::Shared();
  const Json ssh{{"ssh-privatekey", "a key"}, {"known_hosts", "a host"}};
  admin.Create(kube::Secrets(), SecretWith(ns_, "vault-ssh", ssh));
  admin.Create(kube::Secrets(), SecretWith(ns_, "web-01-ssh", ssh));
  admin.Create(kube::Secrets(), SecretWith(ns_, "web-01-borg", {{"passphrase", "sesame"}}));
  auto server = SampleServer(ns_);
  server["spec"]["maxConcurrentBackups"] = max_concurrent;
  admin.Create(kube::BorgServers(), server);
}

Json Backups::TargetObject(const std::string& name, const Json& spec_patch) const {
  auto target = SampleTarget(ns_);
  target["metadata"]["name"] = name;
  target["spec"]["repository"]["path"] = "played/" + name;
  target["spec"]["schedule"] = "0 0 1 1 *";  // not during a test, but for one on New Year's Eve
  target["spec"].merge_patch(spec_patch);
  return target;
}

void Backups::Add(const std::string& name, const Json& spec_patch) const {
  AdminClient::Shared().Create(kube::BorgBackupTargets(), TargetObject(name, spec_patch));
}

void Backups::Change(const std::string& name, const Json& spec_patch) const {
  AdminClient::Shared().Patch(kube::BorgBackupTargets(), {ns_, name}, {{"spec", spec_patch}});
}

void Backups::RunNow(const std::string& name, const std::string& value) const {
  AdminClient::Shared().Patch(kube::BorgBackupTargets(), {ns_, name},
                              {{"metadata", {{"annotations", {{api::kRunNowAnnotation, value}}}}}});
}

api::TargetStatus Backups::StatusOf(const std::string& name) const {
  return api::ReadStatus(AdminClient::Shared().Get(kube::BorgBackupTargets(), {ns_, name}));
}

bool Backups::HasCronJob(const std::string& name) const {
  return !AdminClient::Shared().Get(kube::CronJobs(), {ns_, controller::CronJobName(name, controller::RunKind::kBackup)}).is_null();
}

std::vector<std::string> Backups::Triggers() const {
  std::vector<std::string> triggers;
  for (const auto& job : Jobs()) triggers.push_back(TriggerOf(job));
  return triggers;
}

kube::ObjectKey Backups::JobFor(const std::string& value) const {
  kube::ObjectKey key;
  const auto look = [&] {
    for (const auto& job : Jobs()) {
      if (TriggerOf(job) == value) key = kube::KeyOf(job);
    }
    return !key.name.empty();
  };
  if (!Eventually(look, kLimit)) throw std::runtime_error("no Job for run-now " + value);
  return key;
}

}  // namespace borgop::api_tests
