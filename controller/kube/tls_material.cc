#include "controller/kube/tls_material.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string_view>

namespace borgop::kube {
namespace {

auto Refuse(const char* message) {
  ERR_clear_error();
  return Fail(ApiError::Code::kConfig, message);
}

std::shared_ptr<BIO> Reading(std::string_view text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

std::vector<std::shared_ptr<X509>> ReadCertificates(std::string_view pem) {
  std::vector<std::shared_ptr<X509>> certificates;
  const auto bio = Reading(pem);
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
    certificates.emplace_back(certificate, X509_free);
  // Anything but the end of the text is a certificate that cannot be read.
  const unsigned long error = ERR_peek_last_error();
  if (ERR_GET_LIB(error) != ERR_LIB_PEM || ERR_GET_REASON(error) != PEM_R_NO_START_LINE) certificates.clear();
  ERR_clear_error();
  return certificates;
}

using SharedRefusal = std::shared_ptr<Refusal>;

void Forget(void*, void* refusal, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<SharedRefusal*>(refusal); }

int RefusalIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, Forget);
  return index;
}

std::string Explain(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "it has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "it is not valid yet (is a clock wrong?)";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "it is for another name than the one that was asked for (tls-server-name)";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: return "an unknown authority signed it (certificate-authority)";
    default: return X509_verify_cert_error_string(error);
  }
}

// In place of OpenSSL's own, which it calls: the error is nowhere to be had afterwards.
int Verify(X509_STORE_CTX* chain, void*) {
  const int good = X509_verify_cert(chain);
  const auto* ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* refusal = static_cast<SharedRefusal*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), RefusalIndex()));
  (*refusal)->Set(good == 1 ? std::string() : Explain(X509_STORE_CTX_get_error(chain)));
  return good;
}

int NoPassphrase(char*, int, int, void*) { return 0; }

}  // namespace

Result<std::shared_ptr<const TlsMaterial>> TlsMaterial::Make(const std::string& authority_pem, const Credential& credential) {
  std::shared_ptr<TlsMaterial> material(new TlsMaterial);
  if (!authority_pem.empty()) {
    const auto authorities = ReadCertificates(authority_pem);
    if (authorities.empty()) return Refuse("the cluster's CA is no PEM certificate");
    material->authorities_ = {X509_STORE_new(), X509_STORE_free};
    for (const auto& certificate : authorities) X509_STORE_add_cert(material->authorities_.get(), certificate.get());
  }
  if (!credential.certificate_pem.empty()) {
    material->certificates_ = ReadCertificates(credential.certificate_pem);
    if (material->certificates_.empty()) return Refuse("the client certificate is no PEM certificate");
    const auto bio = Reading(credential.key_pem.Reveal());
    material->key_ = {PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr), EVP_PKEY_free};
    if (!material->key_) return Refuse("the client key is no PEM private key without a passphrase");
    if (X509_check_private_key(material->certificates_.front().get(), material->key_.get()) != 1)
      return Refuse("the client key does not belong to the client certificate");
  }
  return std::shared_ptr<const TlsMaterial>(std::move(material));
}

bool IsAddress(const std::string& host) {
  const std::shared_ptr<ASN1_OCTET_STRING> address(a2i_IPADDRESS(host.c_str()), ASN1_OCTET_STRING_free);
  return address != nullptr;
}

bool TlsMaterial::Apply(SSL_CTX* context, const std::string& server_name) const {
  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) return false;
  SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);  // answers hold Secrets
  X509_VERIFY_PARAM* verify = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const int named = IsAddress(server_name) ? X509_VERIFY_PARAM_set1_ip_asc(verify, server_name.c_str())
                                           : X509_VERIFY_PARAM_set1_host(verify, server_name.data(), server_name.size());
  if (named != 1) return false;
  auto refusal = std::make_unique<SharedRefusal>(refusal_);
  if (SSL_CTX_set_ex_data(context, RefusalIndex(), refusal.get()) != 1) return false;
  (void)refusal.release();  // the context's now
  SSL_CTX_set_cert_verify_callback(context, Verify, nullptr);
  if (authorities_) {
    X509_VERIFY_PARAM_set_flags(verify, X509_V_FLAG_PARTIAL_CHAIN);
    X509_STORE_up_ref(authorities_.get());
    SSL_CTX_set_cert_store(context, authorities_.get());  // in place of the store that holds the system's
  }
  if (certificates_.empty()) return true;
  if (SSL_CTX_use_certificate(context, certificates_.front().get()) != 1) return false;
  for (std::size_t i = 1; i < certificates_.size(); ++i)
    if (SSL_CTX_add1_chain_cert(context, certificates_[i].get()) != 1) return false;
  return SSL_CTX_use_PrivateKey(context, key_.get()) == 1;
}

}  // namespace borgop::kube
