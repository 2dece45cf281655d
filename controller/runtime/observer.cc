#include "controller/runtime/observer.h"

#include <algorithm>
#include <utility>

#include "controller/api/object_meta.h"
#include "controller/reconcile/job_upkeep.h"
#include "controller/reconcile/json_view.h"
#include "controller/reconcile/names.h"

namespace borgop::runtime {
namespace {

using Code = kube::ApiError::Code;
using controller::IsDeleting;
using controller::TextAt;

constexpr const char* kEngineContainer = "engine";
// The API server asks the pod's node, which may not answer; a worker waits as long.
constexpr std::chrono::seconds kBestEffort{2};

bool IsNoLog(const kube::ApiError& error, bool give_up) {
  switch (error.code) {
    case Code::kNotFound:
    case Code::kInvalid: return true;
    case Code::kForbidden:
    case Code::kUnauthorized:
    case Code::kCancelled: return false;
    default: return give_up;
  }
}

nlohmann::json Copy(const kube::Object& object) { return object ? *object : nlohmann::json(); }

std::vector<nlohmann::json> Copies(const std::vector<kube::Object>& objects) {
  std::vector<nlohmann::json> copies;
  copies.reserve(objects.size());
  for (const kube::Object& object : objects) copies.push_back(*object);
  return copies;
}

}  // namespace

kube::Result<nlohmann::json> Observer::ConfigMap(const kube::ObjectKey& key, const std::stop_token& stop) const {
  const kube::Object metadata = caches_.config_maps.Get(key);
  if (!metadata) return nlohmann::json();
  return contents_.ConfigMap(key, kube::ResourceVersionOf(*metadata), stop);
}

kube::Result<controller::Secrets> Observer::SecretsOf(const std::string& ns, const std::set<std::string>& names,
                                                      const std::stop_token& stop) const {
  controller::Secrets secrets;
  for (const std::string& name : names) {
    const kube::Object metadata = caches_.secrets.Get({ns, name});
    if (!metadata) continue;
    kube::Result<std::optional<controller::SecretFacts>> facts =
        contents_.Secret({ns, name}, kube::ResourceVersionOf(*metadata), stop);
    if (!facts) return kube::Fail(facts.error());
    if (*facts) secrets.emplace(name, std::move(**facts));
  }
  return secrets;
}

kube::Result<bool> Observer::IsTerminating(const std::string& ns, const std::stop_token& stop) const {
  const kube::Result<nlohmann::json> object = client_.Get(kube::Namespaces(), {"", ns}, stop);
  if (object) return IsDeleting(*object);
  if (object.error().code == Code::kNotFound) return true;
  // Without the right to look at it, the target's own deletion tells.
  if (object.error().code == Code::kForbidden) return false;
  return kube::Fail(object.error());
}

kube::Result<controller::Observed> Observer::OfTarget(const kube::ObjectKey& key, const std::stop_token& stop) const {
  controller::Observed observed;
  observed.target = Copy(caches_.targets.Get(key));
  observed.jobs = Copies(caches_.jobs.Find(key.ns, index::kTarget, key.name));
  observed.pods = Copies(caches_.pods.Find(key.ns, index::kTarget, key.name));
  // Only then does it matter, and only then is it asked. A namespace that goes deletes its pods first, and the rest once they are gone; in
  // between no Job may get a finalizer again.
  const auto deleting = [](const std::vector<nlohmann::json>& objects) {
    return std::any_of(objects.begin(), objects.end(), IsDeleting);
  };
  const bool ending = observed.target.is_null() || IsDeleting(observed.target) || deleting(observed.jobs) ||
                      deleting(observed.pods) ||
                      std::any_of(observed.jobs.begin(), observed.jobs.end(), controller::WantsFinalizer);
  if (ending && !(observed.jobs.empty() && observed.pods.empty())) {
    const kube::Result<bool> terminating = IsTerminating(key.ns, stop);
    if (!terminating) return kube::Fail(terminating.error());
    observed.namespace_terminating = *terminating;
  }
  if (observed.target.is_null()) return observed;

  const std::string server = ServerNameOf(observed.target);
  observed.server = Copy(caches_.servers.Get({key.ns, server}));
  kube::Result<controller::Secrets> secrets = SecretsOf(key.ns, controller::SecretNames(observed.target, observed.server), stop);
  if (!secrets) return kube::Fail(secrets.error());
  observed.secrets = std::move(*secrets);
  for (const auto& [name, into] : {std::pair{controller::PlanName(key.name), &observed.plan},
                                   std::pair{controller::StateName(key.name), &observed.carried_state}}) {
    kube::Result<nlohmann::json> map = ConfigMap({key.ns, name}, stop);
    if (!map) return kube::Fail(map.error());
    *into = std::move(*map);
  }
  using controller::RunKind;
  for (const auto& [kind, into] :
       {std::pair{RunKind::kBackup, &observed.backup_cron_job}, std::pair{RunKind::kMaintenance, &observed.maintenance_cron_job}}) {
    const kube::Object cron = caches_.cron_jobs.Get({key.ns, controller::CronJobName(key.name, kind)});
    // One of somebody else's is not there, so that it is neither held nor deleted nor taken over.
    if (cron && IsControlledBy(*cron, observed.target)) *into = *cron;
  }
  observed.server_targets = caches_.targets.Find(key.ns, index::kServer, server).size();
  for (const kube::Object& other : caches_.targets.Find(key.ns, index::kRepository, RepositoryOf(observed.target))) {
    const api::ObjectMeta meta = api::ReadMeta(*other);
    observed.claims.push_back({meta.name, TextAt(*other, {"spec", "repository", "path"}), meta.creation_time.value_or(WallTime())});
  }
  return observed;
}

kube::Result<controller::ObservedServer> Observer::OfServer(const kube::ObjectKey& key, const std::stop_token& stop) const {
  controller::ObservedServer observed;
  observed.server = Copy(caches_.servers.Get(key));
  if (observed.server.is_null()) return observed;
  kube::Result<controller::Secrets> secrets = SecretsOf(key.ns, controller::SecretNames(nullptr, observed.server), stop);
  if (!secrets) return kube::Fail(secrets.error());
  observed.secrets = std::move(*secrets);
  observed.targets = caches_.targets.Find(key.ns, index::kServer, key.name);
  for (const kube::Object& target : observed.targets) {
    for (kube::Object& job : caches_.jobs.Find(key.ns, index::kTarget, kube::KeyOf(*target).name))
      observed.jobs.push_back(std::move(job));
  }
  return observed;
}

kube::Result<std::map<std::string, std::string>> Observer::Logs(const std::string& ns,
                                                                const std::vector<controller::LogRequest>& requests, bool give_up,
                                                                const std::stop_token& stop) const {
  std::map<std::string, std::string> logs;
  for (const controller::LogRequest& request : requests) {
    kube::LogOptions options;
    options.container = kEngineContainer;
    options.tail_lines = request.tail.lines;
    options.limit_bytes = request.tail.bytes;
    if (request.best_effort) options.only_within = kBestEffort;
    kube::Result<std::string> log = client_.PodLog({ns, request.pod}, options, stop);
    const bool done_without = request.best_effort && !log && log.error().code != Code::kCancelled;
    if (!log && !done_without && !IsNoLog(log.error(), give_up)) return kube::Fail(log.error());
    logs[request.pod] = log ? std::move(*log) : std::string();
  }
  return logs;
}

}  // namespace borgop::runtime
