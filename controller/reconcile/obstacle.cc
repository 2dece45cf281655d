#include "controller/reconcile/obstacle.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "controller/api/names.h"
#include "controller/reconcile/schedule.h"
#include "engine/plan/rules.h"

namespace borgop::controller {
namespace {

namespace reason = obstacle_reason;

void AddKey(std::vector<SecretUse>& uses, const std::string& field, const std::string& secret) {
  uses.push_back({field, secret, {std::string(api::kPrivateKeyKey), std::string(api::kKnownHostsKey)}});
}

void AddEndpoint(std::vector<SecretUse>& uses, const std::string& field, const api::SshEndpointSpec& endpoint) {
  AddKey(uses, field + ".sshSecretRef", endpoint.ssh_secret);
  if (endpoint.jump_host) AddKey(uses, field + ".jumpHost.sshSecretRef", endpoint.jump_host->ssh_secret);
}

}  // namespace

std::span<const std::string_view> AllObstacles() {
  static constexpr std::array kAll = {reason::kSpecInvalid,   reason::kServerMissing,    reason::kServerInvalid,
                                      reason::kSecretMissing, reason::kSecretKeyMissing, reason::kRepositoryShared,
                                      reason::kStateInvalid,  reason::kFinding,          reason::kSpecRefused,
                                      reason::kNameTaken,     reason::kForbidden};
  return kAll;
}

bool IsObstacle(std::string_view name) { return std::ranges::find(AllObstacles(), name) != AllObstacles().end(); }

std::vector<SecretUse> SecretsOf(const api::BorgBackupTargetSpec& target) {
  std::vector<SecretUse> uses;
  const api::RepositorySpec& repository = target.repository;
  if (!repository.passphrase_secret.empty())
    uses.push_back({"spec.repository.passphraseSecretRef", repository.passphrase_secret, {repository.passphrase_key}});
  AddEndpoint(uses, "spec.connection", target.connection);
  return uses;
}

std::vector<SecretUse> SecretsOf(const api::BorgServerSpec& server, const std::string& prefix) {
  std::vector<SecretUse> uses;
  AddEndpoint(uses, prefix + "spec", server.connection);
  return uses;
}

std::set<std::string> SecretNames(const nlohmann::json& target, const nlohmann::json& server) {
  std::set<std::string> names;
  if (const auto spec = api::ReadTarget(target)) {
    for (const SecretUse& use : SecretsOf(*spec)) names.insert(use.name);
  }
  if (const auto spec = api::ReadServer(server)) {
    for (const SecretUse& use : SecretsOf(*spec)) names.insert(use.name);
  }
  return names;
}

std::optional<Obstacle> SecretObstacle(const std::vector<SecretUse>& uses, const Secrets& secrets) {
  for (const SecretUse& use : uses) {
    const auto found = secrets.find(use.name);
    if (found == secrets.end()) {
      return Obstacle{std::string(reason::kSecretMissing),
                      use.field + ".name: the Secret " + use.name + " does not exist. Create it; backups then start by themselves.",
                      true};
    }
    for (const std::string& key : use.keys) {
      if (found->second.keys.contains(key)) continue;
      return Obstacle{std::string(reason::kSecretKeyMissing),
                      use.field + ": the Secret " + use.name + " has no key " + key + ". Add it; backups then start by themselves.",
                      true};
    }
  }
  return std::nullopt;
}

std::optional<Obstacle> SharingObstacle(const std::string& target, const std::string& path, const std::vector<PathClaim>& claims) {
  const std::string wanted = NormalizedPath(path);
  const PathClaim* first = nullptr;
  for (const PathClaim& claim : claims) {
    if (NormalizedPath(claim.path) != wanted) continue;
    if (first == nullptr || std::tie(claim.created, claim.target) < std::tie(first->created, first->target)) first = &claim;
  }
  if (first == nullptr || first->target == target) return std::nullopt;
  return Obstacle{std::string(reason::kRepositoryShared), "spec.repository.path: " + path +
                                                              " is the repository of the BorgBackupTarget " + first->target +
                                                              ". Delete this target and make one with a path of its own."};
}

api::Problems TimetableProblems(const api::BorgBackupTargetSpec& target) {
  api::Problems problems;
  const auto judge = [&problems](const char* field, const std::string& schedule) {
    if (schedule.empty()) return;
    if (const auto parsed = Schedule::Parse(EffectiveSchedule(schedule, "")); !parsed) problems.push_back({field, parsed.error()});
  };
  judge("spec.schedule", target.schedule);
  judge("spec.maintenance.schedule", target.maintenance.schedule);
  if (const auto zone = TimeZone::Find(target.time_zone); !zone) problems.push_back({"spec.timeZone", zone.error()});
  return problems;
}

}  // namespace borgop::controller
