#include "engine/plan/yaml_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/plan/yaml_document.h"
#include "plan_fixture.h"

namespace borgop {
namespace {

using test::GoodYaml;
using test::LineOf;
using test::PrivateKey;
using test::PublicKey;
using test::With;
using test::YamlProblem;

TEST(YamlReader, EveryEscapeIsUtf8) {
  const std::string text = With(GoodYaml(), "\"battery staple\"", R"("a\N\_\L\P\x85\xa0\u00a0\U0001F600\_")");
  const Result<Plan> plan = ReadYaml(text, "plan.yaml");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->targets[1].repository.passphrase.Reveal(),
            "a\xC2\x85\xC2\xA0\xE2\x80\xA8\xE2\x80\xA9\xC2\x85\xC2\xA0\xC2\xA0\xF0\x9F\x98\x80\xC2\xA0");
}

TEST(YamlReader, ReadsEveryKey) {
  const Result<Plan> plan = ReadYaml(GoodYaml(), "plan.yaml");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->server.connection.host, "b.example.org");
  EXPECT_EQ(plan->server.connection.port, 2200);
  EXPECT_EQ(plan->server.connection.user, "borg");
  EXPECT_EQ(plan->server.connection.private_key.Reveal(), PrivateKey(test::kEd25519));
  EXPECT_EQ(plan->server.root_dir, "/home/backups");
  EXPECT_EQ(plan->server.borg, "/usr/local/bin/borg");
  ASSERT_EQ(plan->targets.size(), 2U);
  const Target& web = plan->targets[0];
  EXPECT_EQ(web.name, "web");
  EXPECT_EQ(web.borg, "borg-1.4");
  EXPECT_EQ(web.repository.path, "web/01");
  EXPECT_EQ(web.repository.passphrase.Reveal(), "correct horse");
  EXPECT_EQ(web.repository.encryption, "repokey");
  EXPECT_EQ(web.source.paths, (std::vector<std::string>{"/etc", "/srv"}));
  EXPECT_EQ(web.source.excludes, (std::vector<std::string>{"/srv/**/*.tmp"}));
  EXPECT_EQ(web.source.compression, "zstd,9");
  EXPECT_TRUE(web.source.one_file_system);
  EXPECT_EQ(web.archive_name, "{hostname}-{utcnow:%Y}");
  EXPECT_EQ(web.retention.keep_last, 3);
  EXPECT_EQ(web.retention.keep_minutely, 4);
  EXPECT_EQ(web.retention.keep_hourly, 5);
  EXPECT_EQ(web.retention.keep_daily, 7);
  EXPECT_EQ(web.retention.keep_weekly, 20);
  EXPECT_EQ(web.retention.keep_monthly, -1);
  EXPECT_EQ(web.retention.keep_yearly, 15);
  EXPECT_EQ(web.retention.keep_within, "48H");
  EXPECT_EQ(web.retention.glob_archives, "web-*");
  EXPECT_EQ(web.maintenance.check, CheckMode::kArchives);
  EXPECT_FALSE(web.maintenance.compact);
  EXPECT_EQ(web.hooks.before,
            (std::vector<HookCommand>{{"systemctl", "stop", "x.service"}, {"sh", "-c", "pg_dump db >'/srv/db dump'"}}));
  EXPECT_EQ(web.hooks.after, (std::vector<HookCommand>{{"/usr/bin/systemctl", "start", "x.service"}, {"sleep", "5"}}));
  EXPECT_EQ(web.hooks.timeout.count(), 300);
  EXPECT_EQ(web.limits.deadline.count(), 3600);
  EXPECT_EQ(web.limits.lock_wait.count(), 60);
  EXPECT_EQ(web.limits.socket_timeout.count(), 61);
  EXPECT_EQ(web.limits.connect_timeout.count(), 62);
  EXPECT_EQ(web.limits.login_timeout.count(), 63);
  EXPECT_EQ(web.limits.upload_rate_kib, 1024U);
  EXPECT_EQ(web.limits.max_new_bytes, 5'000'000'000U);
  ASSERT_NE(web.connection.jump_host, nullptr);
  EXPECT_EQ(web.connection.jump_host->host, "fd00::1");
  EXPECT_EQ(web.connection.jump_host->user, "hop");
  EXPECT_EQ(web.connection.jump_host->key_passphrase.Reveal(), "sesame");
  EXPECT_EQ(web.connection.jump_host->known_hosts, "fd00::1 " + PublicKey(test::kEd25519));
}

TEST(YamlReader, LeavesDefaults) {
  const Result<Plan> plan = ReadYaml(GoodYaml(), "plan.yaml");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  const Target& db = plan->targets[1];
  const Target defaults;
  EXPECT_EQ(db.connection.port, 22);
  EXPECT_EQ(db.borg, defaults.borg);
  EXPECT_EQ(db.archive_name, defaults.archive_name);
  EXPECT_EQ(db.repository.encryption, defaults.repository.encryption);
  EXPECT_TRUE(db.retention.empty());
  EXPECT_EQ(db.maintenance.check, CheckMode::kFull);
  EXPECT_TRUE(db.maintenance.compact);
  EXPECT_TRUE(db.hooks.empty());
  EXPECT_EQ(db.hooks.timeout.count(), 600);
  EXPECT_EQ(db.limits.lock_wait, defaults.limits.lock_wait);
  EXPECT_EQ(db.connection.jump_host, nullptr);
}

TEST(YamlReader, OpenStrings) {
  // What looks like nothing else is a string, and quotes make one of anything.
  struct Row {
    const char* written;
    const char* read;
  };
  for (const Row& row :
       {Row{"10.0.0.7", "10.0.0.7"}, Row{"1.2.3", "1.2.3"}, Row{"2d", "2d"}, Row{"48H", "48H"}, Row{"none", "none"},
        Row{"0 2 * * *", "0 2 * * *"}, Row{"2026-11-20", "2026-11-20"}, Row{"1_000", "1_000"}, Row{"tRue", "tRue"},
        Row{"\"5\"", "5"}, Row{"'true'", "true"}, Row{"\"~\"", "~"}, Row{"'null'", "null"}, Row{"!!str 7", "7"}, Row{"! 7", "7"},
        Row{"|-\n      5", "5"}, Row{"!!binary aGVsbG8=", "hello"}, Row{"!!binary |\n      aGVs\n      bG8=", "hello"}}) {
    SCOPED_TRACE(row.written);
    const Result<Plan> plan =
        ReadYaml(With(GoodYaml(), "passphrase: correct horse", "passphrase: " + std::string(row.written)), "plan.yaml");
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_EQ(plan->targets[0].repository.passphrase.Reveal(), row.read);
  }
}

TEST(YamlReader, WordsOfHooksStandAsTheyAreWritten) {
  const Result<Plan> plan = ReadYaml(
      With(GoodYaml(), "[[systemctl, stop, x.service], [sh, -c, \"pg_dump db >'/srv/db dump'\"]]", "[[true], [x, 0640, no, 1.50]]"),
      "plan.yaml");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->targets[0].hooks.before, (std::vector<HookCommand>{{"true"}, {"x", "0640", "no", "1.50"}}));
}

