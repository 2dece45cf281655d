// The port that Prometheus and the kubelet ask: /metrics, /healthz, /readyz. Nothing else, and nothing secret.
//
// Thread safety: the callbacks are called from the server's threads, several at once. They must outlive the endpoint, whose destructor
// waits for the last request.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"

struct mg_context;
struct mg_connection;

namespace borgop::metrics {

class HttpEndpoint {
 public:
  // Why not; empty: yes.
  using Check = std::function<std::string()>;
  struct Callbacks {
    std::function<std::vector<prometheus::MetricFamily>()> collect;
    Check healthy, ready;
  };

  // `address`: "HOST:PORT", "[::1]:PORT" or ":PORT" for all addresses; port 0 is any that is free.
  // Errors: kInvalidConfig for an address that is none, kInternal where it cannot be listened on.
  static Result<std::unique_ptr<HttpEndpoint>> Listen(const std::string& address, Callbacks callbacks);
  ~HttpEndpoint();
  HttpEndpoint(const HttpEndpoint&) = delete;
  HttpEndpoint& operator=(const HttpEndpoint&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  explicit HttpEndpoint(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}
  static int Answer(mg_connection* connection, void* self);

  const Callbacks callbacks_;
  mg_context* server_ = nullptr;
  std::uint16_t port_ = 0;
};

}  // namespace borgop::metrics
