// Credentials from a program that a kubeconfig names, such as a cloud's login tool.
//
// The program is started without a shell, with standard input empty, in this process's environment plus what the kubeconfig adds; it has
// kExecTimeout to print one ExecCredential. What it printed is kept until shortly before it expires, or until it was refused.
//
// The program runs on a thread of its own, so that whoever waits for it may leave, and the next finds it running.
//
// Thread safety: any thread; one run of the program at a time. Errors: kConfig, kTimeout, kUnauthorized, kCancelled; they hold nothing of
// the program's output. The destructor ends a program that runs. Source: client.authentication.k8s.io/v1 and v1beta1.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

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
  Result<std::shared_ptr<const Credential>> Get(const Patience& patience) override;
  void Reject(const std::shared_ptr<const Credential>& used) override;

 private:
  using Outcome = Result<std::shared_ptr<const Credential>>;
  struct Attempt {
    std::optional<Outcome> outcome;
  };
  Outcome Ask(const std::stop_token& stop) const;

  const ExecPlugin plugin_;
  const std::string cluster_info_;
  Clock& clock_;
  const std::chrono::milliseconds timeout_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::shared_ptr<const Credential> current_;
  std::shared_ptr<Attempt> running_;
  std::jthread thread_;  // last: it uses all the others
};

}  // namespace borgop::kube
