#include "controller/reconcile/orphaned_pods.h"

#include <algorithm>
#include <string>
#include <utility>

#include "controller/api/object_meta.h"
#include "controller/reconcile/json_view.h"
#include "controller/reconcile/run_result.h"

namespace borgop::controller {
namespace {

using nlohmann::json;

bool Has(const std::vector<json>& jobs, const std::string& uid) {
  return std::any_of(jobs.begin(), jobs.end(), [&](const json& job) { return TextAt(job, {"metadata", "uid"}) == uid; });
}

json JobOf(const json& pod, const OwningJob& job) {
  const auto at = [&](const char* name) {
    const json* value = Find(pod, {"metadata", name});
    return value == nullptr ? json() : *value;
  };
  const json* start = Find(pod, {"status", "startTime"});
  const json deleted = at("deletionTimestamp");
  json made = {{"metadata",
                {{"name", job.name},
                 {"uid", job.uid},
                 {"labels", at("labels")},
                 {"annotations", at("annotations")},
                 {"creationTimestamp", at("creationTimestamp")},
                 {"deletionTimestamp", deleted.is_null() ? at("creationTimestamp") : deleted}}}};
  if (start != nullptr) made["status"]["startTime"] = *start;
  return made;
}

}  // namespace

std::vector<json> JobsOfOrphans(const std::vector<json>& jobs, const std::vector<json>& pods) {
  std::vector<json> gone;
  for (const json& pod : pods) {
    const OwningJob job = OwnerOf(pod);
    if (job.uid.empty() || Has(jobs, job.uid) || !HasResultFinalizer(api::ReadMeta(pod))) continue;
    json made = JobOf(pod, job);
    // The newest tells what the run came to.
    if (NewestPodOf(made, pods) == TextAt(pod, {"metadata", "name"})) gone.push_back(std::move(made));
  }
  return gone;
}

}  // namespace borgop::controller
