// What cases with the operator share: one process of it for all of them, a namespace each with a BorgServer and its Secrets, and words for
// what they do and wait for.
//
// Threading: one thread. Errors: std::runtime_error with how the target stood. Every wait is bounded.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/api/admin_client.h"
#include "tests/api/operator_process.h"
#include "tests/api/played_pod.h"

namespace borgop::api_tests {

// How those who ask judge an object. All by its status alone, but for kubectl, which is asked.
struct Health {
  std::string kstatus;   // "Current", "InProgress", "Failed", "Terminating"
  std::string argo;      // "Healthy", "Progressing", "Degraded"
  bool kubectl = false;  // `kubectl wait --for=condition=Ready` ends well
  bool operator==(const Health&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Health& health);
// By their own code (tests/cluster/judge): cli-utils' kstatus, which is Flux's, and Argo CD's interpreter with deploy/argocd/health.lua. Of
// `kubectl` nothing is said.
Health JudgeOf(const Json& object);

inline const Health kHealthy{"Current", "Healthy", true};
inline const Health kGoingOn{"InProgress", "Progressing", false};
inline const Health kStopped{"Failed", "Degraded", false};

class OperatorTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  static void TearDownTestSuite() { StopOperator(); }

  static ControlPlane& Plane() { return ControlPlane::Shared(); }
  static AdminClient& Api() { return AdminClient::Shared(); }
  static OperatorProcess& Operator() { return *operator_; }
  static void StartOperator();
  static void StopOperator();

  const std::string& ns() const { return ns_; }
  // From a namespace of its own to one that has its name from elsewhere.
  void Enter(const std::string& ns) { ns_ = ns; }
  kube::ObjectKey Key(const std::string& name) const { return {ns_, name}; }

  // BorgServer "vault", with `spec` merged into it, and the Secrets of it and of all targets made here, but for one.
  void AddServer(const Json& spec = Json::object(), const std::string& without_secret = {}) const;
  void AddSecret(const std::string& name, const Json& values) const;
  // A BorgBackupTarget that is run by hand, unless `spec` says otherwise, with a repository of its own.
  void AddTarget(const std::string& name, const Json& spec = Json::object()) const;
  void ChangeSpec(const std::string& name, const Json& spec) const;
  void Annotate(const std::string& name, std::string_view annotation, const std::string& value) const;

  Json Target(const std::string& name) const { return Api().Get(kube::BorgBackupTargets(), Key(name)); }
  // The place in its status; null: it is not there.
  Json At(const std::string& name, const std::string& pointer) const;
  // Waits until the place has the value; throws with the whole target if it does not.
  void Await(const std::string& name, const std::string& pointer, const Json& value) const;
  void AwaitReady(const std::string& name, const std::string& truth, const std::string& reason) const;
  Json Condition(const std::string& name, const std::string& type) const;  // null: none
  Health HealthOf(const std::string& name) const;

  std::vector<Json> Jobs(const std::string& target) const;
  // Sets run-now, and waits for a Job that was not there before.
  kube::ObjectKey RunNow(const std::string& target, const std::string& value = "1") const;
  // Waits for a Job of the target that none of `but` names.
  kube::ObjectKey AnotherJob(const std::string& target, const std::vector<kube::ObjectKey>& but) const;
  // A whole run: asked for, played, and in the status.
  kube::ObjectKey Backup(const std::string& target, const std::string& value, const RunReport& report) const;
  // As if the target's last run had ended so much earlier.
  void LetTimePass(const std::string& target, std::chrono::minutes time) const;
  // Waits until Job `job`'s result is in the status.
  void AwaitResult(const std::string& target, const kube::ObjectKey& job) const;
  Json JobObject(const kube::ObjectKey& job) const { return Api().Get(kube::Jobs(), job); }

  // Reasons of the Events about a target.
  std::vector<std::string> EventReasons(const std::string& target) const;
  // The same, once they match: what is told by an Event is in the status first.
  template <class Matcher>
  void ExpectEvents(const std::string& target, const Matcher& matcher) const {
    std::vector<std::string> reasons;
    Eventually([&] { return ::testing::Matches(matcher)(reasons = EventReasons(target)); }, std::chrono::seconds(10));
    EXPECT_THAT(reasons, matcher);
  }

  // Waits for what is asked often; throws with `what` if it does not come.
  static void Until(const std::string& what, const std::function<bool()>& condition,
                    std::chrono::seconds limit = std::chrono::seconds(30));

 private:
  std::string ns_;
  static std::unique_ptr<OperatorProcess> operator_;
};

bool IsSuspended(const Json& job);
bool HasUnreadFinalizer(const Json& job);

}  // namespace borgop::api_tests
