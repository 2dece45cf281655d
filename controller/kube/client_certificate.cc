#include "controller/kube/client_certificate.h"

#include <utility>

#include "controller/kube/tls_material.h"

namespace borgop::kube {

Result<std::string> LoadMaterial(const Material& material) {
  if (material.path.empty()) return std::string(material.data.Reveal());
  const Result<Secret> file = ReadSecretFile(material.path);
  if (!file) return Fail(file.error());
  if (file->empty()) return Fail(ApiError::Code::kConfig, material.path + ": is empty");
  return std::string(file->Reveal());
}

ClientCertificate::ClientCertificate(std::shared_ptr<CredentialSource> other, Material certificate, Material key, Clock& clock)
    : other_(std::move(other)), certificate_(std::move(certificate)), key_(std::move(key)), clock_(clock) {}

Result<std::shared_ptr<ClientCertificate>> ClientCertificate::Make(std::shared_ptr<CredentialSource> other, Material certificate,
                                                                   Material key, Clock& clock) {
  std::shared_ptr<ClientCertificate> made(new ClientCertificate(std::move(other), std::move(certificate), std::move(key), clock));
  if (const Status read = made->Read(); !read) return Fail(read.error());
  return made;
}

Status ClientCertificate::Read() {
  Result<std::string> certificate = LoadMaterial(certificate_);
  if (!certificate) return Fail(certificate.error());
  Result<std::string> key = LoadMaterial(key_);
  if (!key) return Fail(key.error());
  Credential pair{{}, *std::move(certificate), Secret::Consume(*std::move(key)), {}};
  read_at_ = clock_.Now();
  if (pair.certificate_pem == certificate_pem_ && pair.key_pem.Reveal() == key_pem_.Reveal()) return {};
  // The first pair is judged where it is used.
  if (!certificate_pem_.empty() && !TlsMaterial::Make({}, pair)) return {};
  certificate_pem_ = std::move(pair.certificate_pem);
  key_pem_ = std::move(pair.key_pem);
  current_.reset();
  return {};
}

Result<std::shared_ptr<const Credential>> ClientCertificate::Get(const Patience& patience) {
  Result<std::shared_ptr<const Credential>> base = other_->Get(patience);
  if (!base || !(*base)->certificate_pem.empty()) return base;
  const std::lock_guard lock(mutex_);
  if (!read_at_ || clock_.Now() - *read_at_ >= kReread) (void)Read();
  if (!current_ || base_ != *base) {
    base_ = *base;
    current_ =
        std::make_shared<const Credential>(Credential{base_->token.Clone(), certificate_pem_, key_pem_.Clone(), base_->expires});
  }
  return current_;
}

void ClientCertificate::Reject(const std::shared_ptr<const Credential>& used) {
  std::shared_ptr<const Credential> base = used;
  {
    const std::lock_guard lock(mutex_);
    if (used == current_) {
      read_at_.reset();
      base = base_;
    }
  }
  other_->Reject(base);
}

}  // namespace borgop::kube