TEST(YamlReader, BytesThatAreNotUtf8Survive) {
  const std::string text = With(GoodYaml(), "    excludes:\n    - /srv/**/*.tmp",
                                "    excludes: [/caf\xE9, \"/\xFF\xFE\", !!binary L//+, '/\xE2\x82\xAC', \"/\\xe9\"] # \xE9");
  const Result<Plan> plan = ReadYaml(text, "plan.yaml");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->targets[0].source.excludes,
            (std::vector<std::string>{"/caf\xE9", "/\xFF\xFE", "/\xFF\xFE", "/\xE2\x82\xAC", "/\xC3\xA9"}));
}

TEST(YamlReader, AliasesWork) {
  std::string text = GoodYaml();
  text = With(text, "  source: {paths: [/var/lib/db]}", "  source: *paths");
  text = With(text, "  source:\n    paths", "  source: &paths\n    paths");
  const Result<Plan> plan = ReadYaml(text, "plan.yaml");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->targets[1].source.paths, plan->targets[0].source.paths);
}

TEST(YamlReader, CrLfAndByteOrderMark) {
  std::string text = "\xEF\xBB\xBF";
  for (const char c : GoodYaml()) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(YamlProblem(text), "");
}

TEST(YamlReader, DocumentMarkers) {
  EXPECT_EQ(YamlProblem("---\n" + GoodYaml()), "");
  EXPECT_EQ(YamlProblem("%YAML 1.2\n---\n" + GoodYaml() + "...\n"), "");
  EXPECT_EQ(YamlProblem(GoodYaml() + "...\n# end"), "");
}

