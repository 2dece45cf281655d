#include "controller/reconcile/job_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "controller/api/names.h"
#include "engine/base/finding.h"
#include "engine/plan/yaml_reader.h"
#include "tests/unit/api/fixture.h"
#include "tests/unit/plan/plan_fixture.h"

namespace borgop::controller {
namespace {

using nlohmann::json;
using testing::UnorderedElementsAre;

JobInputs Inputs(const json& target_json = test::GoodTarget()) {
  JobInputs inputs;
  inputs.meta = api::ReadMeta(target_json);
  inputs.target = api::ReadTarget(target_json).value();
  inputs.server = api::ReadServer(test::GoodServer()).value();
  return inputs;
}

EngineSettings Settings() {
  EngineSettings settings;
  settings.image = "borg-engine:1";
  return settings;
}

const json& Container(const json& job_spec) { return job_spec["template"]["spec"]["containers"][0]; }

// Puts files where the pod's volumes would put them, and gives the plan to the engine's own reader.
Result<Plan> ReadAsEngine(const JobInputs& inputs, RunKind kind) {
  const test::TempDir dir;
  EngineSettings settings = Settings();
  settings.secrets_dir = dir.File("secrets");
  const auto put = [&settings](const std::string& name, const std::string& text) {
    test::Run({"mkdir", "-p", settings.secrets_dir + name.substr(0, name.rfind('/'))});
    std::ofstream(settings.secrets_dir + name) << text;
  };
  const std::string pinned = ' ' + test::PublicKey(test::kEd25519) + '\n';
  const std::string known =
      "[borg.example.org]:2222" + pinned + "jump.example.org" + pinned + "web-01.example.org" + pinned + "[10.0.0.1]:2200" + pinned;
  for (const char* endpoint : {"/server", "/server-jump", "/target"}) {
    put(endpoint + std::string("/ssh-privatekey"), test::PrivateKey(test::kEd25519));
    put(endpoint + std::string("/known_hosts"), known);
  }
  put("/target-jump/ssh-privatekey", test::PrivateKey(test::kEncryptedEd25519));
  put("/target-jump/ssh-passphrase", "sesame\n");
  put("/target-jump/known_hosts", known);
  put("/repository/passphrase", "correct horse\n");
  const json map = BuildPlanConfigMap(inputs, settings);
  return ReadYaml(map["data"][std::string(ToString(kind)) + ".yaml"].get<std::string>(), dir.File("plan.yaml"));
}

TEST(BuildPlanTest, TheEngineReadsIt) {
  JobInputs inputs = Inputs();
  inputs.keys_with_passphrase = {"hop-ssh"};
  const Result<Plan> plan = ReadAsEngine(inputs, RunKind::kMaintenance);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->server.connection.host, "borg.example.org");
  EXPECT_EQ(plan->server.connection.port, 2222);
  EXPECT_EQ(plan->server.connection.user, "borg");
  EXPECT_EQ(plan->server.connection.jump_host->host, "jump.example.org");
  EXPECT_EQ(plan->server.root_dir, "/home/backups");
  EXPECT_EQ(plan->server.borg, "/usr/bin/borg");
  ASSERT_EQ(plan->targets.size(), 1U);
  const Target& target = plan->targets[0];
  EXPECT_EQ(target.name, "web-01");
  EXPECT_EQ(target.connection.host, "web-01.example.org");
  EXPECT_EQ(target.connection.private_key.Reveal(), test::PrivateKey(test::kEd25519));
  EXPECT_EQ(target.connection.jump_host->port, 2200);
  EXPECT_EQ(target.connection.jump_host->key_passphrase.Reveal(), "sesame");
  EXPECT_EQ(target.borg, "borg-1.4");
  EXPECT_EQ(target.archive_name, "{hostname}-{utcnow}");
  EXPECT_EQ(target.repository.path, "web/01");
  EXPECT_EQ(target.repository.passphrase.Reveal(), "correct horse");
  EXPECT_EQ(target.repository.encryption, "repokey");
  EXPECT_EQ(target.source.paths, inputs.target.source.paths);
  EXPECT_EQ(target.source.excludes, inputs.target.source.excludes);
  EXPECT_EQ(target.source.compression, "zstd,6");
  EXPECT_TRUE(target.source.one_file_system);
  test::ExpectGoodRetention(target.retention);
  EXPECT_EQ(target.maintenance.check, CheckMode::kArchives);
  EXPECT_FALSE(target.maintenance.compact);
  EXPECT_EQ(target.hooks.before, (std::vector<HookCommand>{{"systemctl", "stop", "it's"}, {"sh", "-c", "pg_dump \"$DB\"\n"}}));
  EXPECT_EQ(target.hooks.after, (std::vector<HookCommand>{{"/bin/x", ""}}));
  EXPECT_EQ(target.hooks.timeout, std::chrono::seconds(90));
  EXPECT_EQ(target.limits.deadline, std::chrono::seconds(7200));
  EXPECT_EQ(target.limits.upload_rate_kib, 1024U);
  EXPECT_EQ(target.limits.max_new_bytes, 5'000'000'000U);
}

TEST(BuildPlanTest, ABackupDoesMaintenanceOnlyWhereItHasNoScheduleOfItsOwn) {
  JobInputs inputs = Inputs();
  inputs.keys_with_passphrase = {"hop-ssh"};
  const Result<Plan> without = ReadAsEngine(inputs, RunKind::kBackup);
  ASSERT_TRUE(without) << without.error().message;
  EXPECT_TRUE(without->targets[0].retention.empty());
  EXPECT_FALSE(without->targets[0].hooks.empty()) << "both kinds of runs make a backup";
  EXPECT_EQ(without->targets[0].maintenance.check, CheckMode::kNone);
  EXPECT_FALSE(without->targets[0].maintenance.compact);
  json object = test::GoodTarget();
  object["spec"].erase("maintenance");
  inputs.target = api::ReadTarget(object).value();
  EXPECT_FALSE(BuildPlanConfigMap(inputs, Settings())["data"].contains("maintenance.yaml"));
  const Result<Plan> with = ReadAsEngine(inputs, RunKind::kBackup);
  ASSERT_TRUE(with) << with.error().message;
  EXPECT_EQ(with->targets[0].retention.keep_daily, 7);
  EXPECT_EQ(with->targets[0].maintenance.check, CheckMode::kFull);
  EXPECT_TRUE(with->targets[0].maintenance.compact);
  object["spec"]["maintenance"] = {{"check", "repository"}, {"checkMaxDurationSeconds", 3600}, {"compactAfter", "3d"}};
  object["spec"]["repository"]["adopt"] = true;
  inputs.target = api::ReadTarget(object).value();
  const Result<Plan> limited = ReadAsEngine(inputs, RunKind::kBackup);
  ASSERT_TRUE(limited) << limited.error().message;
  EXPECT_EQ(limited->targets[0].maintenance.check_max_duration, std::chrono::seconds(3600));
  EXPECT_EQ(limited->targets[0].maintenance.compact_after, std::chrono::hours(72));
  EXPECT_EQ(limited->targets[0].retention.time_zone, "Europe/Amsterdam");
  EXPECT_TRUE(limited->targets[0].repository.adopt);
  EXPECT_FALSE(with->targets[0].repository.adopt);
}

TEST(BuildPlanTest, OddTextReachesTheEngineUnchanged) {
  json object = test::GoodTarget();
  const std::string odd = "/a \"b\" 'c' $d \\e\n\t\x01 \xc3\xa9 \xf0\x9f\x92\xbe #: {x} %41";
  object["spec"]["source"]["paths"] = {odd};
  JobInputs inputs = Inputs(object);
  inputs.keys_with_passphrase = {"hop-ssh"};
  const Result<Plan> plan = ReadAsEngine(inputs, RunKind::kBackup);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->targets[0].source.paths, std::vector<std::string>{odd});
}

TEST(BuildCronJobTest, HasWhatTheTargetAsksFor) {
  const json cron = BuildCronJob(Inputs(), Settings(), RunKind::kBackup, "17 2 * * *");
  EXPECT_EQ(cron["metadata"]["name"], "web-01");
  EXPECT_EQ(cron["metadata"]["namespace"], "backups");
  EXPECT_EQ(
      cron["metadata"]["ownerReferences"],
      json::parse(R"([{"apiVersion": "borg-operator.dev/v1alpha1", "kind": "BorgBackupTarget", "name": "web-01", "uid": "u-target",
                             "controller": true, "blockOwnerDeletion": false}])"));
  const json& spec = cron["spec"];
  EXPECT_EQ(spec["schedule"], "17 2 * * *");
  EXPECT_EQ(spec["timeZone"], "Europe/Amsterdam");
  EXPECT_EQ(spec["concurrencyPolicy"], "Forbid");
  EXPECT_EQ(spec["startingDeadlineSeconds"], 600);
  EXPECT_EQ(spec["suspend"], false);
  EXPECT_EQ(spec["successfulJobsHistoryLimit"], 10'000) << "the target's limits are the operator's to keep";
  EXPECT_EQ(spec["failedJobsHistoryLimit"], 10'000);
  const json& job = spec["jobTemplate"];
  for (const json* labels : {&job["metadata"]["labels"], &job["spec"]["template"]["metadata"]["labels"]}) {
    EXPECT_EQ((*labels)["borg-operator.dev/target"], "web-01");
    EXPECT_EQ((*labels)["borg-operator.dev/server"], "vault");
    EXPECT_EQ((*labels)["borg-operator.dev/run"], "backup");
    EXPECT_EQ((*labels)["app.kubernetes.io/managed-by"], "borg-operator");
  }
  EXPECT_EQ(job["metadata"]["annotations"]["borg-operator.dev/target-name"], "web-01");
  EXPECT_EQ(job["metadata"]["annotations"]["borg-operator.dev/inputs"], InputsDigest(Inputs(), Settings(), RunKind::kBackup));
  EXPECT_EQ(job["spec"]["backoffLimit"], 0);
  EXPECT_EQ(job["spec"]["activeDeadlineSeconds"], 7480) << "the deadline, a margin, and what an after hook may take";
  EXPECT_EQ(job["spec"]["podReplacementPolicy"], "Failed");
  EXPECT_EQ(
      job["spec"]["podFailurePolicy"],
      json::parse(R"({"rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]})"));
  EXPECT_FALSE(job["spec"].contains("suspend"));
  JobInputs queued = Inputs();
  queued.start_suspended = true;
  queued.target.suspend = true;
  queued.target.time_zone = "";
  const json other = BuildCronJob(queued, Settings(), RunKind::kMaintenance, "0 5 * * 0");
  EXPECT_EQ(other["spec"]["jobTemplate"]["spec"]["suspend"], true);
  EXPECT_EQ(other["spec"]["suspend"], true);
  EXPECT_EQ(other["spec"]["timeZone"], "Etc/UTC");
  EXPECT_EQ(other["metadata"]["name"], CronJobName("web-01", RunKind::kMaintenance));
  EXPECT_EQ(Container(other["spec"]["jobTemplate"]["spec"])["args"][2], "/etc/borg-operator/maintenance.yaml");
}

TEST(BuildJobTest, IsReadBeforeItsPodGoes) {
  const json job = BuildJob(Inputs(), Settings(), RunKind::kBackup, "web-01-now-1", {{"borg-operator.dev/triggered-by", "a"}});
  EXPECT_EQ(job["metadata"]["name"], "web-01-now-1");
  EXPECT_FALSE(job["metadata"].contains("finalizers")) << "it waits, and has nothing to tell";
  EXPECT_EQ(job["spec"]["template"]["metadata"]["finalizers"], json::parse(R"(["borg-operator.dev/unread-result"])"));
  EXPECT_EQ(job["spec"]["template"]["metadata"]["annotations"]["borg-operator.dev/triggered-by"], "a");
  EXPECT_EQ(job["metadata"]["annotations"],
            (json{{"borg-operator.dev/target-name", "web-01"},
                  {"borg-operator.dev/triggered-by", "a"},
                  {"borg-operator.dev/inputs", InputsDigest(Inputs(), Settings(), RunKind::kBackup)}}));
  EXPECT_EQ(job["metadata"]["ownerReferences"][0]["uid"], "u-target");
  EXPECT_EQ(job["spec"]["ttlSecondsAfterFinished"], 604800);
}

TEST(InputsDigestTest, ChangesWithWhatAJobIsMadeFrom) {
  const std::string digest = InputsDigest(Inputs(), Settings(), RunKind::kBackup);
  EXPECT_EQ(digest.size(), 16U);
  JobInputs same = Inputs();
  same.start_suspended = true;
  same.target.schedule = "@daily";
  EXPECT_EQ(InputsDigest(same, Settings(), RunKind::kBackup), digest);
  EXPECT_NE(InputsDigest(Inputs(), Settings(), RunKind::kMaintenance), digest);
  JobInputs other_plan = Inputs();
  other_plan.target.source.paths = {"/x"};
  EXPECT_NE(InputsDigest(other_plan, Settings(), RunKind::kBackup), digest);
  JobInputs other_pod = Inputs();
  other_pod.target.pod.priority_class = "high";
  EXPECT_NE(InputsDigest(other_pod, Settings(), RunKind::kBackup), digest);
  EngineSettings other_image = Settings();
  other_image.image = "borg-engine:2";
  EXPECT_NE(InputsDigest(Inputs(), other_image, RunKind::kBackup), digest);
}

TEST(BuildJobTest, ThePodIsRestricted) {
  const json job = BuildJob(Inputs(), Settings(), RunKind::kBackup, "j", {});
  const json& pod = job["spec"]["template"]["spec"];
  EXPECT_EQ(pod["automountServiceAccountToken"], false);
  EXPECT_EQ(pod["enableServiceLinks"], false);
  EXPECT_EQ(pod["restartPolicy"], "Never");
  EXPECT_EQ(pod["securityContext"], json::parse(R"({"runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532,
                                                    "seccompProfile": {"type": "RuntimeDefault"}})"));
  EXPECT_EQ(
      Container(job["spec"])["securityContext"],
      json::parse(R"({"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}})"));
  EXPECT_EQ(Container(job["spec"])["command"], json::parse(R"(["borg-engine"])"));
  EXPECT_EQ(
      Container(job["spec"])["args"],
      json::parse(
          R"(["run", "--plan", "/etc/borg-operator/backup.yaml", "--log-format", "json", "--termination-log", "/dev/termination-log"])"));
}

