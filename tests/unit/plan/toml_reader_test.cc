#include "engine/plan/toml_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "plan_fixture.h"

namespace borgop {
namespace {

using test::GoodToml;
using test::PrivateKey;
using test::PublicKey;
using test::With;

std::string Message(std::string_view text) {
  const Result<Plan> plan = ReadToml(text, "backups.toml");
  if (plan) return {};
  EXPECT_EQ(plan.error().reason, Reason::kInvalidConfig);
  return plan.error().message;
}

TEST(TomlReader, ReadsWhatTheGoProgramReads) {
  const Result<Plan> plan = ReadToml(GoodToml(), "stdin");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->server.root_dir, "/home/backups");
  EXPECT_EQ(plan->server.borg, "borg");
  EXPECT_EQ(plan->server.connection.host, "b.example.org");
  EXPECT_EQ(plan->server.connection.port, 22);
  EXPECT_EQ(plan->server.connection.user, "borg");
  EXPECT_EQ(plan->server.connection.private_key.Reveal(), PrivateKey(test::kEd25519));
  EXPECT_EQ(plan->server.connection.jump_host, nullptr);
  ASSERT_EQ(plan->targets.size(), 2U);
  const Target& web = plan->targets[0];
  EXPECT_EQ(web.name, "web");
  EXPECT_EQ(web.source.paths, (std::vector<std::string>{"/etc", "/srv"}));
  EXPECT_EQ(web.source.excludes, (std::vector<std::string>{"/srv/**/*.tmp"}));
  EXPECT_EQ(web.source.compression, "");
  EXPECT_EQ(web.repository.path, "web/01");
  EXPECT_EQ(web.repository.passphrase.Reveal(), "correct horse");
  EXPECT_EQ(web.repository.encryption, "repokey-blake2");
  EXPECT_EQ(web.connection.host, "web.example.org");
  EXPECT_EQ(web.connection.port, 2222);
  EXPECT_EQ(web.archive_name, "snapshot-{utcnow}");
  EXPECT_EQ(web.maintenance.check, CheckMode::kFull);
  EXPECT_TRUE(web.maintenance.compact);
  EXPECT_EQ(web.limits.lock_wait.count(), 600);
  for (const Target& target : plan->targets) {
    EXPECT_EQ(target.retention.keep_daily, 7);
    EXPECT_EQ(target.retention.keep_weekly, 20);
    EXPECT_EQ(target.retention.keep_monthly, 12);
    EXPECT_EQ(target.retention.keep_yearly, 15);
    EXPECT_EQ(target.retention.keep_last, std::nullopt);
  }
  EXPECT_EQ(plan->targets[1].repository.path, "db");
}

TEST(TomlReader, KeysHaveNoCase) {
  std::string text = GoodToml();
  text = With(text, "[Borg]", "[BORG]");
  text = With(text, "[Borg.Server]", "[BORG.server]");
  text = With(text, "RootDir", "rootdir");
  text = With(text, "UserName", "USERNAME");
  text = With(text, "SourcePaths", "sourcePATHS");
  EXPECT_EQ(Message(text), "");
}

TEST(TomlReader, CrLfAndByteOrderMark) {
  std::string text = "\xEF\xBB\xBF";
  for (const char c : GoodToml()) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(Message(text), "");
}

TEST(TomlReader, JumpHostSharesUserAndKeyAndKnownHosts) {
  // Each host's key stands in the other's text: only both together pin both.
  const std::string text = With(
      GoodToml(), "Host=\"10.0.0.7\" # db",
      "Host=\"10.0.0.7\"\nProxyJumpHost=\"[fd00::2]:2201\"\nProxyJumpKnownHost=\"[fd00::2]:2201 " + PublicKey(test::kEcdsa) + "\"");
  const Result<Plan> plan = ReadToml(text, "stdin");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  const SshEndpoint& target = plan->targets[1].connection;
  ASSERT_NE(target.jump_host, nullptr);
  EXPECT_EQ(target.jump_host->host, "fd00::2");
  EXPECT_EQ(target.jump_host->port, 2201);
  EXPECT_EQ(target.jump_host->user, "root");
  EXPECT_EQ(target.jump_host->private_key.Reveal(), target.private_key.Reveal());
  EXPECT_EQ(target.jump_host->jump_host, nullptr);
  EXPECT_EQ(target.known_hosts, "10.0.0.7 " + PublicKey(test::kEd25519) + "\n[fd00::2]:2201 " + PublicKey(test::kEcdsa));
  EXPECT_EQ(target.jump_host->known_hosts, target.known_hosts);
}

TEST(TomlReader, JumpHostInFrontOfTheBorgServerMayBePinnedInKnownHost) {
  const std::string text = With(GoodToml(), "UserName=\"borg\"\nKnownHost=\"b.example.org ",
                                "UserName=\"borg\"\nProxyJumpHost=\"jump\"\nKnownHost=\"jump,b.example.org ");
  const Result<Plan> plan = ReadToml(text, "stdin");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  ASSERT_NE(plan->server.connection.jump_host, nullptr);
  EXPECT_EQ(plan->server.connection.jump_host->host, "jump");
  EXPECT_EQ(plan->server.connection.jump_host->port, 22);
  EXPECT_EQ(plan->server.connection.jump_host->user, "borg");
}

TEST(TomlReader, EmptyJumpHostIsNone) {
  const Result<Plan> plan =
      ReadToml(With(GoodToml(), "UserName=\"borg\"", "UserName=\"borg\"\nProxyJumpHost=\"\"\nProxyJumpKnownHost=\"\""), "stdin");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->server.connection.jump_host, nullptr);
}

