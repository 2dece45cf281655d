#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/api/borg_backup_target.h"
#include "tests/unit/api/fixture.h"

namespace borgop::api {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::ElementsAre;

TEST(ReadTargetTest, ReadsEveryField) {
  const Read<BorgBackupTargetSpec> target = ReadTarget(test::GoodTarget());
  ASSERT_TRUE(target) << ToString(target.error());
  EXPECT_EQ(target->server, "vault");
  EXPECT_EQ(target->repository.path, "web/01");
  EXPECT_EQ(target->repository.passphrase_secret, "web-01-borg");
  EXPECT_EQ(target->repository.passphrase_key, "pass");
  EXPECT_EQ(target->repository.encryption, "repokey");
  EXPECT_EQ(target->connection.host, "web-01.example.org");
  EXPECT_EQ(target->connection.port, 22);
  EXPECT_EQ(target->connection.user, "backup");
  EXPECT_EQ(target->connection.ssh_secret, "web-01-ssh");
  ASSERT_TRUE(target->connection.jump_host);
  EXPECT_EQ(target->connection.jump_host->port, 2200);
  EXPECT_EQ(target->borg, "borg-1.4");
  EXPECT_EQ(target->archive_name, "{hostname}-{utcnow}");
  EXPECT_THAT(target->source.paths, ElementsAre("/etc", "/srv"));
  EXPECT_THAT(target->source.excludes, ElementsAre("/srv/**/*.tmp"));
  EXPECT_EQ(target->source.compression, "zstd,6");
  EXPECT_TRUE(target->source.one_file_system);
  EXPECT_EQ(target->schedule, "30 2 * * *");
  EXPECT_EQ(target->time_zone, "Europe/Amsterdam");
  EXPECT_FALSE(target->suspend);
  test::ExpectGoodRetention(target->retention);
  EXPECT_EQ(target->maintenance.schedule, "0 5 * * 0");
  EXPECT_EQ(target->maintenance.check, CheckMode::kArchives);
  EXPECT_FALSE(target->maintenance.compact);
  EXPECT_THAT(target->hooks.before,
              ElementsAre(HookCommand{"systemctl", "stop", "it's"}, HookCommand{"sh", "-c", "pg_dump \"$DB\"\n"}));
  EXPECT_THAT(target->hooks.after, ElementsAre(HookCommand{"/bin/x", ""}));
  EXPECT_EQ(target->hooks.timeout, seconds(90));
  EXPECT_EQ(target->limits.deadline, seconds(7200));
  EXPECT_EQ(target->limits.starting_deadline, seconds(600));
  EXPECT_EQ(target->limits.upload_rate_kib, 1024U);
  EXPECT_EQ(target->limits.max_new_bytes, 5'000'000'000);
  EXPECT_EQ(target->limits.retries, 5);
  EXPECT_EQ(target->successful_jobs_history, 1);
  EXPECT_EQ(target->failed_jobs_history, 2);
  EXPECT_EQ(target->pod.labels, json({{"team", "web"}}));
  EXPECT_EQ(target->pod.annotations, json({{"example.org/a", "b"}}));
  EXPECT_EQ(target->pod.resources, json::parse(R"({"limits": {"memory": "256Mi"}})"));
  EXPECT_EQ(target->pod.node_selector, json({{"disk", "ssd"}}));
  EXPECT_EQ(target->pod.tolerations.size(), 1U);
  EXPECT_TRUE(target->pod.affinity.contains("nodeAffinity"));
  EXPECT_EQ(target->pod.priority_class, "low");
}

TEST(ReadTargetTest, HasDefaults) {
  json object = test::GoodTarget();
  json& spec = object["spec"];
  spec = {{"serverRef", spec["serverRef"]},
          {"repository", spec["repository"]},
          {"connection", spec["connection"]},
          {"source", spec["source"]}};
  spec["repository"].erase("encryption");
  spec["repository"]["passphraseSecretRef"].erase("key");
  spec["source"] = {{"paths", {"/etc"}}};
  const Read<BorgBackupTargetSpec> target = ReadTarget(object);
  ASSERT_TRUE(target) << ToString(target.error());
  EXPECT_EQ(target->repository.passphrase_key, "passphrase");
  EXPECT_EQ(target->repository.encryption, "repokey-blake2");
  EXPECT_EQ(target->borg, "borg");
  EXPECT_EQ(target->archive_name, "snapshot-{utcnow}");
  EXPECT_EQ(target->schedule, "");
  EXPECT_EQ(target->time_zone, "");
  EXPECT_FALSE(target->suspend);
  EXPECT_TRUE(target->retention.empty());
  EXPECT_EQ(target->maintenance.schedule, "");
  EXPECT_EQ(target->maintenance.check, CheckMode::kFull);
  EXPECT_TRUE(target->maintenance.compact);
  EXPECT_TRUE(target->hooks.empty());
  EXPECT_EQ(target->hooks.timeout, seconds(600));
  EXPECT_EQ(target->limits.deadline, seconds(21'600));
  EXPECT_EQ(target->limits.starting_deadline, seconds(3600));
  EXPECT_EQ(target->limits.retries, 3);
  EXPECT_EQ(target->successful_jobs_history, 3);
  EXPECT_EQ(target->failed_jobs_history, 3);
  EXPECT_EQ(target->pod.labels, json::object());
  EXPECT_TRUE(target->pod.resources.is_null());
}

class TargetChangeTest : public testing::TestWithParam<test::FieldChange> {};

TEST_P(TargetChangeTest, Judges) { test::ExpectJudged(GetParam(), test::GoodTarget(), ReadTarget); }

const test::FieldChange kTargetRows[] = {
    {"UnknownField", "/spec/later", 1, nullptr},
    {"KeepWithinDays", "/spec/retention/keepWithin", "2d", nullptr},
    {"KeepWithinCapital", "/spec/retention/keepWithin", "2H", nullptr},
    {"NotEncrypted", "/spec/repository", {{"path", "a"}, {"encryption", "none"}}, nullptr},
    {"NoSpec", "/spec", nullptr, "spec"},
    {"NoServer", "/spec/serverRef", nullptr, "spec.serverRef"},
    {"ServerElsewhere", "/spec/serverRef/name", "other/vault", "spec.serverRef.name"},
    {"NoRepository", "/spec/repository", nullptr, "spec.repository"},
    {"RepositoryDots", "/spec/repository/path", "a/../b", "spec.repository.path"},
    {"RepositoryNul", "/spec/repository/path", std::string("a\0b", 3), "spec.repository.path"},
    {"PathNul", "/spec/source/paths/0", std::string("/a\0b", 4), "spec.source.paths[0]"},
    {"RepositoryAbsolute", "/spec/repository/path", "/a", "spec.repository.path"},
    {"NoPassphrase", "/spec/repository/passphraseSecretRef", nullptr, "spec.repository.passphraseSecretRef"},
    {"PassphraseKeySlash", "/spec/repository/passphraseSecretRef/key", "../x", "spec.repository.passphraseSecretRef.key"},
    {"PassphraseKeyDots", "/spec/repository/passphraseSecretRef/key", "..x", "spec.repository.passphraseSecretRef.key"},
    {"Keyfile", "/spec/repository/encryption", "keyfile", "spec.repository.encryption"},
    {"NoConnection", "/spec/connection", nullptr, "spec.connection"},
    {"ConnectionHost", "/spec/connection/host", "-x", "spec.connection.host"},
    {"NoSource", "/spec/source", nullptr, "spec.source"},
    {"NoPaths", "/spec/source/paths", json::array(), "spec.source.paths"},
    {"RelativePath", "/spec/source/paths/1", "srv", "spec.source.paths[1]"},
    {"EmptyExclude", "/spec/source/excludes/0", "", "spec.source.excludes[0]"},
    {"Compression", "/spec/source/compression", "zstd,99", "spec.source.compression"},
    {"KeepTooLow", "/spec/retention/keepDaily", -2, "spec.retention.keepDaily"},
    {"KeepWithin", "/spec/retention/keepWithin", "2 days", "spec.retention.keepWithin"},
    {"KeepNothing", "/spec/retention", {{"keepDaily", 0}}, "spec.retention"},
    {"GlobOnly", "/spec/retention", {{"globArchives", "x*"}}, "spec.retention"},
    {"Check", "/spec/maintenance/check", "some", "spec.maintenance.check"},
    {"CheckTime", "/spec/maintenance/checkMaxDurationSeconds", 60, "spec.maintenance.checkMaxDurationSeconds"},
    {"CompactAfter", "/spec/maintenance/compactAfter", "3 days", "spec.maintenance.compactAfter"},
    {"HooksNoList", "/spec/hooks/before", "x", "spec.hooks.before"},
    {"HookLine", "/spec/hooks/before/1", "systemctl stop x", "spec.hooks.before[1]"},
    {"HookEmpty", "/spec/hooks/after/0", json::array(), "spec.hooks.after[0]"},
    {"HookNumber", "/spec/hooks/before/0/2", 5, "spec.hooks.before[0][2]"},
    {"HookNoProgram", "/spec/hooks/after/0/0", "", "spec.hooks.after[0][0]"},
    {"HookRelative", "/spec/hooks/after/0/0", "./x", "spec.hooks.after[0][0]"},
    {"HookNul", "/spec/hooks/after/0/1", std::string("a\0b", 3), "spec.hooks.after[0][1]"},
    {"HookLong", "/spec/hooks/after/0/1", std::string(20'000, 'x'), "spec.hooks.after[0]"},
    {"HooksMany", "/spec/hooks/after", json(33, json::array({"x"})), "spec.hooks.after"},
    {"HookTimeout", "/spec/hooks/timeoutSeconds", 0, "spec.hooks.timeoutSeconds"},
    {"NoHooks", "/spec/hooks", nullptr, nullptr},
    {"Deadline", "/spec/limits/deadlineSeconds", 1, "spec.limits.deadlineSeconds"},
    {"Retries", "/spec/limits/retries", 21, "spec.limits.retries"},
    {"ArchiveName", "/spec/archiveName", "a::b", "spec.archiveName"},
    {"Suspend", "/spec/suspend", "no", "spec.suspend"},
    {"History", "/spec/failedJobsHistoryLimit", -1, "spec.failedJobsHistoryLimit"},
    {"Tolerations", "/spec/podTemplate/tolerations", json::object(), "spec.podTemplate.tolerations"},
    {"LabelNumber", "/spec/podTemplate/labels/team", 1, "spec.podTemplate.labels"},
    {"OurLabel", "/spec/podTemplate/labels", {{"borg-operator.dev/target", "x"}}, "spec.podTemplate.labels"},
    {"OurAnnotation", "/spec/podTemplate/annotations", {{"borg-operator.dev/x", "x"}}, "spec.podTemplate.annotations"},
};
INSTANTIATE_TEST_SUITE_P(Table, TargetChangeTest, testing::ValuesIn(kTargetRows), [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace borgop::api
