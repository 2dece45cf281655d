// A certificate authority for one test: nothing of it is kept in files.
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace borgop {

struct TestIdentity {
  std::string certificate_pem;
  std::string key_pem;
};

class TestAuthority {
 public:
  TestAuthority();
  // One that `root` signed.
  explicit TestAuthority(const TestAuthority& root);
  ~TestAuthority();
  std::string pem() const;
  // `names` is subjectAltName in OpenSSL's notation, such as "DNS:localhost,IP:127.0.0.1"; empty: a client's. Good from a day before
  // `ends_in` or before now, whichever is later, until `ends_in` from now.
  TestIdentity Issue(const std::string& common_name, const std::string& names,
                     std::chrono::seconds ends_in = std::chrono::hours(24)) const;

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
};

}  // namespace borgop
