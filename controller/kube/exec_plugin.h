// Credentials from a program that a kubeconfig names, such as a cloud's login tool.
//
// The program is started without a shell, with standard input empty, in this process's environment plus what the kubeconfig adds; it has
// kExecTimeout to print one ExecCredential. What it printed is kept until shortly before it expires, or until it was refused.
//
// Thread safety: any thread; one run of the program at a time. Errors: kConfig, kTimeout, kUnauthorized; they hold nothing of the
// program's output. Source: client.authentication.k8s.io/v1 and v1beta1.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "controller/kube/clock.h"
#include "controller/kube/credentials.h"
#include "controller/kube/error.h"
#include "controller/kube/kubeconfig.h"

namespace borgop::kube {

constexpr std::chrono::seconds kExecTimeout{60};

// What an ExecCredential of that version holds.
Result<Credential> ReadExecCredential(std::string_view output, std::string_view api_version);

class ExecCredentials : public CredentialSource {
 public:
  // `cluster_info` is the JSON for spec.cluster of KUBERNETES_EXEC_INFO; empty: none.
  ExecCredentials(ExecPlugin plugin, std::string cluster_info, Clock& clock, std::chrono::milliseconds timeout = kExecTimeout);
  Result<std::shared_ptr<const Credential>> Get() override;
  void Reject(const std::shared_ptr<const Credential>& used) override;

 private:
  const ExecPlugin plugin_;
  const std::string cluster_info_;
  Clock& clock_;
  const std::chrono::milliseconds timeout_;
  std::mutex mutex_;
  std::shared_ptr<const Credential> current_;
};

}  // namespace borgop::kube
