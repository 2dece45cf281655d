// Who we are for the API server: a bearer token, a client certificate, or both.
//
// A source is asked before each request, since tokens rotate (a projected service account token about hourly) and expire; it keeps what
// it has as long as that is good. The pointer tells whether anything changed: a new Credential is a new object.
//
// Thread safety: sources may be used from any thread. Errors: kConfig, kTimeout, kUnauthorized or kCancelled; messages hold no credentials.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "controller/kube/clock.h"
#include "controller/kube/error.h"
#include "engine/base/secret.h"

namespace borgop::kube {

struct Credential {
  Secret token;                 // empty: none
  std::string certificate_pem;  // empty: none
  Secret key_pem;
  std::optional<WallTime> expires{};
};

// How long to wait for a credential that takes its time.
struct Patience {
  std::stop_token stop{};
  MonotonicTime deadline = MonotonicTime::max();
};

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  virtual Result<std::shared_ptr<const Credential>> Get(const Patience& patience) = 0;
  // The server refused `used` (401): the next Get must not answer from a cache filled before.
  virtual void Reject(const std::shared_ptr<const Credential>& used) = 0;
};

// Always the same.
class FixedCredentials : public CredentialSource {
 public:
  explicit FixedCredentials(Credential credential) : credential_(std::make_shared<const Credential>(std::move(credential))) {}
  Result<std::shared_ptr<const Credential>> Get(const Patience&) override { return credential_; }
  void Reject(const std::shared_ptr<const Credential>&) override {}

 private:
  std::shared_ptr<const Credential> credential_;
};

// A token in a file that somebody replaces. The file is read again after kReread, and
// when the token was refused. A file that cannot be read for a while is no error as long as the last token may still be good.
class TokenFileCredentials : public CredentialSource {
 public:
  static constexpr std::chrono::seconds kReread{60};
  TokenFileCredentials(std::string path, Clock& clock);
  Result<std::shared_ptr<const Credential>> Get(const Patience& patience) override;
  void Reject(const std::shared_ptr<const Credential>& used) override;

 private:
  const std::string path_;
  Clock& clock_;
  std::mutex mutex_;
  std::shared_ptr<const Credential> current_;
  std::optional<MonotonicTime> read_at_;
};

// A whole file of at most 1 MiB; kConfig where it cannot be read.
Result<Secret> ReadSecretFile(const std::string& path);

}  // namespace borgop::kube
