#include "controller/reconcile/names.h"

#include <openssl/evp.h>

#include <array>
#include <cstdio>

namespace borgop::controller {
namespace {

constexpr std::size_t kMaxCronJob = 52, kMaxJob = 63, kMaxLabel = 63;

std::string Digits(std::uint64_t hash) {
  std::array<char, 17> text{};
  (void)std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return std::string(text.data(), 8);
}

// `name` cut so that `suffix` fits behind it. No object's name may have '-' or '.' beside a '.', or at its end.
std::string Cut(std::string_view name, const std::string& suffix, std::size_t max) {
  std::string_view head = name.substr(0, max - suffix.size());
  while (!head.empty() && (head.back() == '-' || head.back() == '.')) head.remove_suffix(1);
  return std::string(head) + suffix;
}

}  // namespace

std::string_view ToString(RunKind kind) { return kind == RunKind::kBackup ? "backup" : "maintenance"; }

std::uint64_t StableHash(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) return 0;
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < 8; ++i) hash = hash << 8U | digest.at(i);
  return hash;
}

std::string Shortened(std::string_view name, std::size_t max) {
  if (name.size() <= max) return std::string(name);
  return Cut(name, '-' + Digits(StableHash(name)), max);
}

std::string CronJobName(std::string_view target, RunKind kind) {
  if (kind == RunKind::kBackup) return Shortened(target, kMaxCronJob);
  return Cut(target, "-maint-" + Digits(StableHash(std::string(target) + "/maintenance")), kMaxCronJob);
}

std::string PlanName(std::string_view target) {
  return Cut(target, "-plan-" + Digits(StableHash(std::string(target) + "/plan")), kMaxJob);
}

std::string StateName(std::string_view target) {
  return Cut(target, "-state-" + Digits(StableHash(std::string(target) + "/state")), kMaxJob);
}

std::string RunNowJobName(std::string_view target, std::string_view value) {
  return Cut(target, "-now-" + Digits(StableHash(std::string(target) + '/' + std::string(value))), kMaxJob);
}

std::string RetryJobName(std::string_view target, std::string_view first_job_uid, int attempt) {
  return Cut(target, "-retry" + std::to_string(attempt) + '-' + Digits(StableHash(first_job_uid)), kMaxJob);
}

std::string RenewedJobName(std::string_view target, std::string_view stale_job_uid) {
  return Cut(target, "-renew-" + Digits(StableHash(stale_job_uid)), kMaxJob);
}

std::string LabelValue(std::string_view name) { return Shortened(name, kMaxLabel); }

}  // namespace borgop::controller
