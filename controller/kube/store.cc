#include "controller/kube/store.h"

#include <mutex>
#include <utility>

#include "controller/kube/bounded_json.h"

namespace borgop::kube {

void Store::AddIndex(std::string name, Index index) {
  const std::unique_lock lock(mutex_);
  indices_.insert_or_assign(std::move(name), Indexed{std::move(index), {}});
}

Object Store::Get(const ObjectKey& key) const {
  const std::shared_lock lock(mutex_);
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second;
}

std::vector<Object> Store::List(std::string_view ns) const {
  const std::shared_lock lock(mutex_);
  std::vector<Object> objects;
  for (const auto& [key, object] : objects_)
    if (ns.empty() || key.ns == ns) objects.push_back(object);
  return objects;
}

std::vector<Object> Store::Find(const std::string& index, const std::string& value) const {
  const std::shared_lock lock(mutex_);
  std::vector<Object> objects;
  const auto indexed = indices_.find(index);
  if (indexed == indices_.end()) return objects;
  const auto keys = indexed->second.keys.find(value);
  if (keys == indexed->second.keys.end()) return objects;
  for (const ObjectKey& key : keys->second) objects.push_back(objects_.at(key));
  return objects;
}

std::size_t Store::size() const {
  const std::shared_lock lock(mutex_);
  return objects_.size();
}

std::optional<Change> Store::Put(nlohmann::json object) {
  const std::unique_lock lock(mutex_);
  return PutLocked(std::move(object));
}

std::optional<Change> Store::PutLocked(nlohmann::json object) {
  const ObjectKey key = KeyOf(object);
  Object& slot = objects_[key];
  if (slot && UidOf(*slot) == UidOf(object) && ResourceVersionOf(*slot) == ResourceVersionOf(object)) return std::nullopt;
  Change change{key, slot, std::make_shared<const nlohmann::json>(std::move(object))};
  if (slot) Unindex(key, *slot);
  slot = change.after;
  for (auto& [name, indexed] : indices_)
    for (const std::string& value : indexed.values(*slot)) indexed.keys[value].insert(key);
  return change;
}

std::optional<Change> Store::Remove(const ObjectKey& key) {
  const std::unique_lock lock(mutex_);
  return RemoveLocked(key);
}

std::optional<Change> Store::RemoveLocked(const ObjectKey& key) {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return std::nullopt;
  Change change{key, std::move(found->second), nullptr};
  objects_.erase(found);
  Unindex(key, *change.before);
  return change;
}

void Store::Unindex(const ObjectKey& key, const nlohmann::json& object) {
  for (auto& [name, indexed] : indices_) {
    for (const std::string& value : indexed.values(object)) {
      const auto keys = indexed.keys.find(value);
      if (keys == indexed.keys.end()) continue;
      keys->second.erase(key);
      if (keys->second.empty()) indexed.keys.erase(keys);
    }
  }
}

std::vector<Change> Store::Replace(std::vector<nlohmann::json> objects) {
  const std::unique_lock lock(mutex_);
  std::set<ObjectKey> kept;
  for (const nlohmann::json& object : objects) kept.insert(KeyOf(object));
  std::vector<ObjectKey> gone;
  for (const auto& [key, object] : objects_)
    if (!kept.contains(key)) gone.push_back(key);
  std::vector<Change> changes;
  changes.reserve(gone.size());
  for (const ObjectKey& key : gone) changes.push_back(*RemoveLocked(key));
  for (nlohmann::json& object : objects)
    if (std::optional<Change> change = PutLocked(std::move(object))) changes.push_back(*std::move(change));
  return changes;
}

Store::Index ByLabel(std::string label) {
  return [label = std::move(label)](const nlohmann::json& object) -> std::vector<std::string> {
    const nlohmann::json* value = kube::Find(object, {"metadata", "labels", label});
    if (value == nullptr || !value->is_string()) return {};
    return {KeyOf(object).ns + "/" + value->get<std::string>()};
  };
}

Store::Index ByOwner() {
  return [](const nlohmann::json& object) {
    std::vector<std::string> uids;
    const nlohmann::json* owners = kube::Find(object, {"metadata", "ownerReferences"});
    if (owners == nullptr || !owners->is_array()) return uids;
    for (const nlohmann::json& owner : *owners)
      if (std::string uid = TextAt(owner, "uid"); !uid.empty()) uids.push_back(std::move(uid));
    return uids;
  };
}

}  // namespace borgop::kube
