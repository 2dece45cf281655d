#include "tests/fakes/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>

namespace borgop {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

template <typename Write>
std::string Pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  write(bio.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

void Extend(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value), X509_EXTENSION_free);
  if (!extension) throw std::runtime_error("bad extension");
  X509_add_ext(certificate, extension.get(), -1);
}

Certificate Blank(const std::string& common_name, EVP_PKEY* key, std::chrono::seconds ends_in = std::chrono::hours(24)) {
  static std::atomic<long> serial = 1;
  Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  constexpr long kDay = 24L * 3600;
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), std::max(-kDay, static_cast<long>(ends_in.count()) - 2 * kDay));
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), static_cast<long>(ends_in.count()));
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  return certificate;
}

}  // namespace

struct TestAuthority::Keys {
  explicit Keys(const char* name) : certificate(Blank(name, key.get())) {}
  void SignedBy(X509* issuer, EVP_PKEY* with) const {
    X509* self = certificate.get();
    X509_set_issuer_name(self, X509_get_subject_name(issuer));
    Extend(self, issuer, NID_basic_constraints, "critical,CA:TRUE");
    Extend(self, issuer, NID_key_usage, "critical,keyCertSign");
    Extend(self, issuer, NID_subject_key_identifier, "hash");  // tells authorities of the same name apart
    X509_sign(self, with, EVP_sha256());
  }
  Key key{EVP_EC_gen("P-256"), EVP_PKEY_free};
  Certificate certificate;
};

TestAuthority::TestAuthority() : keys_(std::make_unique<Keys>("Test authority")) {
  keys_->SignedBy(keys_->certificate.get(), keys_->key.get());
}
TestAuthority::TestAuthority(const TestAuthority& root) : keys_(std::make_unique<Keys>("Test intermediate")) {
  keys_->SignedBy(root.keys_->certificate.get(), root.keys_->key.get());
}
TestAuthority::~TestAuthority() = default;

std::string TestAuthority::pem() const {
  return Pem([&](BIO* bio) { PEM_write_bio_X509(bio, keys_->certificate.get()); });
}

TestIdentity TestAuthority::Issue(const std::string& common_name, const std::string& names, std::chrono::seconds ends_in) const {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate = Blank(common_name, key.get(), ends_in);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(keys_->certificate.get()));
  Extend(certificate.get(), keys_->certificate.get(), NID_authority_key_identifier, "keyid:always");
  if (!names.empty()) Extend(certificate.get(), keys_->certificate.get(), NID_subject_alt_name, names.c_str());
  X509_sign(certificate.get(), keys_->key.get(), EVP_sha256());
  return {Pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate.get()); }),
          Pem([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); })};
}

}  // namespace borgop