TEST(TomlReader, Hosts) {
  struct Row {
    const char* written;
    const char* host;
    int port;
  };
  for (const Row& row : {Row{"name", "name", 22}, Row{"name:22", "name", 22}, Row{"10.1.2.3:65535", "10.1.2.3", 65535},
                         Row{"[::1]:2222", "::1", 2222}, Row{"[::1]", "::1", 22}, Row{"::1", "::1", 22},
                         Row{"fd00::1:22", "fd00::1:22", 22}, Row{"fe80::1%eth0", "fe80::1%eth0", 22}}) {
    SCOPED_TRACE(row.written);
    std::string text = With(GoodToml(), "Host=\"10.0.0.7\" # db", "Host=\"" + std::string(row.written) + "\"");
    text = With(text, "KnownHost=\"10.0.0.7 ", "KnownHost=\"");  // a bare key is good for any host
    const Result<Plan> plan = ReadToml(text, "stdin");
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_EQ(plan->targets[1].connection.host, row.host);
    EXPECT_EQ(plan->targets[1].connection.port, row.port);
  }
}

TEST(TomlReader, BytesThatAreNotUtf8Survive) {
  const std::string text = With(GoodToml(), "Excludes=[\"/srv/**/*.tmp\"]",
                                "Excludes=[\"/caf\xE9\", '/\xFF\xFE\xE2\x82', \"/\xE2\x82\xAC\", \"/\\u00e9\"] # \xE9");
  const Result<Plan> plan = ReadToml(text, "stdin");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->targets[0].source.excludes,
            (std::vector<std::string>{"/caf\xE9", "/\xFF\xFE\xE2\x82", "/\xE2\x82\xAC", "/\xC3\xA9"}));
}

TEST(TomlReader, PathsAreJoinedAsTheGoProgramJoinsThem) {
  for (const char* written : {"web/01", "/web/01", "//web/01", "./web/01", "web/01/", "web//01/", "web/./01/.", "/./web/01//"}) {
    SCOPED_TRACE(written);
    const Result<Plan> plan = ReadToml(With(GoodToml(), "\"web/01\"", '"' + std::string(written) + '"'), "stdin");
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_EQ(plan->targets[0].repository.path, "web/01");
  }
  for (const char* written : {"/home/backups/", "/home//./backups", "//home/backups/."}) {
    SCOPED_TRACE(written);
    const Result<Plan> plan = ReadToml(With(GoodToml(), "\"/home/backups\"", '"' + std::string(written) + '"'), "stdin");
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_EQ(plan->server.root_dir, "/home/backups");
  }
  const Result<Plan> dots = ReadToml(With(GoodToml(), "\"web/01\"", "\".web/...\""), "stdin");
  ASSERT_TRUE(dots.has_value()) << dots.error().message;
  EXPECT_EQ(dots->targets[0].repository.path, ".web/...");
}

