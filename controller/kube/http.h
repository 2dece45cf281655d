// The seam between the API client and HTTP.
//
// Thread safety: implementations may be called from any thread; calls block. A stop ends a call early with kCancelled.
// Errors: kUnreachable, kTimeout, kProtocol, kTooLarge, kCancelled, kConfig, and what credentials fail with; an answer of any status is no error of
// Send.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "controller/kube/error.h"

namespace borgop::kube {

struct HttpRequest {
  std::string method = "GET";
  std::string target;  // path and query, percent-encoded, beginning with a slash
  std::string accept = "application/json";
  std::string content_type;  // empty: no body
  std::string body;
  // Send: for the whole exchange, credentials included. Stream: without any bytes.
  std::chrono::milliseconds timeout{30'000};
  // Asked right before it is sent, after whatever had to be waited for; false: kCancelled.
  std::function<bool()> may_be_sent{};
  std::size_t max_response = std::size_t{64} << 20;  // of Send; of Stream where the status is an error
};

struct HttpResponse {
  int status = 0;
  std::string body;
  std::optional<std::chrono::seconds> retry_after{};
};

class HttpClient {
 public:
  // Called with bytes as they come, on the caller's thread. False ends the stream. What it does not take is buffered: be quick.
  using OnBytes = std::function<bool(std::string_view bytes)>;

  virtual ~HttpClient() = default;
  virtual Result<HttpResponse> Send(const HttpRequest& request, std::stop_token stop) = 0;
  // Returns when the server ended the body (or `on_bytes` did). A status of 400 or more is ErrorFromAnswer.
  virtual Status Stream(const HttpRequest& request, const OnBytes& on_bytes, std::stop_token stop) = 0;
};

// Retry-After in seconds, bounded to an hour; a date or anything else counts as not given.
std::optional<std::chrono::seconds> ReadRetryAfter(std::string_view header);

}  // namespace borgop::kube
