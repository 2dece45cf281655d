// Which targets and servers are to be looked at again after an object changed.
//
// A request is only a key, and looking once too often does no harm; missing one would leave a target as it was until its next resync.
//
// Thread safety: any thread (the caches' threads call it). Ownership: refers to the caches and queues.
#pragma once

#include "controller/kube/work_queue.h"
#include "controller/runtime/caches.h"

namespace borgop::runtime {

class Router {
 public:
  Router(Caches& caches, kube::WorkQueue& targets, kube::WorkQueue& servers)
      : caches_(caches), targets_(targets), servers_(servers) {}

  // Has the caches tell of changes. Before Caches::Start.
  void Connect();

 private:
  void TargetChanged(const kube::Change& change);
  void ServerChanged(const kube::Change& change);
  void OwnedChanged(const kube::Change& change);
  void JobChanged(const kube::Change& change);
  void SecretChanged(const kube::Change& change);
  void AddAllOf(const std::vector<kube::Object>& targets);
  void AddServerOf(const nlohmann::json& target);
  // Others who want the same repository, and, where the number of targets crosses the server's limit, all of them.
  void AddNeighbours(const nlohmann::json& target, bool count_changed);

  Caches& caches_;
  kube::WorkQueue& targets_;
  kube::WorkQueue& servers_;
};

}  // namespace borgop::runtime
