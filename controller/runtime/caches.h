// All that the operator watches, and the indices by which it looks things up.
//
// Of Secrets and ConfigMaps only the metadata: contents are read when they are needed and new (contents.h). Of CronJobs, Jobs, pods and
// ConfigMaps only those that the operator made, by label. What no decision looks at, the templates of pods and what became of them in a pod, is
// most of it all, and is not kept.
//
// Thread safety: as Cache.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/runtime/cache.h"

namespace borgop::runtime {

// Names of indices.
namespace index {
inline constexpr const char* kServer = "server";          // targets: of their serverRef
inline constexpr const char* kRepository = "repository";  // targets: "SERVER PATH"
inline constexpr const char* kSecret = "secret";          // targets and servers: of each Secret that they name
inline constexpr const char* kTarget = "target";          // what the operator made: the target's name
}  // namespace index

struct Caches {
  // No namespaces: all.
  Caches(kube::Client& client, const std::vector<std::string>& namespaces);

  void Start();
  // What is still missing, or does not arrive any more; nullopt: all is well.
  std::optional<std::string> Unsynced() const;
  std::vector<const Cache*> All() const;

  Cache targets, servers, cron_jobs, jobs, pods, config_maps, secrets;
};

// Of an object that the operator made; empty for any other.
std::string TargetNameOf(const nlohmann::json& object);
// False: another object controls it, so that it only has the name. One of that name with another uid is the same target, restored.
bool IsControlledBy(const nlohmann::json& object, const nlohmann::json& target);
std::string ServerNameOf(const nlohmann::json& target);
// "SERVER PATH", as in index::kRepository: the same for all ways to write the same path.
std::string RepositoryOf(const nlohmann::json& target);

}  // namespace borgop::runtime
