// What Prometheus sees of the targets: worked out from their status at each scrape, so that it is right after a restart and gone with
// the target.
//
// Thread safety: pure function; Collect calls its source from the scraper's thread. Names follow Prometheus' "Metric and label
// naming": base units, and one series a state for what is a word.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/api/target_status.h"

namespace borgop::metrics {

struct TargetSample {
  std::string ns, name, server;
  bool suspended = false;
  std::optional<WallTime> created;
  std::optional<std::chrono::seconds> expected_interval;        // between two backups of the schedule; none without one
  std::optional<std::chrono::seconds> expected_check_interval;  // the same of checks
  api::TargetStatus status;
};

std::vector<prometheus::MetricFamily> DescribeTargets(const std::vector<TargetSample>& targets);

class TargetMetrics final : public prometheus::Collectable {
 public:
  using Source = std::function<std::vector<TargetSample>()>;
  explicit TargetMetrics(Source source) : source_(std::move(source)) {}
  std::vector<prometheus::MetricFamily> Collect() const override { return DescribeTargets(source_()); }

 private:
  Source source_;
};

}  // namespace borgop::metrics
