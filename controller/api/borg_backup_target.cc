#include "controller/api/borg_backup_target.h"

#include <limits>
#include <optional>

#include "engine/plan/plan_words.h"
#include "engine/plan/rules.h"

namespace borgop::api {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxKeep = 1'000'000;
constexpr std::int64_t kMaxSeconds = 31'536'000;

std::string SecretKeyProblem(std::string_view key) {
  if (key.empty() || key.size() > 253) return "is no key of a Secret (1 to 253 characters)";
  for (const char c : key) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!good) return "is no key of a Secret (letters, digits, '-', '_' and '.')";
  }
  if (key == "." || key.starts_with("..")) return "is no key of a Secret (it must not be '.' or begin with '..')";
  return {};
}

RepositorySpec ReadRepository(const Object& in) {
  RepositorySpec repository;
  if (!in.present()) return repository;
  repository.path = in.RequiredText("path", RepositoryPathProblem);
  repository.encryption = in.Text("encryption", EncryptionProblem).value_or("repokey-blake2");
  repository.adopt = in.Boolean("adopt").value_or(false);
  if (repository.encryption == "none" && in.Find("passphraseSecretRef") == nullptr) return repository;
  const Object secret = in.RequiredChild("passphraseSecretRef");
  repository.passphrase_secret = secret.RequiredText("name", ObjectNameProblem);
  repository.passphrase_key = secret.Text("key", SecretKeyProblem).value_or("passphrase");
  return repository;
}

Source ReadSource(const Object& in) {
  Source source;
  if (!in.present()) return source;
  source.paths = in.Texts("paths", SourcePathProblem);
  for (std::size_t i = 0; i < source.paths.size(); ++i) {
    if (!source.paths[i].starts_with('/'))
      in.Problem("paths[" + std::to_string(i) + ']', "is not absolute (begin it with a slash)");
  }
  if (source.paths.empty()) in.Problem("paths", "is missing or empty (list the paths to back up)");
  source.excludes = in.Texts("excludes", ExcludeProblem);
  source.compression = in.Text("compression", CompressionProblem).value_or("");
  source.one_file_system = in.Boolean("oneFileSystem").value_or(false);
  return source;
}

Retention ReadRetention(const Object& in, const Object& spec) {
  Retention retention;
  if (!in.present()) return retention;
  for (const auto& [key, count] : kKeepCounts) retention.*count = in.Integer(key, -1, kMaxKeep);
  // Kubernetes' users write hours as "48h", borg wants "48H"; nothing else is spelled with a small h.
  retention.keep_within = in.Text("keepWithin").value_or("");
  if (retention.keep_within.ends_with('h')) retention.keep_within.back() = 'H';
  if (in.Find("keepWithin") != nullptr) in.Problem("keepWithin", KeepWithinProblem(retention.keep_within));
  retention.glob_archives = in.Text("globArchives", GlobArchivesProblem).value_or("");
  spec.Problem("retention", RetentionProblem(retention));
  return retention;
}

MaintenanceSpec ReadMaintenance(const Object& in) {
  MaintenanceSpec maintenance;
  if (!in.present()) return maintenance;
  maintenance.schedule = in.Text("schedule").value_or("");
  maintenance.compact = in.Boolean("compact").value_or(true);
  const std::optional<CheckMode> check = CheckModeOf(in.Text("check").value_or("full"));
  if (!check) in.Problem("check", "is none of full, verifyData, repository, archives, none");
  maintenance.check = check.value_or(maintenance.check);
  maintenance.check_max_duration = std::chrono::seconds(in.Integer("checkMaxDurationSeconds", 1, kMaxSeconds).value_or(0));
  in.Problem("checkMaxDurationSeconds", CheckMaxDurationProblem(maintenance));
  maintenance.compact_after = CompactAfterOf(in.Text("compactAfter", CompactAfterProblem).value_or(""));
  return maintenance;
}

std::vector<HookCommand> ReadHookList(const Object& in, const char* key) {
  std::vector<HookCommand> commands = in.TextLists(key);
  in.Problem(key, HookListProblem(commands.size()));
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const std::string place = std::string(key) + '[' + std::to_string(i) + ']';
    if ((*in.Find(key))[i].is_array()) in.Problem(place, HookProblem(commands[i]));
    if (!commands[i].empty()) in.Problem(place + "[0]", HookProgramProblem(commands[i][0]));
  }
  return commands;
}

