// A target with all that belongs to it, and an API server of a few lines: Settle carries decisions out as decide.h asks for it, until
// there is nothing left to do.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "controller/api/names.h"
#include "controller/reconcile/decide.h"
#include "tests/unit/api/fixture.h"
#include "tests/unit/reconcile/run_fixture.h"

namespace borgop::test {

struct World {
  controller::Observed observed;
  controller::EngineSettings settings;
  WallTime now = At("2026-11-24T02:00:05Z");
  // What was done, over all of Settle.
  std::vector<std::string> created, deleted, reasons;

  World() {
    settings.image = "borg-engine:1";
    observed.target = GoodTarget();
    nlohmann::json& target = observed.target;
    target["metadata"].erase("annotations");
    target["spec"]["schedule"] = "0 2 * * *";
    target["spec"]["timeZone"] = "Etc/UTC";
    target["spec"].erase("maintenance");
    observed.server = GoodServer();
    for (const char* name : {"vault-ssh", "jump-ssh", "web-01-ssh", "hop-ssh"})
      observed.secrets[name] = {"1", {"ssh-privatekey", "known_hosts"}};
    observed.secrets["web-01-borg"] = {"1", {"pass"}};
    observed.claims = {{"web-01", "web/01", {}}};
  }

  controller::Decisions Decide() const { return controller::Decide(observed, settings, now); }

  void Settle() {
    for (int round = 0; round < 10; ++round) {
      const controller::Decisions decisions = Decide();
      if (!Carry(decisions)) return;
    }
    const controller::Decisions left = Decide();
    ADD_FAILURE() << "decisions never come to an end: " << left.apply.size() << " to apply, " << left.create.size()
                  << " to create, " << left.mark_recorded.size() << " to mark, " << left.events.size() << " events, status "
                  << (left.status ? ToJson(*left.status).dump() : "the same") << ", was " << observed.target["status"].dump();
  }

  // False: there was nothing to do.
  bool Carry(const controller::Decisions& decisions) {
    for (const controller::LogRequest& log : decisions.logs) observed.logs.emplace(log.pod, "");
    if (!decisions.logs.empty()) return true;
    bool any = false;
    if (decisions.carried_state) observed.carried_state = *decisions.carried_state, any = true;
    for (const nlohmann::json& object : decisions.apply) {
      any = true;
      const bool maintenance = object["metadata"]["labels"].value("borg-operator.dev/run", "") == "maintenance";
      (object["kind"] == "ConfigMap" ? observed.plan
       : maintenance                 ? observed.maintenance_cron_job
                                     : observed.backup_cron_job) = object;
    }
    for (const std::string& name : decisions.hold_cron_jobs) any = true, CronJob(name)["spec"]["suspend"] = true;
    for (const std::string& name : decisions.delete_cron_jobs) any = true, CronJob(name) = nullptr;
    for (const controller::JobRef& job : decisions.add_finalizer)
      any = true, Job(job.name)["metadata"]["finalizers"].push_back(api::kResultFinalizer);
    for (const nlohmann::json& job : decisions.create) {
      any = true;
      created.push_back(job["metadata"]["name"]);
      observed.jobs.push_back(job);
      observed.jobs.back()["metadata"]["uid"] = "u-" + created.back();
      observed.jobs.back()["metadata"]["creationTimestamp"] = api::KubeTime(now);
    }
    for (const controller::JobRef& job : decisions.delete_waiting) any = true, Delete(job.name);
    for (const controller::JobRef& job : decisions.suspend) any = true, Job(job.name)["spec"]["suspend"] = true;
    if (decisions.status) observed.target["status"] = ToJson(*decisions.status), any = true;
    for (const controller::Event& event : decisions.events) reasons.push_back(event.reason);
    for (const controller::JobRef& job : decisions.mark_recorded) {
      any = true;
      Job(job.name)["metadata"].erase("finalizers");
      Job(job.name)["metadata"]["annotations"]["borg-operator.dev/recorded"] = "true";
    }
    for (const controller::JobRef& job : decisions.remove_finalizer) any = true, Job(job.name)["metadata"].erase("finalizers");
    for (const controller::JobRef& ref : decisions.free_pods) {
      any = true;
      for (nlohmann::json& pod : observed.pods) {
        if (pod["metadata"]["uid"] == ref.uid) pod["metadata"].erase("finalizers");
      }
    }
    for (const controller::JobRef& job : decisions.delete_jobs) any = true, Delete(job.name);
    RemoveFreed();
    EndOrphans();
    return any;
  }

