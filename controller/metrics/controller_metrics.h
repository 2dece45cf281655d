// What Prometheus sees of the operator's own work.
//
// Thread safety: all members from any thread.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace borgop::metrics {

class ControllerMetrics {
 public:
  ControllerMetrics();

  // One key of `kind` ("target", "server") was worked on.
  void Reconciled(const std::string& kind, std::chrono::duration<double> took, bool failed);
  // The API answered (HTTP's status), or did not (`error`, such as "timeout"; empty else).
  void Requested(const std::string& method, int status, const std::string& error);
  void SetQueue(const std::string& kind, std::size_t ready, std::size_t delayed);
  void SetLeader(bool leader);

  std::vector<prometheus::MetricFamily> Collect() const { return registry_->Collect(); }

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Histogram>& reconcile_;
  prometheus::Family<prometheus::Counter>& reconcile_errors_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Counter>& request_errors_;
  prometheus::Family<prometheus::Gauge>& queue_;
  prometheus::Gauge& leader_;
};

}  // namespace borgop::metrics