TEST(BuildJobTest, EachFileOfThePlanIsMounted) {
  JobInputs inputs = Inputs();
  inputs.keys_with_passphrase = {"hop-ssh"};
  const json job = BuildJob(inputs, Settings(), RunKind::kBackup, "j", {});
  const json& pod = job["spec"]["template"]["spec"];
  std::vector<std::string> mounted;
  for (const json& mount : pod["containers"][0]["volumeMounts"]) {
    const auto volume =
        std::find_if(pod["volumes"].begin(), pod["volumes"].end(), [&](const json& v) { return v["name"] == mount["name"]; });
    ASSERT_NE(volume, pod["volumes"].end()) << mount;
    if (!volume->contains("secret")) continue;
    EXPECT_EQ(mount["readOnly"], true);
    EXPECT_EQ((*volume)["secret"]["defaultMode"], 288);
    for (const json& item : (*volume)["secret"]["items"]) {
      mounted.push_back((*volume)["secret"]["secretName"].get<std::string>() + ":" + item["key"].get<std::string>() + "=" +
                        mount["mountPath"].get<std::string>() + "/" + item["path"].get<std::string>());
    }
  }
  EXPECT_THAT(mounted, UnorderedElementsAre("vault-ssh:ssh-privatekey=/run/borg-operator/server/ssh-privatekey",
                                            "vault-ssh:known_hosts=/run/borg-operator/server/known_hosts",
                                            "jump-ssh:ssh-privatekey=/run/borg-operator/server-jump/ssh-privatekey",
                                            "jump-ssh:known_hosts=/run/borg-operator/server-jump/known_hosts",
                                            "web-01-ssh:ssh-privatekey=/run/borg-operator/target/ssh-privatekey",
                                            "web-01-ssh:known_hosts=/run/borg-operator/target/known_hosts",
                                            "hop-ssh:ssh-privatekey=/run/borg-operator/target-jump/ssh-privatekey",
                                            "hop-ssh:known_hosts=/run/borg-operator/target-jump/known_hosts",
                                            "hop-ssh:ssh-passphrase=/run/borg-operator/target-jump/ssh-passphrase",
                                            "web-01-borg:pass=/run/borg-operator/repository/passphrase"));
  // And the plan names exactly these.
  const std::string plan = BuildPlan(inputs, Settings(), RunKind::kBackup).dump();
  for (const std::string& file : mounted)
    EXPECT_NE(plan.find('"' + file.substr(file.find('=') + 1) + '"'), std::string::npos) << file;
  std::size_t named = 0;
  for (std::size_t at = plan.find("/run/borg-operator/"); at != std::string::npos; at = plan.find("/run/borg-operator/", at + 1))
    ++named;
  EXPECT_EQ(named, mounted.size());
}

