#include "controller/metrics/target_metrics.h"

#include <array>
#include <string_view>

namespace borgop::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

// As they stand in lastBackup.phase.
constexpr std::array<std::string_view, 6> kPhases = {api::kPhaseStarting,     api::kPhaseRunning, "Completed",
                                                     "CompletedWithWarnings", "Failed",           "Cancelled"};

double Seconds(WallTime time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

std::optional<double> AsDouble(const std::optional<std::uint64_t>& value) {
  if (!value) return std::nullopt;
  return static_cast<double>(*value);
}

ClientMetric Of(const TargetSample& target, double value) {
  ClientMetric metric;
  metric.label = {{"namespace", target.ns}, {"name", target.name}, {"server", target.server}};
  metric.gauge.value = value;
  return metric;
}

struct Gauge {
  const char* name;
  const char* help;
  std::optional<double> (*value)(const TargetSample& target);
};

std::optional<double> AsDouble(const std::optional<std::chrono::seconds>& value) {
  if (!value) return std::nullopt;
  return static_cast<double>(value->count());
}

std::optional<double> AsDouble(const std::optional<WallTime>& value) {
  if (!value) return std::nullopt;
  return Seconds(*value);
}

std::optional<double> SinceSuccess(const TargetSample& target) {
  const std::optional<api::RunStatus>& run = target.status.last_successful_backup;
  return run ? AsDouble(run->completion_time) : std::nullopt;
}

// Of the last backup that ended, whatever came of it.
std::optional<double> Duration(const TargetSample& target) {
  const std::optional<api::RunStatus>& run = target.status.last_backup;
  if (!run || !run->start_time || !run->completion_time) return std::nullopt;
  return Seconds(*run->completion_time) - Seconds(*run->start_time);
}

template <std::optional<std::uint64_t> api::RunStatus::*field>
std::optional<double> OfLastSuccess(const TargetSample& target) {
  if (!target.status.last_successful_backup) return std::nullopt;
  return AsDouble((*target.status.last_successful_backup).*field);
}

constexpr std::array kGauges = {
    Gauge{
        "borg_operator_target_ready", "Whether the target is set up and its last run was good (condition Ready).",
        [](const TargetSample& target) -> std::optional<double> { return api::IsTrue(target.status.conditions, "Ready") ? 1 : 0; }},
    Gauge{"borg_operator_target_repository_trusted",
          "Whether the repository is the one that earlier runs saw, with all that they made (condition RepositoryTrusted).",
          [](const TargetSample& target) -> std::optional<double> {
            const api::Condition* trusted = api::Find(target.status.conditions, "RepositoryTrusted");
            if (trusted == nullptr) return std::nullopt;
            return trusted->status == api::Truth::kTrue ? 1 : 0;
          }},
    Gauge{"borg_operator_target_suspended", "Whether the target's schedule is suspended.",
          [](const TargetSample& target) -> std::optional<double> { return target.suspended ? 1 : 0; }},
    Gauge{"borg_operator_target_last_success_timestamp_seconds", "When the last successful backup ended.", SinceSuccess},
    Gauge{"borg_operator_target_expected_interval_seconds", "Time between two backups by the schedule in effect.",
          [](const TargetSample& target) { return AsDouble(target.expected_interval); }},
    Gauge{"borg_operator_target_last_check_timestamp_seconds", "When a check last found the repository whole.",
          [](const TargetSample& target) { return AsDouble(target.status.last_check_time); }},
    Gauge{"borg_operator_target_expected_check_interval_seconds", "Time between two checks by the schedule in effect.",
          [](const TargetSample& target) { return AsDouble(target.expected_check_interval); }},
    Gauge{"borg_operator_target_created_timestamp_seconds", "When the target was made.",
          [](const TargetSample& target) { return AsDouble(target.created); }},
    Gauge{"borg_operator_target_next_backup_timestamp_seconds", "When the next scheduled backup is due.",
          [](const TargetSample& target) { return AsDouble(target.status.next_backup_time); }},
    Gauge{"borg_operator_target_last_duration_seconds", "How long the last backup that ended took.", Duration},
    Gauge{"borg_operator_target_last_original_size_bytes", "What the last successful backup read on the target.",
          OfLastSuccess<&api::RunStatus::original_size>},
    Gauge{"borg_operator_target_last_deduplicated_size_bytes", "What the last successful backup added to the repository.",
          OfLastSuccess<&api::RunStatus::deduplicated_size>},
    Gauge{"borg_operator_target_last_files", "Files in the last successful backup.", OfLastSuccess<&api::RunStatus::files>},
    Gauge{"borg_operator_target_archives", "Archives in the repository.",
          [](const TargetSample& target) { return AsDouble(target.status.repository.archives); }},
    Gauge{"borg_operator_target_repository_deduplicated_size_bytes", "Size of the repository.",
          [](const TargetSample& target) { return AsDouble(target.status.repository.deduplicated_size); }},
    Gauge{"borg_operator_target_consecutive_failures", "Backups that failed since the last success.",
          [](const TargetSample& target) -> std::optional<double> {
            return static_cast<double>(target.status.consecutive_failures);
          }},
};

MetricFamily Family(const char* name, const char* help) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = prometheus::MetricType::Gauge;
  return family;
}

}  // namespace

std::vector<MetricFamily> DescribeTargets(const std::vector<TargetSample>& targets) {
  std::vector<MetricFamily> families;
  for (const Gauge& gauge : kGauges) {
    MetricFamily family = Family(gauge.name, gauge.help);
    for (const TargetSample& target : targets) {
      if (const std::optional<double> value = gauge.value(target)) family.metric.push_back(Of(target, *value));
    }
    if (!family.metric.empty()) families.push_back(std::move(family));
  }
  MetricFamily phases = Family("borg_operator_target_last_backup_phase", "1 for the phase of the last backup, 0 for the others.");
  for (const TargetSample& target : targets) {
    if (!target.status.last_backup) continue;
    for (const std::string_view phase : kPhases) {
      ClientMetric metric = Of(target, target.status.last_backup->phase == phase ? 1 : 0);
      metric.label.push_back({"phase", std::string(phase)});
      phases.metric.push_back(std::move(metric));
    }
  }
  if (!phases.metric.empty()) families.push_back(std::move(phases));
  return families;
}

}  // namespace borgop::metrics
