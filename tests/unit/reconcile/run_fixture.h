// Jobs and pods as the API server gives them, in the states that the tests need.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "engine/base/rfc3339.h"
#include "engine/report/report.h"

namespace borgop::test {

inline WallTime At(const char* rfc3339) { return ParseRfc3339(rfc3339).value(); }

inline nlohmann::json QueuedJob(const std::string& name = "web-01-1", const std::string& created = "2026-11-24T02:00:00Z") {
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata",
           {{"name", name},
            {"namespace", "backups"},
            {"uid", "u-" + name},
            {"creationTimestamp", created},
            {"labels", {{"borg-operator.dev/target", "web-01"}, {"borg-operator.dev/run", "backup"}}},
            {"annotations", {{"borg-operator.dev/target-name", "web-01"}}},
            {"ownerReferences", nlohmann::json::array({{{"kind", "CronJob"}, {"name", "web-01"}, {"uid", "u-cron"}}})}}},
          {"spec", {{"suspend", true}}},
          {"status", nlohmann::json::object()}};
}

inline nlohmann::json StartedJob(const std::string& name = "web-01-1", const std::string& created = "2026-11-24T02:00:00Z") {
  nlohmann::json job = QueuedJob(name, created);
  job["spec"]["suspend"] = false;
  job["status"]["startTime"] = created;
  return job;
}

// `type`: "Complete" or "Failed".
inline nlohmann::json EndedJob(const std::string& type, const std::string& reason, const std::string& name = "web-01-1",
                               const std::string& ended = "2026-11-24T02:10:00Z") {
  nlohmann::json job = StartedJob(name);
  job["status"]["conditions"] =
      nlohmann::json::array({{{"type", type == "Complete" ? "SuccessCriteriaMet" : "FailureTarget"}, {"status", "True"}},
                             {{"type", type}, {"status", "True"}, {"reason", reason}, {"lastTransitionTime", ended}}});
  return job;
}

inline nlohmann::json Pod(const std::string& phase, const std::string& job = "web-01-1",
                          const std::string& created = "2026-11-24T02:00:01Z") {
  return {{"metadata",
           {{"name", job + "-pod"},
            {"uid", "u-" + job + "-pod"},
            {"creationTimestamp", created},
            {"finalizers", {"borg-operator.dev/unread-result"}},
            {"ownerReferences", nlohmann::json::array({{{"kind", "Job"}, {"name", job}, {"uid", "u-" + job}}})}}},
          {"status", {{"phase", phase}, {"startTime", created}}}};
}

// That somebody told to end; there is no time left for that if `seconds_left` is 0.
inline nlohmann::json DeletedPod(nlohmann::json pod, int seconds_left, const std::string& until = "2026-11-24T02:05:00Z") {
  pod["metadata"]["deletionTimestamp"] = until;
  pod["metadata"]["deletionGracePeriodSeconds"] = seconds_left;
  return pod;
}

inline nlohmann::json WaitingPod(const std::string& reason, const std::string& message) {
  nlohmann::json pod = Pod("Pending");
  pod["status"]["containerStatuses"] =
      nlohmann::json::array({{{"name", "engine"}, {"state", {{"waiting", {{"reason", reason}, {"message", message}}}}}}});
  return pod;
}

inline nlohmann::json EndedPod(int exit_code, const std::string& message = "", const std::string& reason = "Error",
                               const std::string& job = "web-01-1") {
  nlohmann::json pod = Pod(exit_code == 0 ? "Succeeded" : "Failed", job);
  pod["status"]["containerStatuses"] = nlohmann::json::array(
      {{{"name", "engine"},
        {"state",
         {{"terminated",
           {{"exitCode", exit_code}, {"reason", reason}, {"message", message}, {"finishedAt", "2026-11-24T02:09:58Z"}}}}}}});
  return pod;
}

inline TargetReport GoodTargetReport() {
  TargetReport target;
  target.name = "web-01";
  target.outcome = Outcome::kCompleted;
  target.start = At("2026-11-24T02:00:03Z");
  target.end = At("2026-11-24T02:09:57Z");
  target.phases = {{PhaseName::kConnect, target.start, std::chrono::milliseconds(100), true},
                   {PhaseName::kCheck, target.start, std::chrono::milliseconds(900), true}};
  target.repository = {std::string(64, 'a'), "/home/backups/web/01", false, 5, "repokey-blake2", 9000, 700};
  target.archive = Archive{std::string(64, 'b'), "snapshot-1", "2026-11-24T02:00:04", "2026-11-24T02:09:50", 3000, 2000, 100, 7};
  target.pruned = 1;
  return target;
}

inline TargetReport FailedTargetReport(Reason reason, std::string message = "it went wrong") {
  TargetReport target = GoodTargetReport();
  target.outcome = reason == Reason::kCancelled ? Outcome::kCancelled : Outcome::kFailed;
  target.archive.reset();
  target.error = Error{reason, std::move(message), ""};
  return target;
}

inline RunReport ReportOf(TargetReport target) {
  RunReport report;
  report.engine_version = "0.1.0";
  report.start = target.start;
  report.end = target.end;
  report.targets.push_back(std::move(target));
  return report;
}

}  // namespace borgop::test
