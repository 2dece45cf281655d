#include "controller/reconcile/job_builder.h"

#include <utility>

#include "controller/api/names.h"
#include "controller/reconcile/owned_meta.h"

namespace borgop::controller {
namespace {

using nlohmann::json;

// The engine ends a run at its deadline by itself, cleans up and reports; the cluster's own deadline is for an engine that cannot.
constexpr std::int64_t kDeadlineMargin = 180;
constexpr std::int64_t kHookMargin = 10;  // of each, to be ended
// After this a Job whose result was read goes.
constexpr std::int64_t kTtl = std::int64_t{7} * 24 * 3600;
// Kubernetes' CronJob controller deletes by its limits whether or not a result was read, and the Jobs that it makes while no operator runs
// carry no finalizer. So it keeps as many as an outage of months makes, and the operator deletes by the target's limits (job_upkeep.h). The
// API has no upper bound below an int32's.
constexpr int kUnreadHistory = 10'000;

std::string PlanKey(RunKind kind) { return std::string(ToString(kind)) + ".yaml"; }

json Labels(const JobInputs& inputs, RunKind kind) {
  return {{std::string(api::kTargetLabel), LabelValue(inputs.meta.name)},
          {std::string(api::kServerLabel), LabelValue(inputs.target.server)},
          {std::string(api::kRunLabel), ToString(kind)},
          {std::string(api::kManagedByLabel), api::kManagedBy}};
}

json Annotations(const JobInputs& inputs) { return {{std::string(api::kTargetNameAnnotation), inputs.meta.name}}; }

class PodBuilder {
 public:
  PodBuilder(const JobInputs& inputs, const EngineSettings& settings) : inputs_(inputs), settings_(settings) {}

