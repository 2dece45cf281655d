#include "tests/api/played_pod.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "controller/api/object_meta.h"

namespace borgop::api_tests {
namespace {

using std::chrono::seconds;

constexpr auto kLimit = seconds(60);
constexpr std::size_t kTerminationMessage = 4096;

std::string Now() { return api::KubeTime(std::chrono::system_clock::now()); }

bool HasEnded(const Json& pod) {
  const auto phase = pod.at("status").value("phase", "");
  return phase == "Succeeded" || phase == "Failed";
}

RunReport Begun(const Told& told) {
  RunReport report;
  report.engine_version = "0.0-test";
  report.start = std::chrono::system_clock::now();
  report.end = report.start;
  TargetReport target;
  target.name = "played";
  target.start = report.start;
  target.end = report.end;
  target.repository.id = told.repository;
  target.repository.path = "/srv/repositories/played";
  target.phases.push_back({PhaseName::kConnect, report.start, std::chrono::milliseconds(900), true});
  target.warnings = told.warnings;
  report.targets.push_back(std::move(target));
  return report;
}

Json Container(Json state) {
  return Json::array({{{"name", "engine"},
                       {"image", "example.org/borg-engine:test"},
                       {"imageID", ""},
                       {"ready", false},
                       {"restartCount", 0},
                       {"state", std::move(state)}}});
}

Json DisruptedBy(const std::string& reason) {
  return Json::array(
      {{{"type", "DisruptionTarget"}, {"status", "True"}, {"reason", reason}, {"message", "the test took it away"}}});
}

Json StatusOfEnd(int exit_code, const std::string& message, const std::string& reason) {
  const Json terminated{{"exitCode", exit_code},
                        {"reason", exit_code == 0 ? "Completed" : reason},
                        {"message", message},
                        {"startedAt", Now()},
                        {"finishedAt", Now()}};
  return {{"phase", exit_code == 0 ? "Succeeded" : "Failed"}, {"containerStatuses", Container({{"terminated", terminated}})}};
}

}  // namespace

Json EndedStatus(const RunReport& report) {
  return StatusOfEnd(ExitCodeOf(report), ToSummaryJson(report, kTerminationMessage), "Error");
}

RunReport GoodReport(const Told& told) {
  auto report = Begun(told);
  auto& target = report.targets.front();
  target.outcome = told.warnings.empty() ? Outcome::kCompleted : Outcome::kCompletedWithWarnings;
  target.repository.archives = told.archives;
  target.archive = Archive{.id = std::string(64, told.archive),
                           .name = std::string("played-") + told.archive,
                           .start = "2026-01-02T03:04:05.000000",
                           .end = "2026-01-02T03:05:05.000000",
                           .original_size = 3ULL << 30U,
                           .compressed_size = 2ULL << 30U,
                           .deduplicated_size = 1ULL << 30U,
                           .nfiles = 1234};
  for (const PhaseName name : {PhaseName::kCreate, PhaseName::kList, PhaseName::kPrune})
    target.phases.push_back({name, report.start + seconds(5), std::chrono::milliseconds(8000), true});
  target.pruned = 2;
  target.bytes_to_server = 123'456'789;
  return report;
}

RunReport BadReport(Reason reason, const Told& told) {
  auto report = Begun(told);
  auto& target = report.targets.front();
  target.outcome = reason == Reason::kCancelled ? Outcome::kCancelled : Outcome::kFailed;
  target.error = Error{reason, "what the test says went wrong", ""};
  return report;
}

Json AccusingReport(const std::string& reason, const Told& told) {
  auto report = Json::parse(ToJson(BadReport(Reason::kInternal, told)));
  auto& error = report.at("targets").at(0).at("error");
  error["reason"] = reason;
  error["message"] = "what the test accuses somebody of";
  return report;
}

PlayedPod PlayedPod::Of(const kube::ObjectKey& job) {
  kube::ObjectKey found;
  const auto look = [&] {
    for (const auto& pod : AdminClient::Shared().List(kube::Pods(), job.ns, "batch.kubernetes.io/job-name=" + job.name)) {
      if (!HasEnded(pod) && !pod.at("metadata").contains("deletionTimestamp")) found = kube::KeyOf(pod);
    }
    return !found.name.empty();
  };
  if (!Eventually(look, kLimit)) throw std::runtime_error("Job " + job.ToString() + " has no pod");
  return PlayedPod(found);
}

void PlayedPod::Patch(const Json& status) const { AdminClient::Shared().Patch(kube::Pods(), key_, {{"status", status}}, "status"); }

void PlayedPod::Run() const {
  Patch({{"phase", "Running"}, {"startTime", Now()}, {"containerStatuses", Container({{"running", {{"startedAt", Now()}}}})}});
}

void PlayedPod::End(const RunReport& report) const { Patch(EndedStatus(report)); }

void PlayedPod::End(int exit_code, const std::string& message, const std::string& reason, const std::string& disruption) const {
  Json status = StatusOfEnd(exit_code, message, reason);
  if (!disruption.empty()) status["conditions"] = DisruptedBy(disruption);
  Patch(status);
}

void PlayedPod::Disrupt(const std::string& reason) const { Patch({{"phase", "Failed"}, {"conditions", DisruptedBy(reason)}}); }

void PlayedPod::Evict() const {
  Patch({{"phase", "Failed"}, {"reason", "Evicted"}, {"message", "The node was low on resource: memory."}});
}

void PlayedPod::LoseNode() const {
  Patch({{"phase", "Failed"}, {"reason", "NodeLost"}, {"message", "Node n-1 which was running pod is unresponsive"}});
}

void PlayedPod::Wait(const std::string& reason, const std::string& message) const {
  Patch({{"phase", "Pending"}, {"containerStatuses", Container({{"waiting", {{"reason", reason}, {"message", message}}}})}});
}

void PlayedPod::BeUnschedulable() const {
  const Json condition{
      {"type", "PodScheduled"}, {"status", "False"}, {"reason", "Unschedulable"}, {"message", "0/3 nodes are available"}};
  Patch({{"conditions", Json::array({condition})}});
}

void AwaitEnd(const kube::ObjectKey& job) {
  const auto ended = [&] {
    const auto object = AdminClient::Shared().Get(kube::Jobs(), job);
    if (object.is_null()) return true;
    return std::ranges::any_of(object.at("status").value("conditions", Json::array()), [](const Json& condition) {
      const auto type = condition.value("type", "");
      return (type == "Complete" || type == "Failed") && condition.value("status", "") == "True";
    });
  };
  if (!Eventually(ended, kLimit)) throw std::runtime_error("Job " + job.ToString() + " does not end");
}

}  // namespace borgop::api_tests
