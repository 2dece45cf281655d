// Objects of one type as the API server has them, in all namespaces or in those that the operator works in.
//
// Thread safety: handlers and indices are added before Start; the rest from any thread. Handlers are called on the threads of the cache,
// one at a time for a namespace. Ownership: the client outlives the cache, whose destructor ends its threads.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "controller/kube/reflector.h"

namespace borgop::runtime {

class Cache {
 public:
  // Under which words an object of a namespace is found.
  using Index = std::function<std::vector<std::string>(const nlohmann::json& object)>;

  // No namespaces: all.
  Cache(kube::Client& client, kube::ResourceType type, kube::Selection selection, std::vector<std::string> namespaces);
  ~Cache();
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  void AddIndex(const std::string& name, const Index& index);
  void AddHandler(const kube::Reflector::Handler& handler);
  void Start();

  kube::Object Get(const kube::ObjectKey& key) const;  // null: not there
  std::vector<kube::Object> Find(const std::string& ns, const std::string& index, const std::string& value) const;
  std::vector<kube::Object> All() const;
  // Whether everything that there is has been seen once. `problem`: why not, or why nothing new arrives now.
  bool HasSynced() const;
  std::optional<std::string> Problem() const;

 private:
  const kube::Reflector* ReflectorOf(const std::string& ns) const;

  const kube::ResourceType type_;
  std::vector<std::string> namespaces_;
  std::vector<std::unique_ptr<kube::Reflector>> reflectors_;  // of each namespace, or one of all
  std::vector<std::jthread> threads_;
};

}  // namespace borgop::runtime