TEST(YamlReader, BlockAtTheEndKeepsItsLastLineAsItIs) {
  for (const auto& [written, read] : {std::pair<std::string, std::string>{"|\n  x # y", "x # y"},
                                      {"|\n  x # y\n", "x # y\n"},
                                      {"|-\n  x # y\n", "x # y"},
                                      {"|+\n  x # y\n\n", "x # y\n\n"}}) {
    const Result<Node> root = ParseYaml("a: " + written, "plan.yaml");
    ASSERT_TRUE(root.has_value()) << root.error().message;
    EXPECT_EQ(root->children[0].text, read);
  }
}

TEST(YamlReader, EncryptionNoneNeedsNoPassphrase) {
  std::string text = With(With(GoodYaml(), "    keyFile: /var/lib/borg/web.key\n", ""),
                          "    passphrase: correct horse\n    encryption: repokey\n", "    encryption: none\n");
  EXPECT_EQ(YamlProblem(text), "");
}

TEST(YamlReader, ReadsFilesBesideThePlan) {
  const test::TempDir directory;
  directory.Write("key", PrivateKey(test::kEd25519));
  directory.Write("hosts", "10.0.0.7 " + PublicKey(test::kEd25519) + "\n");
  std::string text = GoodYaml();
  text = With(text, "passphrase: \"battery staple\"", "passphraseFile: pass");
  const std::size_t db = text.find("- name: db");
  text = text.substr(0, db) +
         With(text.substr(db), "knownHosts: 10.0.0.7 " + PublicKey(test::kEd25519), "knownHostsFile: " + directory.File("hosts"));
  text = text.substr(0, text.rfind("    privateKey:")) + "    privateKeyFile: ./key\n";
  for (const auto& [written, read] :
       {std::pair<std::string, std::string>{"pass", "pass"}, {"pass\n", "pass"}, {"pass\r\n", "pass"}, {" pass ", " pass "}}) {
    directory.Write("pass", written);
    const Result<Plan> plan = ReadYaml(text, directory.File("plan.yaml"));
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_EQ(plan->targets[1].repository.passphrase.Reveal(), read);
    EXPECT_EQ(plan->targets[1].connection.private_key.Reveal(), PrivateKey(test::kEd25519));
    EXPECT_EQ(plan->targets[1].connection.known_hosts, "10.0.0.7 " + PublicKey(test::kEd25519) + "\n");
  }

  const std::string plan_file = directory.File("plan.yaml");
  const std::string place = plan_file + ':' + LineOf(text, "passphraseFile") + ": targets[1].repository.passphraseFile: ";
  struct Row {
    const char* name;
    std::string content;
    std::string problem;
  };
  for (const Row& row : {Row{"two newlines", "pass\n\n", "has a line break in it (borg reads one line: remove the break)"},
                         Row{"empty", "\n", "names the file `pass`, which is empty"},
                         Row{"too large", std::string(70'000, 'x'), "names the file `pass`, which is larger than 65536 bytes"},
                         Row{"NUL", std::string("a\0b", 3), "names the file `pass`, which has a NUL byte in it"}}) {
    SCOPED_TRACE(row.name);
    directory.Write("pass", row.content);
    EXPECT_EQ(YamlProblem(text, plan_file), place + row.problem);
  }
  EXPECT_EQ(YamlProblem(With(text, "passphraseFile: pass", "passphraseFile: no-such"), plan_file),
            place + "names the file `no-such`, which cannot be read: No such file or directory");
  EXPECT_EQ(YamlProblem(With(text, "passphraseFile: pass", "passphraseFile: ."), plan_file),
            place + "names the file `.`, which cannot be read: Is a directory");
  EXPECT_EQ(YamlProblem(With(text, "passphraseFile: pass", "passphraseFile: ''"), plan_file), place + "is empty (name a file)");
  directory.Write("pass", "pass");
  directory.Write("key", "rubbish");
  EXPECT_EQ(YamlProblem(text, plan_file),
            plan_file + ':' + LineOf(text, "privateKeyFile") +
                ": targets[1].connection.privateKeyFile: has no line `-----BEGIN ... PRIVATE KEY-----` at its start (give the "
                "whole file as ssh-keygen wrote it)");
}

}  // namespace
}  // namespace borgop
