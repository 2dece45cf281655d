// A kubeconfig's client certificate, beside a token or what a program gives.
//
// Files are read again after kReread and after a refusal, as certificates rotate. While the two do not fit each other, or one cannot be read,
// the last pair stays. A certificate that the other source gives comes first, as with kubectl.
//
// Thread safety: any thread. Errors: kConfig, and those of the other source; they hold nothing of the files.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "controller/kube/credentials.h"
#include "controller/kube/kubeconfig.h"

namespace borgop::kube {

class ClientCertificate : public CredentialSource {
 public:
  static constexpr std::chrono::seconds kReread{60};
  // Reads it, so that what is missing is said now.
  static Result<std::shared_ptr<ClientCertificate>> Make(std::shared_ptr<CredentialSource> other, Material certificate,
                                                         Material key, Clock& clock);
  Result<std::shared_ptr<const Credential>> Get(const Patience& patience) override;
  void Reject(const std::shared_ptr<const Credential>& used) override;

 private:
  ClientCertificate(std::shared_ptr<CredentialSource> other, Material certificate, Material key, Clock& clock);
  Status Read();

  const std::shared_ptr<CredentialSource> other_;
  const Material certificate_, key_;
  Clock& clock_;
  std::mutex mutex_;
  std::optional<MonotonicTime> read_at_;
  std::string certificate_pem_;
  Secret key_pem_;
  std::shared_ptr<const Credential> base_;     // what the other source gave
  std::shared_ptr<const Credential> current_;  // that with the certificate
};

// The data, or the content of the file; kConfig where there is none.
Result<std::string> LoadMaterial(const Material& material);

}  // namespace borgop::kube
