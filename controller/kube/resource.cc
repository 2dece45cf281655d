#include "controller/kube/resource.h"

#include "controller/kube/bounded_json.h"

namespace borgop::kube {

#define BORGOP_RESOURCE(function, ...)           \
  const ResourceType& function() {               \
    static const ResourceType type{__VA_ARGS__}; \
    return type;                                 \
  }
BORGOP_RESOURCE(Jobs, "batch", "v1", "jobs", "Job", true)
BORGOP_RESOURCE(CronJobs, "batch", "v1", "cronjobs", "CronJob", true)
BORGOP_RESOURCE(Pods, "", "v1", "pods", "Pod", true)
BORGOP_RESOURCE(Secrets, "", "v1", "secrets", "Secret", true)
BORGOP_RESOURCE(ConfigMaps, "", "v1", "configmaps", "ConfigMap", true)
BORGOP_RESOURCE(Events, "events.k8s.io", "v1", "events", "Event", true)
BORGOP_RESOURCE(Namespaces, "", "v1", "namespaces", "Namespace", false)
BORGOP_RESOURCE(Leases, "coordination.k8s.io", "v1", "leases", "Lease", true)
BORGOP_RESOURCE(BorgServers, "borg-operator.dev", "v1alpha1", "borgservers", "BorgServer", true)
BORGOP_RESOURCE(BorgBackupTargets, "borg-operator.dev", "v1alpha1", "borgbackuptargets", "BorgBackupTarget", true)
#undef BORGOP_RESOURCE

std::string PercentEncode(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kHex[byte >> 4U];
      encoded += kHex[byte & 0x0FU];
    }
  }
  return encoded;
}

std::string CollectionPath(const ResourceType& type, std::string_view ns) {
  std::string path = type.group.empty() ? "/api/" + type.version : "/apis/" + type.group + "/" + type.version;
  if (type.namespaced && !ns.empty()) path += "/namespaces/" + PercentEncode(ns);
  return path + "/" + type.plural;
}

std::string ObjectPath(const ResourceType& type, const ObjectKey& key, std::string_view subresource) {
  std::string path = CollectionPath(type, key.ns) + "/" + PercentEncode(key.name);
  if (!subresource.empty()) path += "/" + std::string(subresource);
  return path;
}

ObjectKey KeyOf(const nlohmann::json& object) {
  return {TextAt(object, {"metadata", "namespace"}), TextAt(object, {"metadata", "name"})};
}
std::string UidOf(const nlohmann::json& object) { return TextAt(object, {"metadata", "uid"}); }
std::string ResourceVersionOf(const nlohmann::json& object) { return TextAt(object, {"metadata", "resourceVersion"}); }

}  // namespace borgop::kube