// The names of two targets, written as they are to stand in the TOML; SubDir of the first is web/01.
std::string Names(const std::string& first, const std::string& second, const std::string& sub_dir = "db") {
  std::string text = With(With(GoodToml(), "Name=\"web\"\n", first), "Name=\"db\"\n", second);
  text = With(text, "SubDir=\"db\"", "SubDir=\"" + sub_dir + "\"");
  const Result<Plan> plan = ReadToml(text, "stdin");
  if (!plan) return plan.error().message;
  return plan->targets[0].name + " | " + plan->targets[1].name;
}

TEST(TomlReader, NamesMayBeMissingOrTheSame) {
  EXPECT_EQ(Names("", ""), "web/01 | db");
  EXPECT_EQ(Names("Name=\"\"\n", "Name=\"x\"\n"), "web/01 | x");
  EXPECT_EQ(Names("Name=\"x\"\n", "Name=\"x\"\n", "./web/02/"), "x | x (web/02)");
  EXPECT_EQ(Names("Name=\"x\"\n", "", "x"), "x | x 2");
  EXPECT_EQ(Names("", "Name=\"web/01\"\n"), "web/01 2 | web/01") << "a name that is given stays as it is";
  EXPECT_EQ(Names("Name=\"x\"\n", "", "a\\nb"), "x | 10.0.0.7") << "a path that is no name";
  EXPECT_EQ(Names("Name=\"x\"\n", "Name=\"x\"\n", "a\\nb"), "x | x (10.0.0.7)");
}

TEST(TomlReader, TablesThatDifferInCaseAreOne) {
  const std::string text = With(With(GoodToml(), "[Borg.Server]", "[borg.server]"), "[Servers.BorgTarget]", "[Servers.borgtarget]");
  const Result<Plan> plan = ReadToml(text, "stdin");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->server.root_dir, "/home/backups");
  EXPECT_EQ(plan->server.connection.host, "b.example.org");
  EXPECT_EQ(Message(With(GoodToml(), "[Borg.Server]\n", "[borg]\nrootdir=\"/x\"\n[Borg.Server]\n")),
            "backups.toml:5: Borg.RootDir: is given twice (keep one of them)");
}

TEST(TomlReader, LockWaitOfPruneSetting) {
  const Result<Plan> plan = ReadToml(With(GoodToml(), "--keep-daily 7", "--lock-wait 5 -d 7"), "stdin");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->targets[1].limits.lock_wait.count(), 5);
}

// The example of the Go program's README with its placeholders filled in.
TEST(TomlReader, ReadmeExample) {
  const std::string& key = PrivateKey(test::kEd25519);
  const std::string text =
      "## comment\n[Borg]\nRootDir=\"/home/backups\" # absolute\n"
      "PruneSetting=\"--keep-daily 7 --keep-weekly 20 --keep-monthly 12 --keep-yearly 15\"\n\n"
      "[Borg.Server]\nHost= \"target-borg-host:2022\" # port\nUserName= \"borg-user-name-for-backups\"\n"
      "KnownHost = \"\"\"\n# target-borg-host:2022 SSH-2.0-OpenSSH_9.2p1\n[target-borg-host]:2022 " +
      PublicKey(test::kEd25519) + "\n[target-borg-host]:2022 " + PublicKey(test::kEcdsa) +
      "\n\"\"\" # keyscan\nPrivateKey = \"\"\"\n" + key +
      "\"\"\" # key\n\n"
      "[[Servers]]\nName = \"Display name of the server in the log\"\nSourcePaths=[\n    \"/one/or/more/paths/to/backup\"\n]\n"
      "Excludes = [\n    \"/optional/exclude/globs/**/*.to-ignore\"\n]\n\n"
      "[Servers.BorgTarget]\nSubDir=\"sub/dir/on/backup/machine\"\nPassphrase=\"pass-phrase-for-this-backup\"\n\n"
      "[Servers.Connection]\nUsername=\"user-with-read-rights\"\nHost=\"server-to-be-backed-up\"\nKnownHost=\"\"\"\n"
      "server-to-be-backed-up " +
      PublicKey(test::kEd25519) + "\n\"\"\"\nPrivateKey = \"\"\"\n" + key + "\"\"\"\n";
  const Result<Plan> plan = ReadToml(text, "stdin");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->server.connection.host, "target-borg-host");
  EXPECT_EQ(plan->server.connection.port, 2022);
  EXPECT_EQ(plan->targets[0].source.excludes[0], "/optional/exclude/globs/**/*.to-ignore");
}

}  // namespace
}  // namespace borgop
