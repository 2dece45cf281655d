// An Executor over a FakeHttp, and decisions of each kind.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controller/kube/bounded_json.h"
#include "controller/runtime/executor.h"
#include "tests/fakes/fake_http.h"
#include "tests/unit/api/fixture.h"

namespace borgop::runtime {

class ExecutorFixture : public testing::Test {
 protected:
  ExecutorFixture() {
    observed_.target = test::GoodTarget();
    for (const char* name : {"fresh", "done", "old"}) observed_.jobs.push_back(Job(name));
    observed_.pods = {Object("Pod", "read")};
    observed_.pods[0]["metadata"]["uid"] = "u-read";
    server_.server = test::GoodServer();
    server_.server["metadata"]["resourceVersion"] = "5";
  }

  static nlohmann::json Job(const std::string& name) {
    return {{"apiVersion", "batch/v1"},
            {"kind", "Job"},
            {"metadata", {{"namespace", "backups"}, {"name", name}, {"uid", "u-" + name}, {"resourceVersion", "9"}}}};
  }
  static nlohmann::json Object(const char* kind, const std::string& name) {
    return {{"kind", kind}, {"metadata", {{"namespace", "backups"}, {"name", name}}}};
  }
  static controller::JobRef Ref(const std::string& name) { return {name, "u-" + name}; }

  // One of each.
  static controller::Decisions Everything() {
    controller::Decisions decisions;
    decisions.carried_state = Object("ConfigMap", "state");
    decisions.apply = {Object("ConfigMap", "plan"), Object("CronJob", "cron")};
    decisions.hold_cron_jobs = {"held"};
    decisions.delete_cron_jobs = {"past"};
    decisions.add_finalizer = {Ref("fresh")};
    decisions.create = {Job("new")};
    decisions.delete_waiting = {Ref("stale")};
    decisions.suspend = {Ref("fresh")};
    decisions.status = api::TargetStatus();
    decisions.events = {{true, "Failed", "a run failed"}};
    decisions.mark_recorded = {Ref("done")};
    decisions.remove_finalizer = {Ref("old")};
    decisions.free_pods = {Ref("read")};
    decisions.delete_jobs = {Ref("old")};
    return decisions;
  }
  static const std::vector<std::string>& EverythingAsked() {
    static const std::vector<std::string> asked = {
        "POST /api/v1/namespaces/backups/configmaps?fieldManager=borg-operator&fieldValidation=Strict",
        "PATCH /api/v1/namespaces/backups/configmaps/plan?fieldManager=borg-operator&force=true",
        "PATCH /apis/batch/v1/namespaces/backups/cronjobs/cron?fieldManager=borg-operator",
        "PATCH /apis/batch/v1/namespaces/backups/cronjobs/held?fieldManager=borg-operator",
        "DELETE /apis/batch/v1/namespaces/backups/cronjobs/past",
        "PATCH /apis/batch/v1/namespaces/backups/jobs/fresh?fieldManager=borg-operator",
        "POST /apis/batch/v1/namespaces/backups/jobs?fieldManager=borg-operator&fieldValidation=Strict",
        "DELETE /apis/batch/v1/namespaces/backups/jobs/stale",
        "PATCH /apis/batch/v1/namespaces/backups/jobs/fresh?fieldManager=borg-operator",
        "PATCH /apis/borg-operator.dev/v1alpha1/namespaces/backups/borgbackuptargets/web-01/status?fieldManager=borg-operator"
        "&force=true",
        "POST /apis/events.k8s.io/v1/namespaces/backups/events?fieldManager=borg-operator&fieldValidation=Strict",
        "PATCH /apis/batch/v1/namespaces/backups/jobs/done?fieldManager=borg-operator",
        "PATCH /apis/batch/v1/namespaces/backups/jobs/old?fieldManager=borg-operator",
        "PATCH /api/v1/namespaces/backups/pods/read?fieldManager=borg-operator",
        "DELETE /apis/batch/v1/namespaces/backups/jobs/old",
    };
    return asked;
  }

  kube::Status CarryOut(const controller::Decisions& decisions, const std::stop_token& stop = {}) {
    return executor_.CarryOut({"backups", "web-01"}, observed_, decisions, stop);
  }
  kube::Status CarryOut(const controller::ServerDecisions& decisions) {
    return executor_.CarryOut({"backups", "vault"}, server_, decisions, {});
  }
  // The body of the request with this number.
  nlohmann::json Body(std::size_t number = 0) const {
    const std::vector<kube::HttpRequest> requests = http_.Requests();
    return number < requests.size() ? nlohmann::json::parse(requests[number].body) : nlohmann::json();
  }
  // `status` to all requests; a Status with `reason` where it is an error.
  void Answer(int status, const std::string& reason = {}) {
    http_.on_send = [=](const kube::HttpRequest&) {
      return kube::HttpResponse{status, nlohmann::json{{"kind", "Status"}, {"reason", reason}, {"message", "said so"}}.dump()};
    };
  }

  controller::Observed observed_;
  controller::ObservedServer server_;
  bool may_act_ = true;
  kube::FakeHttp http_;
  kube::Client client_{http_, kube::Client::Options{}, kube::Clock::Real(),
                       [](kube::MonotonicTime::duration, const std::stop_token& stop) { return !stop.stop_requested(); }};
  Executor executor_{client_, [this] { return may_act_; }, "pod-7", logging::Log(logging::Format::kText, logging::Level::kError)};
};

}  // namespace borgop::runtime
