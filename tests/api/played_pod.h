// A test in the place of a kubelet and of borg-engine: there is no node, so a Job's pod stays pending until its status is written here.
//
// Only the pod's status is written, as a kubelet does; what follows (that the Job completes or fails, that its pod is replaced) is the real
// Job controller's work.
//
// Threading: one thread. Errors: std::runtime_error. Every wait is bounded.
#pragma once

#include <chrono>
#include <string>

#include "controller/kube/resource.h"
#include "engine/report/report.h"
#include "tests/api/admin_client.h"

namespace borgop::api_tests {

// Reports as the engine makes them, of a run that took no time.
struct Told {
  char archive = 'a';  // of which the archive's id is made
  std::string repository = std::string(64, 'e');
  std::uint64_t archives = 1;  // in the repository
  std::vector<std::string> warnings = {};
};
RunReport GoodReport(const Told& told = {});  // Completed; with warnings CompletedWithWarnings
RunReport BadReport(Reason reason, const Told& told = {});
// Of a reason that this engine does not know yet, such as "RepositoryTampered".
Json AccusingReport(const std::string& reason, const Told& told = {});

// The status of a pod that ended so, with the summary in the termination message.
Json EndedStatus(const RunReport& report);

class PlayedPod {
 public:
  // Waits until the Job has a pod that has not ended.
  static PlayedPod Of(const kube::ObjectKey& job);

  const kube::ObjectKey& key() const { return key_; }
  Json Object() const { return AdminClient::Shared().Get(kube::Pods(), key_); }  // null: it is gone

  void Run() const;
  // With the summary in the termination message, and the exit status that goes with it.
  void End(const RunReport& report) const;
  // With any message. `disruption`: the cluster takes it away at the same time, as Disrupt does.
  void End(int exit_code, const std::string& message, const std::string& reason = "Error",
           const std::string& disruption = {}) const;
  void EndOutOfMemory() const { End(137, "", "OOMKilled"); }
  // The cluster takes it away: `reason` of the condition DisruptionTarget, such as "EvictionByEvictionAPI". The Job makes another.
  void Disrupt(const std::string& reason) const;
  // As an old kubelet does, without that condition. The Job fails.
  void Evict() const;
  // It stopped answering, as seen by the cluster.
  void LoseNode() const;
  // It cannot start: a reason of a container that waits, such as "ImagePullBackOff".
  void Wait(const std::string& reason, const std::string& message) const;
  void BeUnschedulable() const;

 private:
  explicit PlayedPod(kube::ObjectKey key) : key_(std::move(key)) {}
  void Patch(const Json& status) const;

  kube::ObjectKey key_;
};

// Waits until Kubernetes says that the Job has ended, whichever way.
void AwaitEnd(const kube::ObjectKey& job);

}  // namespace borgop::api_tests
