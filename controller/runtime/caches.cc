#include "controller/runtime/caches.h"

#include "controller/api/names.h"
#include "controller/reconcile/json_view.h"
#include "controller/reconcile/obstacle.h"
#include "engine/plan/rules.h"

namespace borgop::runtime {
namespace {

using controller::TextAt;

kube::Selection Ours() {
  kube::Selection selection;
  selection.label_selector = std::string(api::kManagedByLabel) + '=' + std::string(api::kManagedBy);
  return selection;
}

kube::Selection OursWithout(kube::FieldPath field) {
  kube::Selection selection = Ours();
  selection.without.push_back(std::move(field));
  return selection;
}

kube::Selection MetadataOf(kube::Selection selection) {
  selection.metadata_only = true;
  return selection;
}

std::vector<std::string> ByTarget(const nlohmann::json& object) {
  const std::string name = TargetNameOf(object);
  return name.empty() ? std::vector<std::string>() : std::vector{name};
}

std::vector<std::string> Listed(const std::set<std::string>& names) { return {names.begin(), names.end()}; }

}  // namespace

Caches::Caches(kube::Client& client, const std::vector<std::string>& namespaces)
    : targets(client, kube::BorgBackupTargets(), {}, namespaces),
      servers(client, kube::BorgServers(), {}, namespaces),
      cron_jobs(client, kube::CronJobs(), OursWithout({"spec", "jobTemplate", "spec", "template"}), namespaces),
      jobs(client, kube::Jobs(), OursWithout({"spec", "template"}), namespaces),
      pods(client, kube::Pods(), OursWithout({"spec"}), namespaces),
      config_maps(client, kube::ConfigMaps(), MetadataOf(Ours()), namespaces),
      secrets(client, kube::Secrets(), MetadataOf({}), namespaces) {
  targets.AddIndex(index::kServer, [](const nlohmann::json& target) { return std::vector{ServerNameOf(target)}; });
  targets.AddIndex(index::kRepository, [](const nlohmann::json& target) { return std::vector{RepositoryOf(target)}; });
  targets.AddIndex(index::kSecret, [](const nlohmann::json& target) { return Listed(controller::SecretNames(target, nullptr)); });
  servers.AddIndex(index::kSecret, [](const nlohmann::json& server) { return Listed(controller::SecretNames(nullptr, server)); });
  jobs.AddIndex(index::kTarget, ByTarget);
  pods.AddIndex(index::kTarget, ByTarget);
}

void Caches::Start() {
  for (Cache* cache : {&targets, &servers, &cron_jobs, &jobs, &pods, &config_maps, &secrets}) cache->Start();
}

std::vector<const Cache*> Caches::All() const { return {&targets, &servers, &cron_jobs, &jobs, &pods, &config_maps, &secrets}; }

std::optional<std::string> Caches::Unsynced() const {
  for (const Cache* cache : All()) {
    if (std::optional<std::string> problem = cache->Problem()) return problem;
    if (!cache->HasSynced()) return "the first lists of objects are still under way";
  }
  return std::nullopt;
}

std::string TargetNameOf(const nlohmann::json& object) {
  std::string annotated = TextAt(object, {"metadata", "annotations", api::kTargetNameAnnotation.data()});
  if (!annotated.empty()) return annotated;
  for (const nlohmann::json& owner : controller::ListAt(object, {"metadata", "ownerReferences"})) {
    if (TextAt(owner, {"kind"}) == api::kTargetKind && TextAt(owner, {"apiVersion"}) == api::kApiVersion)
      return TextAt(owner, {"name"});
  }
  return {};
}

bool IsControlledBy(const nlohmann::json& object, const nlohmann::json& target) {
  for (const nlohmann::json& owner : controller::ListAt(object, {"metadata", "ownerReferences"})) {
    if (!controller::TrueAt(owner, {"controller"})) continue;
    const bool same_uid = TextAt(owner, {"uid"}) == kube::UidOf(target);
    return same_uid || (TextAt(owner, {"kind"}) == api::kTargetKind && TextAt(owner, {"name"}) == kube::KeyOf(target).name);
  }
  return true;
}

std::string ServerNameOf(const nlohmann::json& target) { return TextAt(target, {"spec", "serverRef", "name"}); }

std::string RepositoryOf(const nlohmann::json& target) {
  return ServerNameOf(target) + ' ' + NormalizedPath(TextAt(target, {"spec", "repository", "path"}));
}

}  // namespace borgop::runtime
