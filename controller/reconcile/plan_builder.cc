#include <utility>

#include "controller/api/names.h"
#include "controller/reconcile/job_builder.h"
#include "engine/base/finding.h"
#include "engine/plan/plan_words.h"

namespace borgop::controller {
namespace {

using nlohmann::json;

json AccountJson(const api::SshAccount& account, const std::string& directory, const JobInputs& inputs) {
  json to = {{"host", account.host},
             {"port", account.port},
             {"user", account.user},
             {"privateKeyFile", directory + '/' + std::string(api::kPrivateKeyKey)},
             {"knownHostsFile", directory + '/' + std::string(api::kKnownHostsKey)}};
  if (inputs.keys_with_passphrase.contains(account.ssh_secret))
    to["keyPassphraseFile"] = directory + '/' + std::string(api::kKeyPassphraseKey);
  return to;
}

json EndpointJson(const api::SshEndpointSpec& endpoint, const std::string& directory, const JobInputs& inputs) {
  json to = AccountJson(endpoint, directory, inputs);
  if (endpoint.jump_host) to["jumpHost"] = AccountJson(*endpoint.jump_host, directory + "-jump", inputs);
  return to;
}

json RetentionJson(const Retention& retention) {
  json to = json::object();
  for (const auto& [key, count] : kKeepCounts) {
    if (retention.*count) to[key] = *(retention.*count);
  }
  if (!retention.keep_within.empty()) to["keepWithin"] = retention.keep_within;
  if (!retention.glob_archives.empty()) to["globArchives"] = retention.glob_archives;
  return to;
}

}  // namespace

bool HasOwnMaintenance(const api::BorgBackupTargetSpec& target) { return !target.maintenance.schedule.empty(); }

json BuildPlan(const JobInputs& inputs, const EngineSettings& settings, RunKind kind) {
  const api::BorgBackupTargetSpec& spec = inputs.target;
  const std::string& secrets = settings.secrets_dir;
  json server = EndpointJson(inputs.server.connection, secrets + "/server", inputs);
  server["rootDir"] = inputs.server.root_dir;
  server["borg"] = inputs.server.borg;

  json repository = {{"path", spec.repository.path},
                     {"encryption", spec.repository.encryption},
                     {"ledgerFile", std::string(kStateDir) + '/' + std::string(kLedgerFile)},
                     {"adopt", spec.repository.adopt}};
  // Of a target one run is at work at a time: the next pod is not made before the last one has ended.
  if (!inputs.meta.uid.empty()) repository["lockOwner"] = inputs.meta.uid;
  if (const std::string finding = inputs.meta.Annotation(api::kAcknowledgeAnnotation); IsFindingId(finding))
    repository["acknowledge"] = finding;
  if (!spec.repository.passphrase_secret.empty()) repository["passphraseFile"] = secrets + "/repository/passphrase";
  json source = {{"paths", spec.source.paths}, {"excludes", spec.source.excludes}, {"oneFileSystem", spec.source.one_file_system}};
  if (!spec.source.compression.empty()) source["compression"] = spec.source.compression;

  json target = {{"name", inputs.meta.name},
                 {"connection", EndpointJson(spec.connection, secrets + "/target", inputs)},
                 {"borg", spec.borg},
                 {"archiveName", spec.archive_name},
                 {"repository", std::move(repository)},
                 {"source", std::move(source)},
                 {"limits",
                  {{"deadlineSeconds", spec.limits.deadline.count()},
                   {"uploadRateKiBps", spec.limits.upload_rate_kib},
                   {"maxNewBytes", spec.limits.max_new_bytes}}}};
  if (!spec.hooks.empty()) {
    target["hooks"] = {{"before", spec.hooks.before}, {"after", spec.hooks.after}, {"timeoutSeconds", spec.hooks.timeout.count()}};
  }
  if (kind == RunKind::kBackup && HasOwnMaintenance(spec)) {
    target["maintenance"] = {{"check", "none"}, {"compact", false}};
  } else {
    target["maintenance"] = {{"check", CheckModeName(spec.maintenance.check)}, {"compact", spec.maintenance.compact}};
    if (const auto longest = spec.maintenance.check_max_duration.count(); longest > 0)
      target["maintenance"]["checkMaxDurationSeconds"] = longest;
    if (const auto quarantine = spec.maintenance.compact_after.count(); quarantine > 0)
      target["maintenance"]["compactAfter"] = std::to_string(quarantine) + 'h';
    if (!spec.retention.empty()) {
      target["retention"] = RetentionJson(spec.retention);
      if (!spec.time_zone.empty()) target["retention"]["timeZone"] = spec.time_zone;
    }
  }
  return {{"version", 1}, {"server", std::move(server)}, {"targets", json::array({std::move(target)})}};
}

}  // namespace borgop::controller
