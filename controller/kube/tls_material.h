// Own CAs and client certificates for an SSL context. The only user of OpenSSL in this folder.
//
// Thread safety: pure but for the context that is changed. Errors: kConfig; they hold nothing of the material.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "controller/kube/credentials.h"
#include "controller/kube/error.h"

namespace borgop::kube {

// Why certificates of servers were refused; connections outlive who made them, so it is shared with them. Thread safety: any thread.
class Refusal {
 public:
  void Set(std::string why) {
    const std::lock_guard lock(mutex_);
    why_ = std::move(why);
  }
  std::string Get() const {
    const std::lock_guard lock(mutex_);
    return why_;
  }

 private:
  mutable std::mutex mutex_;
  std::string why_;
};

// Parsed once, so that what is wrong is said when the configuration is read rather than in a handshake.
class TlsMaterial {
 public:
  // `authority_pem` empty: the system's CAs are trusted.
  static Result<std::shared_ptr<const TlsMaterial>> Make(const std::string& authority_pem, const Credential& credential);
  // Trusts the CAs here and nothing else, presents the certificate, refuses what is older than TLS 1.2 and a certificate without
  // `server_name` (a name or an address) among its alternative names: a common name is not enough, since a cluster's CA signs clients
  // too. An intermediate CA is trusted as much as one that signed itself. False where OpenSSL will not.
  bool Apply(SSL_CTX* context, const std::string& server_name) const;
  // Why the last handshake found the server's certificate not good; empty where it did not.
  std::string LastRefusal() const { return refusal_->Get(); }

 private:
  TlsMaterial() = default;
  std::shared_ptr<X509_STORE> authorities_;  // null: the system's
  std::vector<std::shared_ptr<X509>> certificates_;
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<Refusal> refusal_ = std::make_shared<Refusal>();
};

// Whether `host` is an IPv4 or IPv6 address, without brackets.
bool IsAddress(const std::string& host);

}  // namespace borgop::kube
