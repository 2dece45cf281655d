#include "controller/reconcile/target_setup.h"

#include <algorithm>
#include <utility>

#include "controller/api/names.h"
#include "controller/reconcile/json_view.h"
#include "controller/reconcile/owned_meta.h"
#include "controller/reconcile/schedule.h"
#include "engine/plan/rules.h"

namespace borgop::controller {
namespace {

namespace reason = obstacle_reason;

std::optional<Obstacle> Invalid(const api::Problems& problems) {
  return Obstacle{std::string(reason::kSpecInvalid), ToString(problems)};
}

std::optional<WallTime> NextOf(const std::string& schedule, const std::string& zone_name, WallTime now) {
  const auto parsed = Schedule::Parse(schedule);
  const auto zone = TimeZone::Find(zone_name);
  return parsed && zone ? parsed->Next(now, *zone) : std::nullopt;
}

void ReadTimetable(TargetSetup& setup, const api::ObjectMeta& meta, const api::BorgBackupTargetSpec& spec, WallTime now) {
  setup.timetable_read = true;
  const std::string identity = meta.ns + '/' + meta.name;
  setup.schedule = EffectiveSchedule(spec.schedule, identity);
  setup.maintenance_schedule = EffectiveSchedule(spec.maintenance.schedule, identity + "/maintenance");
  if (spec.suspend) return;
  for (const std::string& schedule : {setup.schedule, setup.maintenance_schedule}) {
    const std::optional<WallTime> next = NextOf(schedule, spec.time_zone, now);
    if (next && (!setup.next_due || *next < *setup.next_due)) setup.next_due = next;
  }
}

// As the engine judges it: some is wrong only together with the server's rootDir, some only for borg.
std::string WholePathProblem(const api::BorgServerSpec& server, const api::BorgBackupTargetSpec& target) {
  Server plan_server;
  plan_server.root_dir = server.root_dir;
  Repository repository;
  repository.path = target.repository.path;
  return LocationProblem(RepositoryPath(plan_server, repository));
}

std::string DigestOfAll(const Observed& observed, const JobInputs& inputs, const EngineSettings& settings) {
  std::string all = InputsDigest(inputs, settings, RunKind::kBackup);
  if (HasOwnMaintenance(inputs.target)) all += InputsDigest(inputs, settings, RunKind::kMaintenance);
  for (const auto& [name, facts] : observed.secrets) all += '/' + name + '=' + facts.resource_version;
  return DigestOf(all + '/' + inputs.meta.Annotation(api::kAcknowledgeAnnotation));
}

std::optional<Obstacle> ObstacleOf(const Observed& observed, const JobInputs& inputs,
                                   const tl::expected<CarriedState, std::string>& carried) {
  const std::string& name = inputs.meta.name;
  if (!carried) {
    return Obstacle{std::string(reason::kStateInvalid), "The ConfigMap " + StateName(name) + ' ' + carried.error() +
                                                            ". Correct it, put an older one back, or delete it to begin anew."};
  }
  if (carried->finding) {
    return Obstacle{std::string(reason::kFinding), carried->finding->reason + ": " + carried->finding->message +
                                                       " Once that is settled, annotate this target with " +
                                                       std::string(api::kAcknowledgeAnnotation) + '=' + carried->finding->id};
  }
  if (std::optional<Obstacle> shared = SharingObstacle(name, inputs.target.repository.path, observed.claims)) return shared;
  std::vector<SecretUse> uses = SecretsOf(inputs.target);
  const std::vector<SecretUse> of_server = SecretsOf(inputs.server, "BorgServer " + inputs.target.server + ", ");
  uses.insert(uses.end(), of_server.begin(), of_server.end());
  return SecretObstacle(uses, observed.secrets);
}

}  // namespace

TargetSetup ReadSetup(const Observed& observed, const EngineSettings& settings,
                      const tl::expected<CarriedState, std::string>& carried, WallTime now) {
  TargetSetup setup;
  setup.suspended = TrueAt(observed.target, {"spec", "suspend"});
  const auto target = api::ReadTarget(observed.target);
  if (!target) {
    setup.obstacle = Invalid(target.error());
    return setup;
  }
  if (const api::Problems problems = TimetableProblems(*target); !problems.empty()) {
    setup.obstacle = Invalid(problems);
    return setup;
  }
  JobInputs inputs;
  inputs.meta = api::ReadMeta(observed.target);
  ReadTimetable(setup, inputs.meta, *target, now);
  if (observed.server.is_null()) {
    setup.obstacle = Obstacle{
        std::string(reason::kServerMissing),
        "spec.serverRef.name: the BorgServer " + target->server + " does not exist. Create it; backups then start by themselves.",
        true};
    return setup;
  }
  const auto server = api::ReadServer(observed.server);
  if (!server) {
    setup.obstacle =
        Obstacle{std::string(reason::kServerInvalid), "BorgServer " + target->server + ": " + ToString(server.error())};
    return setup;
  }
  if (std::string problem = WholePathProblem(*server, *target); !problem.empty()) {
    setup.obstacle = Invalid({{"spec.repository.path", std::move(problem)}});
    return setup;
  }
  inputs.target = *target;
  inputs.server = *server;
  for (const auto& [name, facts] : observed.secrets) {
    if (facts.keys.contains(std::string(api::kKeyPassphraseKey))) inputs.keys_with_passphrase.insert(name);
  }
  setup.digest = DigestOfAll(observed, inputs, settings);
  setup.obstacle = ObstacleOf(observed, inputs, carried);
  // A Job must wait where there may be too many, and while something stands in the way. Elsewhere it starts even with no operator there.
  inputs.start_suspended =
      setup.obstacle.has_value() || observed.server_targets > static_cast<std::size_t>(server->max_concurrent_backups);
  setup.inputs = std::move(inputs);
  return setup;
}

}  // namespace borgop::controller
