// The real borg-operator program as a child process, against the control plane.
//
// By default it is who it is in a cluster: the ServiceAccount of deploy/base/access.yaml with the rights of deploy/cluster-wide/rbac.yaml, exactly as those files stand, with a token and
// with nothing that the file does not allow. It stands alone (no Lease) unless told otherwise, so that one that was killed holds nobody up.
//
// Threading: one thread. Ownership: ends with its owner, killed. Errors: std::runtime_error with the program's log. Every wait is bounded.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/api/control_plane.h"
#include "tests/lab/process.h"

namespace borgop::api_tests {

// A kubeconfig for the ServiceAccount "borg-operator" of namespace "borg-operator", with both applied; made once for
// each control plane.
std::filesystem::path ShippedAccess(const ControlPlane& plane);

class OperatorProcess {
 public:
  struct Options {
    std::filesystem::path kubeconfig = {};    // empty: ShippedAccess
    std::vector<std::string> arguments = {};  // of `run`, more of them
    bool elect = false;                       // with the Lease; ready means then that it works or could
    std::string log_level = "info";
  };
  // Starts it, and waits until /readyz says yes.
  explicit OperatorProcess(ControlPlane& plane) : OperatorProcess(plane, Options{}) {}
  OperatorProcess(ControlPlane& plane, const Options& options);

  bool Running() { return process_.Running(); }
  pid_t pid() const { return process_.pid(); }
  std::uint16_t port() const { return port_; }
  // JSON lines; and those of them that say `message`.
  std::string Log() const { return process_.Err(); }
  std::vector<Json> LogEntries(std::string_view message) const;

  struct Answer {
    int status = 0;  // 0: none
    std::string body;
  };
  Answer Ask(const std::string& path) const;  // "/metrics", "/healthz", "/readyz"
  // The value of a line of /metrics that begins with `series` and a space; nullopt: there is none.
  std::optional<double> Metric(const std::string& series) const;

  // SIGTERM; and how it ended, within half a minute.
  lab::Ended Stop();
  // SIGKILL, and it is gone.
  void Kill();
  void Signal(int signal) const { process_.Signal(signal); }

 private:
  lab::Process process_;
  std::uint16_t port_ = 0;
};

// The program with other arguments ("trigger", …), to its end.
lab::Ended RunOperator(const std::vector<std::string>& arguments);

}  // namespace borgop::api_tests
