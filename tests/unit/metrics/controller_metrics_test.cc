#include "controller/metrics/controller_metrics.h"

#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

namespace borgop::metrics {
namespace {

using testing::HasSubstr;

TEST(ControllerMetricsTest, Counts) {
  ControllerMetrics metrics;
  metrics.Reconciled("target", std::chrono::milliseconds(10), false);
  metrics.Reconciled("target", std::chrono::milliseconds(30), true);
  metrics.Requested("GET", 200, "");
  metrics.Requested("GET", 200, "");
  metrics.Requested("PATCH", 409, "");
  metrics.Requested("GET", 0, "timeout");
  metrics.SetQueue("target", 3, 5);
  metrics.SetLeader(true);
  const std::string text = prometheus::TextSerializer().Serialize(metrics.Collect());
  for (const char* line : {
           "borg_operator_reconcile_duration_seconds_count{kind=\"target\"} 2\n",
           "borg_operator_reconcile_duration_seconds_bucket{kind=\"target\",le=\"0.02\"} 1\n",
           "borg_operator_reconcile_errors_total{kind=\"target\"} 1\n",
           "borg_operator_api_requests_total{code=\"200\",method=\"GET\"} 2\n",
           "borg_operator_api_requests_total{code=\"409\",method=\"PATCH\"} 1\n",
           "borg_operator_api_request_errors_total{cause=\"timeout\",method=\"GET\"} 1\n",
           "borg_operator_queue_depth{kind=\"target\",state=\"ready\"} 3\n",
           "borg_operator_queue_depth{kind=\"target\",state=\"delayed\"} 5\n",
           "borg_operator_leader 1\n",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

}  // namespace
}  // namespace borgop::metrics