TEST(BuildJobTest, ThePodTemplateIsMergedButNeverReplacesOurLabels) {
  JobInputs inputs = Inputs();
  inputs.target.pod.labels["borg-operator.dev/target"] = "other";
  EngineSettings settings = Settings();
  settings.image_pull_secrets = {"registry"};
  const json job = BuildJob(inputs, settings, RunKind::kBackup, "j", {});
  const json& meta = job["spec"]["template"]["metadata"];
  EXPECT_EQ(meta["labels"]["team"], "web");
  EXPECT_EQ(meta["labels"]["borg-operator.dev/target"], "web-01");
  EXPECT_EQ(meta["annotations"]["example.org/a"], "b");
  const json& pod = job["spec"]["template"]["spec"];
  EXPECT_EQ(Container(job["spec"])["resources"], json::parse(R"({"limits": {"memory": "256Mi"}})"));
  EXPECT_EQ(pod["nodeSelector"], json::parse(R"({"disk": "ssd"})"));
  EXPECT_EQ(pod["tolerations"][0]["key"], "backup");
  EXPECT_TRUE(pod["affinity"].contains("nodeAffinity"));
  EXPECT_EQ(pod["priorityClassName"], "low");
  EXPECT_EQ(pod["imagePullSecrets"], json::parse(R"([{"name": "registry"}])"));
}

