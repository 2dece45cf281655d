#include "controller/runtime/contents.h"

#include <openssl/crypto.h>

#include <utility>

#include "controller/reconcile/json_view.h"

namespace borgop::runtime {
namespace {

controller::SecretFacts FactsOf(nlohmann::json& secret) {
  controller::SecretFacts facts;
  facts.resource_version = kube::ResourceVersionOf(secret);
  for (const char* field : {"data", "stringData"}) {
    const auto data = secret.find(field);
    if (data == secret.end() || !data->is_object()) continue;
    for (auto& [key, value] : data->items()) {
      if (!value.is_string()) continue;
      auto& text = value.get_ref<std::string&>();
      // A key with nothing in it is as good as missing.
      if (!text.empty()) facts.keys.insert(key);
      OPENSSL_cleanse(text.data(), text.size());
    }
  }
  return facts;
}

}  // namespace

kube::Result<nlohmann::json> Contents::ConfigMap(const kube::ObjectKey& key, const std::string& resource_version,
                                                 const std::stop_token& stop) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = config_maps_.find(key);
    if (known != config_maps_.end() && kube::ResourceVersionOf(known->second) == resource_version) return known->second;
  }
  kube::Result<nlohmann::json> object = client_.Get(kube::ConfigMaps(), key, stop);
  if (!object && object.error().code == kube::ApiError::Code::kNotFound) return nlohmann::json();
  if (!object) return object;
  const std::lock_guard lock(mutex_);
  return config_maps_.insert_or_assign(key, std::move(*object)).first->second;
}

kube::Result<std::optional<controller::SecretFacts>> Contents::Secret(const kube::ObjectKey& key,
                                                                      const std::string& resource_version,
                                                                      const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!read_.wait(lock, stop, [&] { return !under_way_.contains(key); }))
    return kube::Fail(kube::ApiError::Code::kCancelled, "stopped");
  const auto known = secrets_.find(key);
  if (known != secrets_.end() && known->second.resource_version == resource_version) return known->second;
  under_way_.insert(key);
  lock.unlock();
  kube::Result<nlohmann::json> object = client_.Get(kube::Secrets(), key, stop);
  lock.lock();
  under_way_.erase(key);
  read_.notify_all();
  if (!object && object.error().code == kube::ApiError::Code::kNotFound) return std::nullopt;
  if (!object) return kube::Fail(object.error());
  return secrets_.insert_or_assign(key, FactsOf(*object)).first->second;
}

void Contents::ForgetConfigMap(const kube::ObjectKey& key) {
  const std::lock_guard lock(mutex_);
  config_maps_.erase(key);
}

void Contents::ForgetSecret(const kube::ObjectKey& key) {
  const std::lock_guard lock(mutex_);
  secrets_.erase(key);
}

}  // namespace borgop::runtime