Hooks ReadHooks(const Object& in) {
  Hooks hooks;
  if (!in.present()) return hooks;
  hooks.before = ReadHookList(in, "before");
  hooks.after = ReadHookList(in, "after");
  hooks.timeout = std::chrono::seconds(in.Integer("timeoutSeconds", 1, kMaxHookSeconds).value_or(hooks.timeout.count()));
  return hooks;
}

LimitsSpec ReadLimits(const Object& in) {
  LimitsSpec limits;
  const auto seconds = [&in](const char* key, std::int64_t low, std::chrono::seconds fallback) {
    return std::chrono::seconds(in.Integer(key, low, kMaxSeconds).value_or(fallback.count()));
  };
  limits.deadline = seconds("deadlineSeconds", 60, limits.deadline);
  limits.starting_deadline = seconds("startingDeadlineSeconds", 10, limits.starting_deadline);
  limits.upload_rate_kib =
      static_cast<std::uint32_t>(in.Integer("uploadRateKiBps", 0, std::numeric_limits<std::int32_t>::max()).value_or(0));
  limits.max_new_bytes = in.Integer("maxNewBytes", 0, std::numeric_limits<std::int64_t>::max()).value_or(0);
  limits.retries = static_cast<int>(in.Integer("retries", 0, 20).value_or(limits.retries));
  return limits;
}

PodTemplateSpec ReadPod(const Object& in) {
  PodTemplateSpec pod;
  const auto take = [&in](const char* key, bool list, json& into) {
    const json* value = in.Find(key);
    if (value == nullptr) return;
    if (list ? value->is_array() : value->is_object()) {
      into = *value;
    } else {
      in.Problem(key, list ? "is not a list" : "is not an object");
    }
  };
  take("labels", false, pod.labels);
  take("annotations", false, pod.annotations);
  take("resources", false, pod.resources);
  take("nodeSelector", false, pod.node_selector);
  take("tolerations", true, pod.tolerations);
  take("affinity", false, pod.affinity);
  pod.priority_class = in.Text("priorityClassName", ObjectNameProblem).value_or("");
  for (const json* texts : {&pod.labels, &pod.annotations}) {
    for (const auto& [key, value] : texts->items()) {
      const char* field = texts == &pod.labels ? "labels" : "annotations";
      if (!value.is_string()) in.Problem(field, "has a value that is not a text: " + key);
      if (key.starts_with("borg-operator.dev/")) in.Problem(field, "has a name that belongs to the operator: " + key);
    }
  }
  return pod;
}

}  // namespace

Read<BorgBackupTargetSpec> ReadTarget(const json& object) {
  Problems problems;
  BorgBackupTargetSpec target;
  const auto found = object.is_object() ? object.find("spec") : object.end();
  const Object spec(found == object.end() ? nullptr : &*found, "spec", problems);
  if (!spec.present() && problems.empty()) problems.push_back({"spec", "is missing"});
  if (spec.present()) {
    target.server = spec.RequiredChild("serverRef").RequiredText("name", ObjectNameProblem);
    target.repository = ReadRepository(spec.RequiredChild("repository"));
    target.connection = ReadEndpoint(spec.RequiredChild("connection"));
    target.borg = spec.Text("borg", ProgramProblem).value_or(target.borg);
    target.source = ReadSource(spec.RequiredChild("source"));
    target.archive_name = spec.Text("archiveName", ArchiveNameProblem).value_or(target.archive_name);
    target.schedule = spec.Text("schedule").value_or("");
    target.time_zone = spec.Text("timeZone").value_or("");
    target.suspend = spec.Boolean("suspend").value_or(false);
    target.retention = ReadRetention(spec.Child("retention"), spec);
    target.maintenance = ReadMaintenance(spec.Child("maintenance"));
    target.hooks = ReadHooks(spec.Child("hooks"));
    target.limits = ReadLimits(spec.Child("limits"));
    target.successful_jobs_history = static_cast<int>(spec.Integer("successfulJobsHistoryLimit", 0, 100).value_or(3));
    target.failed_jobs_history = static_cast<int>(spec.Integer("failedJobsHistoryLimit", 0, 100).value_or(3));
    target.pod = ReadPod(spec.Child("podTemplate"));
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return target;
}

}  // namespace borgop::api
