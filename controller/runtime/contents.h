// What is in ConfigMaps and Secrets, read when it is needed and only where it is new by its resourceVersion; a Secret once where several ask at a
// time, as the targets of a namespace do at a start.
//
// Of a Secret only the names of its keys are kept; the values are dropped as soon as the answer is read.
//
// Thread safety: any thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <unordered_map>
#include <unordered_set>

#include "controller/kube/client.h"
#include "controller/reconcile/obstacle.h"

namespace borgop::runtime {

class Contents {
 public:
  explicit Contents(kube::Client& client) : client_(client) {}

  // `resource_version` as the metadata has it. JSON null: it is gone.
  kube::Result<nlohmann::json> ConfigMap(const kube::ObjectKey& key, const std::string& resource_version,
                                         const std::stop_token& stop);
  // Likewise. nullopt: it is gone.
  kube::Result<std::optional<controller::SecretFacts>> Secret(const kube::ObjectKey& key, const std::string& resource_version,
                                                              const std::stop_token& stop);
  void ForgetConfigMap(const kube::ObjectKey& key);
  void ForgetSecret(const kube::ObjectKey& key);

 private:
  kube::Client& client_;
  std::mutex mutex_;
  std::condition_variable_any read_;
  std::unordered_set<kube::ObjectKey> under_way_;
  std::unordered_map<kube::ObjectKey, nlohmann::json> config_maps_;
  std::unordered_map<kube::ObjectKey, controller::SecretFacts> secrets_;
};

}  // namespace borgop::runtime
