// A small HTTPS server on the wire that answers as a test says: what a real API server will not do on demand.
//
// One thread a connection; HTTP/1.1 with keep-alive and chunked bodies. The handler runs on the connection's thread and may block in
// FakeAnswer::WaitForPeer or on the test's own events. Everything ends with the server.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/test_certificates.h"

namespace borgop::kube {

struct FakeRequest {
  std::string method;
  std::string path;  // without the query
  std::string query;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string peer_name;  // of the client certificate; empty: none
  int connection = 0;     // counted from 1

  // Of the query, percent-decoded; empty where it is not there.
  std::string Parameter(std::string_view name) const;
};

// What the handler answers with.
class FakeAnswer {
 public:
  virtual ~FakeAnswer() = default;
  virtual void Send(int status, std::string_view body, const std::string& more_headers = {}) = 0;
  virtual void BeginChunks(int status = 200) = 0;
  virtual void Chunk(std::string_view bytes) = 0;
  virtual void EndChunks() = 0;
  // Bytes as they are.
  virtual void Raw(std::string_view bytes) = 0;
  // Closes the connection without ending anything.
  virtual void Cut() = 0;
  // Blocks until the peer closed the connection, or the server ends; whether the peer did.
  virtual bool WaitForPeer() = 0;
};

class FakeApiServer {
 public:
  using Handler = std::function<void(const FakeRequest&, FakeAnswer&)>;
  struct Options {
    std::string common_name = "server";
    std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
    std::chrono::seconds certificate_ends_in = std::chrono::hours(24);
    bool ipv6 = false;
    bool silent_tls = false;                          // accepts connections, and says nothing
    const TestAuthority* client_authority = nullptr;  // whose client certificates are asked for
  };

  FakeApiServer(const TestAuthority& authority, Handler handler) : FakeApiServer(authority, std::move(handler), Options{}) {}
  FakeApiServer(const TestAuthority& authority, Handler handler, Options options);
  ~FakeApiServer();

  std::uint16_t port() const;
  std::string url(const std::string& host = "127.0.0.1") const { return "https://" + host + ":" + std::to_string(port()); }
  // "METHOD path?query" of all requests so far.
  std::vector<std::string> Requests() const;
  int Connections() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace borgop::kube
