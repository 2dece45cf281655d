// An HttpClient that answers from functions of the test's, on the caller's thread.
#pragma once

#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "controller/kube/http.h"

namespace borgop::kube {

class FakeHttp : public HttpClient {
 public:
  std::function<Result<HttpResponse>(const HttpRequest&)> on_send = [](const HttpRequest&) { return HttpResponse{200, "{}"}; };
  std::function<Status(const HttpRequest&, const OnBytes&, const std::stop_token&)> on_stream =
      [](const HttpRequest&, const OnBytes&, const std::stop_token&) { return Status(); };

  Result<HttpResponse> Send(const HttpRequest& request, std::stop_token) override {
    Record(request);
    return on_send(request);
  }
  Status Stream(const HttpRequest& request, const OnBytes& on_bytes, std::stop_token stop) override {
    Record(request);
    return on_stream(request, on_bytes, stop);
  }

  // "METHOD target" of each request.
  std::vector<std::string> Asked() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> asked;
    for (const HttpRequest& request : requests_) asked.push_back(request.method + " " + request.target);
    return asked;
  }
  std::vector<HttpRequest> Requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void Record(const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  mutable std::mutex mutex_;
  std::vector<HttpRequest> requests_;
};

}  // namespace borgop::kube
