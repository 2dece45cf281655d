#include "controller/metrics/target_metrics.h"

#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

namespace borgop::metrics {
namespace {

using std::chrono::seconds;

std::string Text(const std::vector<TargetSample>& targets) {
  return prometheus::TextSerializer().Serialize(DescribeTargets(targets));
}

TargetSample Sample() {
  TargetSample sample;
  sample.ns = "backups";
  sample.name = "web-01";
  sample.server = "vault";
  return sample;
}

constexpr std::string_view kLabels = R"({namespace="backups",name="web-01",server="vault")";

struct TargetMetricsRow {
  const char* name;
  std::function<void(TargetSample&)> change;
  const char* metric;
  const char* value;  // null: there is no such series
};

TEST(TargetMetricsTest, Table) {
  const WallTime at = WallTime(seconds(1'700'000'000));
  const auto succeeded = [at](TargetSample& sample) {
    api::RunStatus run;
    run.phase = "Completed";
    run.start_time = at - seconds(90);
    run.completion_time = at;
    run.original_size = 1000;
    run.deduplicated_size = 10;
    run.files = 7;
    sample.status.last_backup = sample.status.last_successful_backup = run;
  };
  for (const TargetMetricsRow& row : std::vector<TargetMetricsRow>{
           {"not ready", [](TargetSample&) {}, "target_ready", "0"},
           {"ready",
            [](TargetSample& sample) {
              api::Condition ready;
              ready.type = "Ready";
              ready.status = api::Truth::kTrue;
              sample.status.conditions.push_back(ready);
            },
            "target_ready", "1"},
           {"no repository seen yet", [](TargetSample&) {}, "target_repository_trusted", nullptr},
           {"a finding",
            [](TargetSample& sample) {
              api::Condition trusted;
              trusted.type = "RepositoryTrusted";
              trusted.status = api::Truth::kFalse;
              sample.status.conditions.push_back(trusted);
            },
            "target_repository_trusted", "0"},
           {"trusted",
            [](TargetSample& sample) {
              api::Condition trusted;
              trusted.type = "RepositoryTrusted";
              trusted.status = api::Truth::kTrue;
              sample.status.conditions.push_back(trusted);
            },
            "target_repository_trusted", "1"},
           {"suspended", [](TargetSample& sample) { sample.suspended = true; }, "target_suspended", "1"},
           {"never succeeded", [](TargetSample&) {}, "target_last_success_timestamp_seconds", nullptr},
           {"succeeded", succeeded, "target_last_success_timestamp_seconds", "1700000000"},
           {"interval", [](TargetSample& sample) { sample.expected_interval = std::chrono::hours(24); },
            "target_expected_interval_seconds", "86400"},
           {"never checked", [](TargetSample&) {}, "target_last_check_timestamp_seconds", nullptr},
           {"checked", [at](TargetSample& sample) { sample.status.last_check_time = at; }, "target_last_check_timestamp_seconds",
            "1700000000"},
           {"check interval", [](TargetSample& sample) { sample.expected_check_interval = std::chrono::hours(1); },
            "target_expected_check_interval_seconds", "3600"},
           {"nothing is checked", [](TargetSample&) {}, "target_expected_check_interval_seconds", nullptr},
           {"made", [at](TargetSample& sample) { sample.created = at; }, "target_created_timestamp_seconds", "1700000000"},
           {"no schedule", [](TargetSample&) {}, "target_expected_interval_seconds", nullptr},
           {"next", [at](TargetSample& sample) { sample.status.next_backup_time = at; }, "target_next_backup_timestamp_seconds",
            "1700000000"},
           {"duration", succeeded, "target_last_duration_seconds", "90"},
           {"running has no duration",
            [&](TargetSample& sample) {
              succeeded(sample);
              sample.status.last_backup->completion_time.reset();
            },
            "target_last_duration_seconds", nullptr},
           {"original size", succeeded, "target_last_original_size_bytes", "1000"},
           {"deduplicated size", succeeded, "target_last_deduplicated_size_bytes", "10"},
           {"files", succeeded, "target_last_files", "7"},
           {"archives", [](TargetSample& sample) { sample.status.repository.archives = 42; }, "target_archives", "42"},
           {"repository size", [](TargetSample& sample) { sample.status.repository.deduplicated_size = 1 << 30; },
            "target_repository_deduplicated_size_bytes", "1073741824"},
           {"failures", [](TargetSample& sample) { sample.status.consecutive_failures = 3; }, "target_consecutive_failures", "3"},
       }) {
    SCOPED_TRACE(row.name);
    TargetSample sample = Sample();
    row.change(sample);
    const std::string series = "borg_operator_" + std::string(row.metric) + std::string(kLabels) + "} ";
    if (row.value == nullptr) {
      EXPECT_THAT(Text({sample}), Not(testing::HasSubstr(series)));
    } else {
      EXPECT_THAT(Text({sample}), testing::HasSubstr(series + row.value + "\n"));
    }
  }
}

TEST(TargetMetricsTest, OnePhaseIsOne) {
  TargetSample sample = Sample();
  sample.status.last_backup.emplace().phase = "Failed";
  const std::string text = Text({sample});
  const std::string series = "borg_operator_target_last_backup_phase" + std::string(kLabels);
  EXPECT_THAT(text, testing::HasSubstr(series + ",phase=\"Failed\"} 1\n"));
  for (const char* other : {"Starting", "Running", "Completed", "CompletedWithWarnings", "Cancelled"}) {
    EXPECT_THAT(text, testing::HasSubstr(series + ",phase=\"" + other + "\"} 0\n"));
  }
}

TEST(TargetMetricsTest, GoneWithTheTarget) {
  std::vector<TargetSample> samples = {Sample()};
  const TargetMetrics metrics([&] { return samples; });
  EXPECT_FALSE(metrics.Collect().empty());
  samples.clear();
  EXPECT_TRUE(metrics.Collect().empty());
}

}  // namespace
}  // namespace borgop::metrics
