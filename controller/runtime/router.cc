#include "controller/runtime/router.h"

#include "controller/api/borg_server.h"
#include "controller/reconcile/json_view.h"

namespace borgop::runtime {
namespace {

using controller::IntegerAt;
using controller::IsDeleting;

const nlohmann::json& Newest(const kube::Change& change) { return change.after ? *change.after : *change.before; }

// More than status or metadata that nobody looks at.
bool SpecChanged(const kube::Change& change) {
  if (!change.before || !change.after) return true;
  return IntegerAt(*change.before, {"metadata", "generation"}) != IntegerAt(*change.after, {"metadata", "generation"}) ||
         kube::UidOf(*change.before) != kube::UidOf(*change.after) || IsDeleting(*change.before) != IsDeleting(*change.after);
}

}  // namespace

void Router::Connect() {
  caches_.targets.AddHandler([this](const kube::Change& change) { TargetChanged(change); });
  caches_.servers.AddHandler([this](const kube::Change& change) { ServerChanged(change); });
  caches_.jobs.AddHandler([this](const kube::Change& change) { JobChanged(change); });
  for (Cache* cache : {&caches_.cron_jobs, &caches_.pods, &caches_.config_maps})
    cache->AddHandler([this](const kube::Change& change) { OwnedChanged(change); });
  caches_.secrets.AddHandler([this](const kube::Change& change) { SecretChanged(change); });
}

void Router::AddAllOf(const std::vector<kube::Object>& targets) {
  for (const kube::Object& target : targets) targets_.Add(kube::KeyOf(*target));
}

void Router::AddServerOf(const nlohmann::json& target) {
  const std::string server = ServerNameOf(target);
  if (!server.empty()) servers_.Add({kube::KeyOf(target).ns, server});
}

void Router::AddNeighbours(const nlohmann::json& target, bool count_changed) {
  const std::string ns = kube::KeyOf(target).ns;
  AddAllOf(caches_.targets.Find(ns, index::kRepository, RepositoryOf(target)));
  if (!count_changed) return;
  const std::string name = ServerNameOf(target);
  const kube::Object server = caches_.servers.Get({ns, name});
  const std::int64_t limit = (server ? IntegerAt(*server, {"spec", "maxConcurrentBackups"}) : std::nullopt)
                                 .value_or(api::BorgServerSpec().max_concurrent_backups);
  const std::vector<kube::Object> all = caches_.targets.Find(ns, index::kServer, name);
  const auto count = static_cast<std::int64_t>(all.size());
  // From limit to limit + 1, or back.
  if (count == limit || count == limit + 1) AddAllOf(all);
}

void Router::TargetChanged(const kube::Change& change) {
  targets_.Add(change.key);
  for (const kube::Object& target : {change.before, change.after}) {
    if (target) AddServerOf(*target);
  }
  if (!SpecChanged(change)) return;
  const bool moved = !change.before || !change.after || ServerNameOf(*change.before) != ServerNameOf(*change.after);
  for (const kube::Object& target : {change.before, change.after}) {
    if (target) AddNeighbours(*target, moved);
  }
}

void Router::ServerChanged(const kube::Change& change) {
  servers_.Add(change.key);
  if (SpecChanged(change)) AddAllOf(caches_.targets.Find(change.key.ns, index::kServer, change.key.name));
}

void Router::OwnedChanged(const kube::Change& change) {
  const std::string name = TargetNameOf(Newest(change));
  if (!name.empty()) targets_.Add({change.key.ns, name});
}

void Router::JobChanged(const kube::Change& change) {
  OwnedChanged(change);
  const std::string name = TargetNameOf(Newest(change));
  const kube::Object target = name.empty() ? nullptr : caches_.targets.Get({change.key.ns, name});
  if (target) AddServerOf(*target);
}

void Router::SecretChanged(const kube::Change& change) {
  const kube::ObjectKey& key = change.key;
  AddAllOf(caches_.targets.Find(key.ns, index::kSecret, key.name));
  for (const kube::Object& server : caches_.servers.Find(key.ns, index::kSecret, key.name)) {
    const kube::ObjectKey server_key = kube::KeyOf(*server);
    servers_.Add(server_key);
    AddAllOf(caches_.targets.Find(key.ns, index::kServer, server_key.name));
  }
}

}  // namespace borgop::runtime
