// What stands in the way of a target's runs, or of a server's use: named with the field's path and what to do.
//
// While there is an obstacle, no run starts. Those that the schedule asks for wait (one at a time) and start once it is gone.
//
// Thread safety: values and pure functions.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "controller/api/borg_backup_target.h"
#include "controller/api/borg_server.h"
#include "controller/api/object_meta.h"

namespace borgop::controller {

// What the operator may know of a Secret: never a value.
struct SecretFacts {
  std::string resource_version;
  std::set<std::string> keys;
};
using Secrets = std::map<std::string, SecretFacts>;  // by name; of those that exist

struct Obstacle {
  std::string reason;
  std::string message;
  bool passes = false;  // somebody else may be about to make what is missing: not a mistake of this object's spec
  bool operator==(const Obstacle&) const = default;
};

// Reasons of obstacles, which also stand in the condition Ready. No failed run has one of them.
namespace obstacle_reason {
inline constexpr std::string_view kSpecInvalid = "SpecInvalid";
inline constexpr std::string_view kServerMissing = "ServerMissing";
inline constexpr std::string_view kServerInvalid = "ServerInvalid";
inline constexpr std::string_view kSecretMissing = "SecretMissing";
inline constexpr std::string_view kSecretKeyMissing = "SecretKeyMissing";
inline constexpr std::string_view kRepositoryShared = "RepositoryShared";
inline constexpr std::string_view kStateInvalid = "CarriedStateInvalid";
inline constexpr std::string_view kFinding = "FindingNotAcknowledged";
// By the API (refusal.h).
inline constexpr std::string_view kSpecRefused = "SpecRefused";
inline constexpr std::string_view kNameTaken = "NameTaken";
inline constexpr std::string_view kForbidden = "Forbidden";
}  // namespace obstacle_reason
std::span<const std::string_view> AllObstacles();
bool IsObstacle(std::string_view name);

struct SecretUse {
  std::string field;  // "spec.connection.sshSecretRef", or "BorgServer vault, spec.sshSecretRef"
  std::string name;
  std::vector<std::string> keys;  // that it must have
};
std::vector<SecretUse> SecretsOf(const api::BorgBackupTargetSpec& target);
// `prefix` stands before the fields.
std::vector<SecretUse> SecretsOf(const api::BorgServerSpec& server, const std::string& prefix = {});
// What to look up for a target: the names of all Secrets that it and its server (null: not there) use.
std::set<std::string> SecretNames(const nlohmann::json& target, const nlohmann::json& server);

std::optional<Obstacle> SecretObstacle(const std::vector<SecretUse>& uses, const Secrets& secrets);

// Who uses which repository of a server.
struct PathClaim {
  std::string target;
  std::string path;  // as in the spec
  WallTime created;
};
// The older one keeps the path.
std::optional<Obstacle> SharingObstacle(const std::string& target, const std::string& path, const std::vector<PathClaim>& claims);

// Schedules and time zone, which the reader of the spec does not judge.
api::Problems TimetableProblems(const api::BorgBackupTargetSpec& target);

}  // namespace borgop::controller