// What is known goes in as a file that no pod can write, and need not be there yet.
TEST(BuildJobTest, TheLedgerIsReadFromTheCarriedState) {
  const json job = BuildJob(Inputs(), Settings(), RunKind::kBackup, "j", {});
  const json& ledger = job["spec"]["template"]["spec"]["volumes"][1]["configMap"];
  EXPECT_EQ(ledger["name"], StateName("web-01"));
  EXPECT_EQ(ledger["optional"], true);
  EXPECT_EQ(ledger["items"], json::parse(R"([{"key": "ledger.json", "path": "ledger.json"}])"));
  EXPECT_EQ(BuildPlan(Inputs(), Settings(), RunKind::kBackup)["targets"][0]["repository"]["ledgerFile"],
            "/etc/borg-operator-state/ledger.json");
}

// No two runs of a target at once, and no two targets of one UID: so locks of that name are of runs that have ended.
TEST(BuildPlanTest, LocksAreTheTargetsOwn) {
  EXPECT_EQ(BuildPlan(Inputs(), Settings(), RunKind::kBackup)["targets"][0]["repository"]["lockOwner"], Inputs().meta.uid);
}

TEST(BuildPlanTest, WhatAPersonAcknowledgedIsForTheNextRunWhateverItIs) {
  JobInputs inputs = Inputs();
  const std::string digest = InputsDigest(inputs, Settings(), RunKind::kBackup);
  const auto repository = [&inputs] { return BuildPlan(inputs, Settings(), RunKind::kBackup)["targets"][0]["repository"]; };
  EXPECT_FALSE(repository().contains("acknowledge"));
  for (const auto& [annotation, given] : {std::pair(FindingId({"a"}), true), std::pair(std::string("no id: 'x'"), false)}) {
    inputs.meta.annotations["borg-operator.dev/acknowledge"] = annotation;
    EXPECT_EQ(repository().contains("acknowledge"), given);
    EXPECT_EQ(repository().value("acknowledge", annotation), annotation);
    EXPECT_EQ(InputsDigest(inputs, Settings(), RunKind::kBackup), digest) << "what waits already gets it too";
  }
}

TEST(BuildPlanConfigMapTest, IsOwnedAndHoldsNoSecret) {
  const json map = BuildPlanConfigMap(Inputs(), Settings());
  EXPECT_EQ(map["metadata"]["name"], PlanName("web-01"));
  EXPECT_EQ(map["metadata"]["ownerReferences"][0]["uid"], "u-target");
  EXPECT_FALSE(map["metadata"]["labels"].contains("borg-operator.dev/run"));
  EXPECT_EQ(map["data"].size(), 2U);
  const json job = BuildJob(Inputs(), Settings(), RunKind::kBackup, "j", {});
  EXPECT_EQ(job["spec"]["template"]["spec"]["volumes"][0]["configMap"]["name"], map["metadata"]["name"]);
}

}  // namespace
}  // namespace borgop::controller