  json Build(RunKind kind) {
    const api::BorgBackupTargetSpec& spec = inputs_.target;
    AddPlan(PlanKey(kind));
    AddEndpoint("server", inputs_.server.connection);
    AddEndpoint("target", spec.connection);
    if (!spec.repository.passphrase_secret.empty())
      AddSecret("repository", spec.repository.passphrase_secret,
                json::array({{{"key", spec.repository.passphrase_key}, {"path", "passphrase"}}}));
    volumes_.push_back({{"name", "tmp"}, {"emptyDir", json::object()}});
    mounts_.push_back({{"name", "tmp"}, {"mountPath", "/tmp"}});

    json container = {
        {"name", "engine"},
        {"image", settings_.image},
        {"imagePullPolicy", settings_.image_pull_policy},
        {"command", {"borg-engine"}},
        {"args",
         {"run", "--plan", std::string(kPlanDir) + '/' + PlanKey(kind), "--log-format", "json", "--termination-log",
          "/dev/termination-log"}},
        {"env", json::array({{{"name", "HOME"}, {"value", "/tmp"}}})},
        {"terminationMessagePolicy", "FallbackToLogsOnError"},
        {"securityContext",
         {{"allowPrivilegeEscalation", false}, {"readOnlyRootFilesystem", true}, {"capabilities", {{"drop", {"ALL"}}}}}},
        {"volumeMounts", std::move(mounts_)}};
    if (!spec.pod.resources.is_null()) container["resources"] = spec.pod.resources;
    json pod = {{"restartPolicy", "Never"},
                {"automountServiceAccountToken", false},
                {"enableServiceLinks", false},
                {"terminationGracePeriodSeconds", 30},
                {"securityContext",
                 {{"runAsNonRoot", true},
                  {"runAsUser", settings_.user_id},
                  {"runAsGroup", settings_.user_id},
                  {"fsGroup", settings_.user_id},
                  {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
                {"containers", json::array({std::move(container)})},
                {"volumes", std::move(volumes_)}};
    for (const std::string& name : settings_.image_pull_secrets) pod["imagePullSecrets"].push_back({{"name", name}});
    if (!spec.pod.node_selector.is_null()) pod["nodeSelector"] = spec.pod.node_selector;
    if (!spec.pod.tolerations.is_null()) pod["tolerations"] = spec.pod.tolerations;
    if (!spec.pod.affinity.is_null()) pod["affinity"] = spec.pod.affinity;
    if (!spec.pod.priority_class.empty()) pod["priorityClassName"] = spec.pod.priority_class;

    // Ours last: what the operator finds its pods by cannot be replaced.
    json labels = spec.pod.labels, annotations = spec.pod.annotations;
    labels.update(Labels(inputs_, kind));
    annotations.update(Annotations(inputs_));
    return {{"metadata",
             {{"labels", std::move(labels)},
              {"annotations", std::move(annotations)},
              {"finalizers", json::array({api::kResultFinalizer})}}},  // pod_upkeep.h
            {"spec", std::move(pod)}};
  }

 private:
  void AddPlan(const std::string& key) {
    AddFile("plan", {{"name", PlanName(inputs_.meta.name)}, {"items", Only(key)}}, kPlanDir);
    // Before the first run there is no ledger.
    AddFile("state", {{"name", StateName(inputs_.meta.name)}, {"items", Only(std::string(kLedgerFile))}, {"optional", true}},
            kStateDir);
  }

  static json Only(const std::string& key) { return json::array({{{"key", key}, {"path", key}}}); }

  void AddFile(const std::string& name, json config_map, std::string_view directory) {
    volumes_.push_back({{"name", name}, {"configMap", std::move(config_map)}});
    mounts_.push_back({{"name", name}, {"mountPath", directory}, {"readOnly", true}});
  }

  void AddEndpoint(const std::string& name, const api::SshEndpointSpec& endpoint) {
    AddKey(name, endpoint.ssh_secret);
    if (endpoint.jump_host) AddKey(name + "-jump", endpoint.jump_host->ssh_secret);
  }

  void AddKey(const std::string& name, const std::string& secret) {
    json items = json::array();
    const auto add = [&items](std::string_view key) { items.push_back({{"key", key}, {"path", key}}); };
    add(api::kPrivateKeyKey);
    add(api::kKnownHostsKey);
    if (inputs_.keys_with_passphrase.contains(secret)) add(api::kKeyPassphraseKey);
    AddSecret(name, secret, std::move(items));
  }

  void AddSecret(const std::string& name, const std::string& secret, json items) {
    volumes_.push_back({{"name", name}, {"secret", {{"secretName", secret}, {"defaultMode", 0440}, {"items", std::move(items)}}}});
    mounts_.push_back({{"name", name}, {"mountPath", settings_.secrets_dir + '/' + name}, {"readOnly", true}});
  }

  const JobInputs& inputs_;
  const EngineSettings& settings_;
  json volumes_ = json::array(), mounts_ = json::array();
};

// After its deadline too the engine waits for the hooks that run on T then.
std::int64_t AfterHooksTime(const Hooks& hooks) {
  return static_cast<std::int64_t>(hooks.after.size()) * (hooks.timeout.count() + kHookMargin);
}

json JobSpec(const JobInputs& inputs, const EngineSettings& settings, RunKind kind) {
  json spec = {
      {"backoffLimit", 0},
      {"completions", 1},
      {"parallelism", 1},
      {"podReplacementPolicy", "Failed"},  // never two at a time at one repository
      {"activeDeadlineSeconds", inputs.target.limits.deadline.count() + kDeadlineMargin + AfterHooksTime(inputs.target.hooks)},
      {"podFailurePolicy",
       {{"rules", json::array({{{"action", "Ignore"},
                                {"onPodConditions", json::array({{{"type", "DisruptionTarget"}, {"status", "True"}}})}}})}}},
      {"template", PodBuilder(inputs, settings).Build(kind)}};
  if (inputs.start_suspended) spec["suspend"] = true;
  return spec;
}

json JobAnnotations(const JobInputs& inputs, const EngineSettings& settings, RunKind kind) {
  json annotations = Annotations(inputs);
  annotations[std::string(api::kInputsAnnotation)] = InputsDigest(inputs, settings, kind);
  return annotations;
}

}  // namespace

std::string InputsDigest(const JobInputs& inputs, const EngineSettings& settings, RunKind kind) {
  JobInputs released = inputs;
  released.start_suspended = false;
  // What a person acknowledges is for whatever run comes next.
  released.meta.annotations.erase(std::string(api::kAcknowledgeAnnotation));
  return DigestOf(JobSpec(released, settings, kind).dump() + BuildPlan(released, settings, kind).dump());
}

json BuildPlanConfigMap(const JobInputs& inputs, const EngineSettings& settings) {
  json data = json::object();
  // JSON is YAML too.
  data[PlanKey(RunKind::kBackup)] = BuildPlan(inputs, settings, RunKind::kBackup).dump(2) + '\n';
  if (HasOwnMaintenance(inputs.target))
    data[PlanKey(RunKind::kMaintenance)] = BuildPlan(inputs, settings, RunKind::kMaintenance).dump(2) + '\n';
  json labels = Labels(inputs, RunKind::kBackup);
  labels.erase(std::string(api::kRunLabel));
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", OwnedMeta(inputs.meta, PlanName(inputs.meta.name), std::move(labels))},
          {"data", std::move(data)}};
}

json BuildCronJob(const JobInputs& inputs, const EngineSettings& settings, RunKind kind, const std::string& schedule) {
  const api::BorgBackupTargetSpec& target = inputs.target;
  return {{"apiVersion", "batch/v1"},
          {"kind", "CronJob"},
          {"metadata", OwnedMeta(inputs.meta, CronJobName(inputs.meta.name, kind), Labels(inputs, kind))},
          {"spec",
           {{"schedule", schedule},
            {"timeZone", target.time_zone.empty() ? "Etc/UTC" : target.time_zone},
            {"concurrencyPolicy", "Forbid"},
            {"startingDeadlineSeconds", target.limits.starting_deadline.count()},
            {"suspend", target.suspend},
            {"successfulJobsHistoryLimit", kUnreadHistory},
            {"failedJobsHistoryLimit", kUnreadHistory},
            {"jobTemplate",
             {{"metadata", {{"labels", Labels(inputs, kind)}, {"annotations", JobAnnotations(inputs, settings, kind)}}},
              {"spec", JobSpec(inputs, settings, kind)}}}}}};
}

json BuildJob(const JobInputs& inputs, const EngineSettings& settings, RunKind kind, const std::string& name,
              const std::map<std::string, std::string>& annotations) {
  json meta = OwnedMeta(inputs.meta, name, Labels(inputs, kind));
  meta["annotations"] = JobAnnotations(inputs, settings, kind);
  json spec = JobSpec(inputs, settings, kind);
  // On the pod too, which may be all that is left of the run.
  for (const auto& [key, value] : annotations) {
    meta["annotations"][key] = value;
    spec["template"]["metadata"]["annotations"][key] = value;
  }
  spec["ttlSecondsAfterFinished"] = kTtl;
  return {{"apiVersion", "batch/v1"}, {"kind", "Job"}, {"metadata", std::move(meta)}, {"spec", std::move(spec)}};
}

}  // namespace borgop::controller
