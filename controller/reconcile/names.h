// Names of what the operator makes: worked out from the target's name, so that making an object twice makes one.
//
// A target's name may have 253 characters, a CronJob's 52, a Job's 63 (its pods carry it in a label). What does not fit is cut and
// ends with eight hexadecimal digits of a hash of the whole. Names with a suffix have such a hash always, so that the maintenance
// of "web" is not the backup of a target called "web-maintenance".
//
// Thread safety: pure functions. Sources: Kubernetes, "Object Names and IDs"; CronJob's limit of 52.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace borgop::controller {

enum class RunKind { kBackup, kMaintenance };
std::string_view ToString(RunKind kind);  // "backup", "maintenance": also the values of the label

// The first eight bytes of SHA-256. Never changes: schedules are picked by it.
std::uint64_t StableHash(std::string_view text);

// `name` in at most `max` characters (at least 10), good as an object's name where `name` is.
std::string Shortened(std::string_view name, std::size_t max);

std::string CronJobName(std::string_view target, RunKind kind);  // of backups: the target's own name where it fits
std::string PlanName(std::string_view target);                   // of the ConfigMap with the plan
std::string StateName(std::string_view target);                  // of the ConfigMap with what runs hand on
// One Job for each value of the run-now annotation.
std::string RunNowJobName(std::string_view target, std::string_view value);
// One Job for each attempt after the failed Job that began it all.
std::string RetryJobName(std::string_view target, std::string_view first_job_uid, int attempt);
// One Job in the place of one that waited while the spec changed.
std::string RenewedJobName(std::string_view target, std::string_view stale_job_uid);
std::string LabelValue(std::string_view name);

}  // namespace borgop::controller
