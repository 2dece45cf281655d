#include "controller/metrics/controller_metrics.h"

namespace borgop::metrics {
namespace {

// From a look at caches alone to many requests, each of them throttled.
const prometheus::Histogram::BucketBoundaries kBuckets = {0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60};

}  // namespace

ControllerMetrics::ControllerMetrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      reconcile_(prometheus::BuildHistogram()
                     .Name("borg_operator_reconcile_duration_seconds")
                     .Help("How long one reconciliation of an object took.")
                     .Register(*registry_)),
      reconcile_errors_(prometheus::BuildCounter()
                            .Name("borg_operator_reconcile_errors_total")
                            .Help("Reconciliations that will be tried again.")
                            .Register(*registry_)),
      requests_(prometheus::BuildCounter()
                    .Name("borg_operator_api_requests_total")
                    .Help("Answers of the Kubernetes API, by method and HTTP status.")
                    .Register(*registry_)),
      request_errors_(prometheus::BuildCounter()
                          .Name("borg_operator_api_request_errors_total")
                          .Help("Requests to the Kubernetes API that got no answer, by method and cause.")
                          .Register(*registry_)),
      queue_(prometheus::BuildGauge()
                 .Name("borg_operator_queue_depth")
                 .Help("Keys that wait: ready ones for a worker, delayed ones for their time.")
                 .Register(*registry_)),
      leader_(
          prometheus::BuildGauge().Name("borg_operator_leader").Help("Whether this process leads.").Register(*registry_).Add({})) {}

void ControllerMetrics::Reconciled(const std::string& kind, std::chrono::duration<double> took, bool failed) {
  reconcile_.Add({{"kind", kind}}, kBuckets).Observe(took.count());
  prometheus::Counter& errors = reconcile_errors_.Add({{"kind", kind}});
  if (failed) errors.Increment();
}

void ControllerMetrics::Requested(const std::string& method, int status, const std::string& error) {
  if (error.empty()) {
    requests_.Add({{"method", method}, {"code", std::to_string(status)}}).Increment();
  } else {
    request_errors_.Add({{"method", method}, {"cause", error}}).Increment();
  }
}

void ControllerMetrics::SetQueue(const std::string& kind, std::size_t ready, std::size_t delayed) {
  queue_.Add({{"kind", kind}, {"state", "ready"}}).Set(static_cast<double>(ready));
  queue_.Add({{"kind", kind}, {"state", "delayed"}}).Set(static_cast<double>(delayed));
}

void ControllerMetrics::SetLeader(bool leader) { leader_.Set(leader ? 1 : 0); }

}  // namespace borgop::metrics
