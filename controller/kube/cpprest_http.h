// HttpClient over cpprestsdk. The only user of that library.
//
// TLS 1.2 or newer, always verified, against the configuration's CA alone (the system's only where it names none), by the server's
// alternative names. Redirects are not followed, so that a token goes nowhere else. Answers are read as they come and cut off beyond the
// request's limit. Watches use a connection pool of their own. When the credentials' client certificate changes, connections are made
// anew. A 401 has the credentials read again and the request repeated once.
//
// The library has two peculiarities: the Host header is the name that is verified (so tls-server-name is sent there, and an IPv6
// address without its brackets), and a chunk of a body is handed on only when all of it has come.
//
// Thread safety: any thread. cpprestsdk's threads only move bytes; whoever calls waits on its own thread. Process-wide, the library gets
// two threads; the first CpprestHttp decides that, so make one before anything else uses the library.
#pragma once

#include <memory>

#include "controller/kube/cluster_config.h"
#include "controller/kube/http.h"

namespace borgop::kube {

class CpprestHttp : public HttpClient {
 public:
  // Errors: kConfig where the server's address or a certificate cannot be used.
  static Result<std::unique_ptr<CpprestHttp>> Make(ClusterConfig config);
  ~CpprestHttp() override;

  Result<HttpResponse> Send(const HttpRequest& request, std::stop_token stop) override;
  Status Stream(const HttpRequest& request, const OnBytes& on_bytes, std::stop_token stop) override;

 private:
  class Implementation;
  explicit CpprestHttp(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace borgop::kube
