// Marks targets, so that each makes one backup: what a CronJob does for a whole namespace.
#include <algorithm>
#include <iostream>
#include <memory>

#include "controller/api/names.h"
#include "controller/api/object_meta.h"
#include "controller/cli/cluster_options.h"
#include "controller/cli/verbs.h"
#include "controller/kube/client.h"
#include "controller/reconcile/json_view.h"
#include "engine/command_line/usage.h"
#include "engine/report/report.h"

namespace borgop::cli {
namespace {

using Code = kube::ApiError::Code;
using nlohmann::json;

struct TriggerArguments {
  ClusterOptions cluster;
  std::string ns;
  std::string value;
  bool all = false;
  std::vector<std::string> targets;
};

// Whether `target` is for the schedule of its whole namespace; else the reason why not.
std::string WhyNot(const json& target, bool all) {
  if (controller::IsDeleting(target)) return "it is being deleted";
  if (controller::TrueAt(target, {"spec", "suspend"})) return "it is suspended";
  if (!all && !controller::TextAt(target, {"spec", "schedule"}).empty()) return "it has a schedule of its own";
  return {};
}

kube::Result<std::vector<json>> Chosen(kube::Client& client, const TriggerArguments& options, const std::string& ns) {
  std::vector<json> targets;
  for (const std::string& name : options.targets) {
    kube::Result<json> target = client.Get(kube::BorgBackupTargets(), {ns, name});
    if (!target) return kube::Fail(target.error());
    targets.push_back(std::move(*target));
  }
  if (!options.targets.empty()) return targets;
  kube::Selection selection;
  selection.ns = ns;
  kube::Result<kube::ObjectList> list = client.List(kube::BorgBackupTargets(), selection);
  if (!list) return kube::Fail(list.error());
  return std::move(list->items);
}

int Trigger(const TriggerArguments& options) {
  kube::Result<Cluster> cluster = Connect(options.cluster);
  if (!cluster) return ReportClusterError("trigger", {}, cluster.error());
  kube::Client client(*cluster->http, {});
  const std::string ns = options.ns.empty() ? cluster->ns : options.ns;
  const kube::Result<std::vector<json>> targets = Chosen(client, options, ns);
  if (!targets) return ReportClusterError("trigger", cluster->server, targets.error());
  const std::string value = options.value.empty() ? api::KubeTime(std::chrono::system_clock::now()) : options.value;
  const json patch = {{"metadata", {{"annotations", {{api::kRunNowAnnotation, value}}}}}};
  int triggered = 0;
  int code = exit_code::kOk;
  for (const json& target : *targets) {
    const kube::ObjectKey key = kube::KeyOf(target);
    // Whoever names a target means it, whatever its schedule.
    if (const std::string reason = WhyNot(target, options.all || !options.targets.empty()); !reason.empty()) {
      std::cout << key.ToString() << ": left out, " << reason << "\n";
      continue;
    }
    const kube::Result<json> patched = client.MergePatch(kube::BorgBackupTargets(), key, patch);
    if (patched) {
      ++triggered;
      std::cout << key.ToString() << ": will be backed up\n";
    } else if (patched.error().code == Code::kNotFound) {
      std::cout << key.ToString() << ": left out, it is gone\n";
    } else {
      code = ReportClusterError("trigger", cluster->server, patched.error());
    }
  }
  if (triggered == 0 && code == exit_code::kOk) std::cout << "nothing to back up in namespace " << ns << "\n";
  if (const int flushed = FlushOutput("what was triggered"); code == exit_code::kOk) code = flushed;
  return code;
}

}  // namespace

void AddTrigger(CLI::App& app, Action& action) {
  auto options = std::make_shared<TriggerArguments>();
  CLI::App* verb = app.add_subcommand("trigger", "Have targets make a backup now");
  verb->footer(
      "Examples:\n"
      "  borg-operator trigger                       # all targets of the namespace that have no schedule of their own\n"
      "  borg-operator trigger web-01 db-01 -n shop  # these two\n"
      "  borg-operator trigger --all -n shop         # all, with or without a schedule\n\n"
      "It sets the annotation borg-operator.dev/run-now; the same as by hand:\n"
      "  kubectl annotate bbt web-01 borg-operator.dev/run-now=\"$(date)\" --overwrite\n\n"
      "Suspended targets are left out. Exit status: 0 done, 1 the API refused something, 2 wrong usage, 3 the cluster's "
      "configuration\n"
      "cannot be used.");
  AddClusterOptions(*verb, options->cluster);
  verb->add_option("-n,--namespace", options->ns, "The namespace. Default: the context's, or the pod's")
      ->type_name("NAMESPACE")
      ->check(NamespaceProblem);
  CLI::Option* all = verb->add_flag("--all", options->all, "Also targets with a schedule of their own");
  verb->add_option("--value", options->value,
                   "What the annotation is set to: the same value again starts nothing again. Default: the time")
      ->type_name("TEXT");
  verb->add_option("TARGET", options->targets, "Names of targets")->type_name("TARGET")->excludes(all);
  verb->callback([options, &action] { action = [options] { return Trigger(*options); }; });
}

}  // namespace borgop::cli
