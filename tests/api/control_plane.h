// A real Kubernetes control plane for tests: API server, etcd, controllers, scheduler; no node, so that a test plays the pods.
//
// tools/cluster.sh makes it; this is its face in C++. One serves all tests of a process: ControlPlane::Shared(). Tests keep out of each
// other's way by a namespace each (NewNamespace), which is not removed: deleting one takes seconds, and all goes with the control plane.
// With BORGOP_CLUSTER=NAME in the environment the tests use the one that `./dev cluster up NAME` started, and leave it running.
//
// Threading: one thread. Ownership: the control plane ends with this process, however that ends. Errors: std::runtime_error, which
// GoogleTest reports as a failure of the test at hand. Every wait is bounded.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/lab/process.h"

namespace borgop::api_tests {

// The checkout that is tested (tests/api/CMakeLists.txt).
inline const std::filesystem::path kSource = BORGOP_SOURCE_DIR;

using Json = nlohmann::json;

class ControlPlane {
 public:
  // Why there can be none here (Kubernetes's programs are missing); empty if there can. Tests begin with BORGOP_NEEDS_CONTROL_PLANE().
  static const std::string& WhyNot();
  // Started by the first call.
  static ControlPlane& Shared();

  ControlPlane() : ControlPlane("BORGOP_CLUSTER", {}) {}
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;
  ~ControlPlane();

  const std::filesystem::path& state() const { return state_; }
  std::filesystem::path kubeconfig() const { return state_ / "kubeconfig"; }  // contexts: admin, admin-token
  std::string server() const;                                                 // https://127.0.0.1:PORT

  const std::string& kubectl() const { return kubectl_; }  // the program
  // kubectl as the administrator, with `input` on its stdin.
  lab::Ended Kubectl(const std::vector<std::string>& arguments, const std::string& input = {}) const;
  // Its stdout; throws if it fails.
  std::string Output(const std::vector<std::string>& arguments, const std::string& input = {}) const;
  Json Get(const std::vector<std::string>& arguments) const;  // "get ARGUMENTS -o json"
  void Apply(const Json& object) const { Output({"apply", "--server-side", "--force-conflicts", "-f", "-"}, object.dump()); }
  // With the folder crds/ applied, and both served and explained. Done once.
  const ControlPlane& WithCrds();
  // A new one whose name begins with `prefix`, with its default service account.
  std::string NewNamespace(std::string_view prefix = "test") const;
  // Lines of the audit log: every request but the control plane's own.
  std::vector<Json> AuditLog() const;

  // An outage of a part: "etcd", "apiserver", "controller-manager" or "scheduler".
  void Kill(const std::string& part) const { Change("kill", part); }
  void Start(const std::string& part) const { Change("start", part); }  // and waits until it is ready
  void Freeze(const std::string& part) const { Change("freeze", part); }
  void Thaw(const std::string& part) const { Change("thaw", part); }

 protected:
  // `variable` of the environment names one that is up; `options` are those of tools/cluster.sh for one that is not.
  ControlPlane(const char* variable, const std::vector<std::string>& options);

 private:
  void Change(const std::string& verb, const std::string& part) const;

  std::filesystem::path state_;
  std::string kubectl_;
  std::unique_ptr<lab::Process> serve_;  // none: not ours
  bool has_crds_ = false;
};

// Repeats `condition` until it holds; false if it does not within `limit`.
bool Eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit);

}  // namespace borgop::api_tests

#define BORGOP_NEEDS_CONTROL_PLANE()                                                                                       \
  do {                                                                                                                     \
    if (!::borgop::api_tests::ControlPlane::WhyNot().empty()) GTEST_SKIP() << ::borgop::api_tests::ControlPlane::WhyNot(); \
  } while (false)
