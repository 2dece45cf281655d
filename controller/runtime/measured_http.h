// An HttpClient that counts what passes through it.
//
// Thread safety: as the client behind it. Ownership: refers to that and to the metrics.
#pragma once

#include "controller/kube/http.h"
#include "controller/metrics/controller_metrics.h"

namespace borgop::runtime {

class MeasuredHttp final : public kube::HttpClient {
 public:
  MeasuredHttp(kube::HttpClient& http, metrics::ControllerMetrics& metrics) : http_(http), metrics_(metrics) {}

  kube::Result<kube::HttpResponse> Send(const kube::HttpRequest& request, std::stop_token stop) override {
    kube::Result<kube::HttpResponse> response = http_.Send(request, std::move(stop));
    Count(request, response ? response->status : 0, response ? nullptr : &response.error());
    return response;
  }
  kube::Status Stream(const kube::HttpRequest& request, const OnBytes& on_bytes, std::stop_token stop) override {
    kube::Status ended = http_.Stream(request, on_bytes, std::move(stop));
    Count(request, ended ? 200 : ended.error().status, ended ? nullptr : &ended.error());
    return ended;
  }

 private:
  void Count(const kube::HttpRequest& request, int status, const kube::ApiError* error) {
    // A stop is nobody's failure.
    if (error != nullptr && error->code == kube::ApiError::Code::kCancelled) return;
    metrics_.Requested(request.method, status, status == 0 && error != nullptr ? std::string(kube::ToString(error->code)) : "");
  }

  kube::HttpClient& http_;
  metrics::ControllerMetrics& metrics_;
};

}  // namespace borgop::runtime