  void RemoveFreed() {
    for (std::vector<nlohmann::json>* objects : {&observed.jobs, &observed.pods}) {
      std::erase_if(*objects, [](const nlohmann::json& object) {
        const nlohmann::json& metadata = object["metadata"];
        return metadata.contains("deletionTimestamp") && metadata.value("finalizers", nlohmann::json::array()).empty();
      });
    }
  }
  // As garbage collection does.
  void EndOrphans() {
    for (nlohmann::json& pod : observed.pods) {
      nlohmann::json& metadata = pod["metadata"];
      const bool has_job = std::any_of(observed.jobs.begin(), observed.jobs.end(), [&](const nlohmann::json& job) {
        return job["metadata"]["uid"] == metadata["ownerReferences"][0]["uid"];
      });
      if (has_job || metadata.contains("deletionTimestamp")) continue;
      pod = DeletedPod(pod, 30, api::KubeTime(now + std::chrono::seconds(30)));
    }
    RemoveFreed();
  }

  nlohmann::json& CronJob(const std::string& name) {
    return observed.backup_cron_job.is_object() && observed.backup_cron_job["metadata"]["name"] == name
               ? observed.backup_cron_job
               : observed.maintenance_cron_job;
  }
  nlohmann::json& Job(const std::string& name) {
    for (nlohmann::json& job : observed.jobs) {
      if (job["metadata"]["name"] == name) return job;
    }
    ADD_FAILURE() << "no Job " << name;
    return observed.jobs.emplace_back();
  }
  void Delete(const std::string& name) {
    deleted.push_back(name);
    Job(name)["metadata"]["deletionTimestamp"] = api::KubeTime(now);
  }

  // The schedule's Job as it starts by itself, made from what the CronJob says.
  void Fire(const std::string& name) {
    const nlohmann::json& job_template = observed.backup_cron_job["spec"]["jobTemplate"];
    nlohmann::json job = QueuedJob(name, api::KubeTime(now));
    job["metadata"]["labels"] = job_template["metadata"]["labels"];
    job["metadata"]["annotations"] = job_template["metadata"]["annotations"];
    job["spec"]["suspend"] = job_template["spec"].value("suspend", false);
    observed.jobs.push_back(std::move(job));
    if (!observed.jobs.back()["spec"]["suspend"].get<bool>()) Start(name);
  }
  // As the Job controller and the kubelet would.
  void Start(const std::string& name) {
    nlohmann::json& job = Job(name);
    job["spec"]["suspend"] = false;
    job["status"]["startTime"] = api::KubeTime(now);
    nlohmann::json pod = Pod("Running", name, api::KubeTime(now));
    pod["metadata"]["labels"] = job["metadata"]["labels"];
    if (job["spec"].contains("template")) pod["metadata"]["annotations"] = job["spec"]["template"]["metadata"]["annotations"];
    observed.pods.push_back(std::move(pod));
  }
  // The run ends in `duration` with this report.
  void End(const std::string& name, TargetReport report, std::chrono::minutes duration = std::chrono::minutes(10)) {
    report.start = now;
    now += duration;
    report.end = now;
    const bool good = !report.error;
    nlohmann::json& job = Job(name);
    job["status"]["conditions"] = EndedJob(good ? "Complete" : "Failed", "", name, api::KubeTime(now))["status"]["conditions"];
    std::erase_if(observed.pods, [&](const nlohmann::json& pod) { return pod["metadata"]["name"] == name + "-pod"; });
    observed.pods.push_back(EndedPod(good ? 0 : 1, ToJson(ReportOf(std::move(report))), "", name));
  }
  // Its pod ends, whatever becomes of its Job.
  void EndPod(const std::string& name, int exit_code, TargetReport report) {
    const nlohmann::json ended = EndedPod(exit_code, ToJson(ReportOf(std::move(report))), "Error", name);
    for (nlohmann::json& pod : observed.pods) {
      if (pod["metadata"]["name"] == name + "-pod") pod["status"].update(ended["status"]);
    }
  }
  void RunOnce(const std::string& name, TargetReport report) {
    Settle();
    Fire(name);
    Settle();
    End(name, std::move(report));
    Settle();
  }

  api::TargetStatus Status() const { return api::ReadStatus(observed.target); }
  std::string Ready() const {
    const api::TargetStatus status = Status();
    const api::Condition* ready = api::Find(status.conditions, "Ready");
    return ready == nullptr ? "" : std::string(ToString(ready->status)) + ' ' + ready->reason;
  }
  bool TemplateSuspended() const {
    return observed.backup_cron_job.value(nlohmann::json::json_pointer("/spec/jobTemplate/spec/suspend"), false);
  }
  void Annotate(const char* key, const std::string& value) { observed.target["metadata"]["annotations"][key] = value; }
  void ChangeSpec(const char* pointer, nlohmann::json value) {
    observed.target[nlohmann::json::json_pointer(pointer)] = std::move(value);
    observed.target["metadata"]["generation"] = observed.target["metadata"]["generation"].get<int>() + 1;
  }
};

}  // namespace borgop::test
