// Objects as the API server last told them, shared by all who read.
//
// Objects are immutable and shared: a reader keeps what it got, whatever changes meanwhile. Indices (by label, by owner) are kept with
// each change.
//
// Thread safety: any thread may read; changes come from one thread (the reflector's). Indices are added before the first change.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controller/kube/resource.h"

namespace borgop::kube {

using Object = std::shared_ptr<const nlohmann::json>;

// What became of one object; null: not there.
struct Change {
  ObjectKey key;
  Object before;
  Object after;
};

class Store {
 public:
  // The values under which an object is found.
  using Index = std::function<std::vector<std::string>(const nlohmann::json& object)>;

  void AddIndex(std::string name, Index index);

  Object Get(const ObjectKey& key) const;
  // All, or those of one namespace, in the order of their keys.
  std::vector<Object> List(std::string_view ns = {}) const;
  // In the order of their keys. An index that was never added has nothing.
  std::vector<Object> Find(const std::string& index, const std::string& value) const;
  std::size_t size() const;

  // Nothing where the very same resourceVersion is there already.
  std::optional<Change> Put(nlohmann::json object);
  std::optional<Change> Remove(const ObjectKey& key);
  // Makes the store hold exactly these; what changed by that, removals first.
  std::vector<Change> Replace(std::vector<nlohmann::json> objects);

 private:
  struct Indexed {
    Index values;
    std::unordered_map<std::string, std::set<ObjectKey>> keys;
  };
  std::optional<Change> PutLocked(nlohmann::json object);
  std::optional<Change> RemoveLocked(const ObjectKey& key);
  void Unindex(const ObjectKey& key, const nlohmann::json& object);

  mutable std::shared_mutex mutex_;
  std::map<ObjectKey, Object> objects_;
  std::unordered_map<std::string, Indexed> indices_;
};

// Indices that most need: "namespace/VALUE" of a label, and the uids of an object's owners.
Store::Index ByLabel(std::string label);
Store::Index ByOwner();

}  // namespace borgop::kube
