// Which kinds of objects there are, and where the API serves them.
//
// Thread safety: values and pure functions. Source: Kubernetes API concepts, "Resource URIs".
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace borgop::kube {

struct ResourceType {
  std::string group;  // empty: the core group
  std::string version;
  std::string plural;
  std::string kind;
  bool namespaced = true;

  auto operator<=>(const ResourceType&) const = default;
  std::string ApiVersion() const { return group.empty() ? version : group + "/" + version; }
};

// `ns` is empty for objects that are in no namespace.
struct ObjectKey {
  std::string ns;
  std::string name;

  auto operator<=>(const ObjectKey&) const = default;
  std::string ToString() const { return ns.empty() ? name : ns + "/" + name; }
};

// What the operator works with.
const ResourceType& Jobs();
const ResourceType& CronJobs();
const ResourceType& Pods();
const ResourceType& Secrets();
const ResourceType& ConfigMaps();
const ResourceType& Events();
const ResourceType& Namespaces();
const ResourceType& Leases();
const ResourceType& BorgServers();
const ResourceType& BorgBackupTargets();

// Where objects of `type` are; in all namespaces where `ns` is empty.
std::string CollectionPath(const ResourceType& type, std::string_view ns);
// Where one object, or a subresource of it such as "status", is.
std::string ObjectPath(const ResourceType& type, const ObjectKey& key, std::string_view subresource = {});
// `text` as one component of a path or a value of a query (RFC 3986: everything but unreserved characters is written as %XX).
std::string PercentEncode(std::string_view text);

// From an object's metadata; empty strings where it has none.
ObjectKey KeyOf(const nlohmann::json& object);
std::string UidOf(const nlohmann::json& object);
std::string ResourceVersionOf(const nlohmann::json& object);

}  // namespace borgop::kube

template <>
struct std::hash<borgop::kube::ObjectKey> {
  std::size_t operator()(const borgop::kube::ObjectKey& key) const noexcept {
    const std::size_t first = std::hash<std::string>()(key.ns);
    return first ^ (std::hash<std::string>()(key.name) + 0x9e3779b97f4a7c15U + (first << 6U) + (first >> 2U));
  }
};
