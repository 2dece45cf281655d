#include "engine/plan/yaml_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "engine/plan/yaml_document.h"
#include "plan_fixture.h"

namespace borgop {
namespace {

using test::GoodYaml;
using test::PrivateKey;
using test::PublicKey;
using test::With;

std::string Message(std::string_view text, const std::string& file = "plan.yaml") {
  const Result<Plan> plan = ReadYaml(text, file);
  if (plan) return {};
  EXPECT_EQ(plan.error().reason, Reason::kInvalidConfig);
  return plan.error().message;
}

std::string LineOf(std::string_view text, std::string_view what) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string_view::npos) << what;
  return std::to_string(1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(at, text.size())), '\n'));
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
  EXPECT_EQ(web.limits.deadline.count(), 3600);
  EXPECT_EQ(web.limits.lock_wait.count(), 60);
  EXPECT_EQ(web.limits.socket_timeout.count(), 61);
  EXPECT_EQ(web.limits.connect_timeout.count(), 62);
  EXPECT_EQ(web.limits.login_timeout.count(), 63);
  EXPECT_EQ(web.limits.upload_rate_kib, 1024U);
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
  EXPECT_EQ(db.limits.lock_wait, defaults.limits.lock_wait);
  EXPECT_EQ(db.connection.jump_host, nullptr);
}

TEST(YamlReader, OpenStrings) {
  // Where a string is wanted, a plain scalar is one, whatever it would mean elsewhere.
  struct Row {
    const char* written;
    const char* read;
  };
  for (const Row& row : {Row{"yes", "yes"}, Row{"0x10", "0x10"}, Row{"1e3", "1e3"}, Row{"5", "5"}, Row{"true", "true"},
                         Row{"\"~\"", "~"}, Row{"'null'", "null"}, Row{"!!str 7", "7"}, Row{"!!binary aGVsbG8=", "hello"},
                         Row{"!!binary |\n      aGVs\n      bG8=", "hello"}}) {
    SCOPED_TRACE(row.written);
    const Result<Plan> plan =
        ReadYaml(With(GoodYaml(), "passphrase: correct horse", "passphrase: " + std::string(row.written)), "plan.yaml");
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_EQ(plan->targets[0].repository.passphrase.Reveal(), row.read);
  }
}

TEST(YamlReader, BytesThatAreNotUtf8Survive) {
  const std::string text =
      With(GoodYaml(), "[/etc, /srv]", "[/caf\xE9, \"/\xFF\xFE\", !!binary L//+, '/\xE2\x82\xAC', \"/\\xe9\"] # \xE9");
  const Result<Plan> plan = ReadYaml(text, "plan.yaml");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->targets[0].source.paths,
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
  EXPECT_EQ(Message(text), "");
}

TEST(YamlReader, DocumentMarkers) {
  EXPECT_EQ(Message("---\n" + GoodYaml()), "");
  EXPECT_EQ(Message("%YAML 1.2\n---\n" + GoodYaml() + "...\n"), "");
  EXPECT_EQ(Message(GoodYaml() + "...\n# end"), "");
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
  std::string text = With(GoodYaml(), "    passphrase: correct horse\n    encryption: repokey\n", "    encryption: none\n");
  EXPECT_EQ(Message(text), "");
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
    EXPECT_EQ(Message(text, plan_file), place + row.problem);
  }
  EXPECT_EQ(Message(With(text, "passphraseFile: pass", "passphraseFile: no-such"), plan_file),
            place + "names the file `no-such`, which cannot be read: No such file or directory");
  EXPECT_EQ(Message(With(text, "passphraseFile: pass", "passphraseFile: ."), plan_file),
            place + "names the file `.`, which cannot be read: Is a directory");
  EXPECT_EQ(Message(With(text, "passphraseFile: pass", "passphraseFile: ''"), plan_file), place + "is empty (name a file)");
  directory.Write("pass", "pass");
  directory.Write("key", "rubbish");
  EXPECT_EQ(Message(text, plan_file),
            plan_file + ':' + LineOf(text, "privateKeyFile") +
                ": targets[1].connection.privateKeyFile: has no line `-----BEGIN ... PRIVATE KEY-----` at its start (give the "
                "whole file as ssh-keygen wrote it)");
}

struct Refusal {
  const char* name;
  std::string from;  // of GoodYaml
  std::string to;
  std::string at;       // a piece of the changed text: the line that the message names
  std::string problem;  // with the key
};
void PrintTo(const Refusal& row, std::ostream* out) { *out << row.name; }

class YamlRefusals : public testing::TestWithParam<Refusal> {};

TEST_P(YamlRefusals, NameFileLineAndKey) {
  const Refusal& row = GetParam();
  const std::string text = With(GoodYaml(), row.from, row.to);
  std::string problem = row.problem;
  if (const std::size_t at = problem.find("LINE("); at != std::string::npos) {
    const std::size_t end = problem.find(')', at);
    problem.replace(at, end - at + 1, LineOf(text, problem.substr(at + 5, end - at - 5)));
  }
  EXPECT_EQ(Message(text), "plan.yaml:" + LineOf(text, row.at) + ": " + problem);
}

const Refusal kRefusals[] = {
    {"UnknownKey", "  archiveName", "  archivename", "archivename",
     "targets[0].archivename: is not a known key (did you mean `archiveName`?)"},
    {"UnknownTopKey", "version: 1", "version: 1\nretention: {}", "retention: {}", "retention: is not a known key (remove it)"},
    {"TomlKey", "  host: b.", "  Host: x\n  host: b.", "Host: x", "server.Host: is not a known key (did you mean `host`?)"},
    {"MergeKey", "  archiveName", "  <<: {a: b}\n  archiveName", "<<", "targets[0].`<<`: is not a known key (remove it)"},
    {"JumpHostHasNoRoot", "      user: hop", "      rootDir: /x\n      user: hop", "      rootDir",
     "targets[0].connection.jumpHost.rootDir: is not a known key (remove it)"},
    {"KeyTwice", "  archiveName", "  name: x\n  archiveName", "  name: x",
     "column 3: the key `name` is given twice (keep one of them)"},
    {"Version2", "version: 1", "version: 2", "version", "version: is 2 (use a number from 1 to 1)"},
    {"NoVersion", "version: 1\n", "", "server:", "version: is missing (write `version: 1`)"},
    {"NullVersion", "version: 1", "version:", "version", "version: has no value (give it one, or remove the key)"},
    {"MapForString", "path: web/01", "path: {a: b}", "path: {", "targets[0].repository.path: must be a string, not a table"},
    {"ListForString", "path: web/01", "path: [web]", "path: [", "targets[0].repository.path: must be a string, not a list"},
    {"NullForString", "path: web/01", "path: ~", "path: ~",
     "targets[0].repository.path: has no value (give it one, or remove the key)"},
    {"StringForMap", "repository: {path: db, passphrase: \"battery staple\"}", "repository: db", "repository: db",
     "targets[1].repository: must be a table of keys and values, not a single value"},
    {"NullForMap", "source: {paths: [/var/lib/db]}", "source:", "  source:\n  conn",
     "targets[1].source: has no value (give it one, or remove the key)"},
    {"StringForList", "[/etc, /srv]", "/etc", "paths: /etc", "targets[0].source.paths: must be a list, not a single value"},
    {"NullForList", "excludes:\n    - /srv/**/*.tmp", "excludes:", "excludes",
     "targets[0].source.excludes: has no value (give it one, or remove the key)"},
    {"NullInList", "    - /srv/**/*.tmp", "    -", "    -\n",
     "targets[0].source.excludes[0]: has no value (give it one, or remove the key)"},
    {"NullInListFurtherUp", "    - /srv/**/*.tmp", "    -\n\n    # comment\n    - x", "    -\n",
     "targets[0].source.excludes[0]: has no value (give it one, or remove the key)"},
    {"TildeInList", "    - /srv/**/*.tmp", "    - x\n    - ~", "    - ~",
     "targets[0].source.excludes[1]: has no value (give it one, or remove the key)"},
    {"FloatForNumber", "keepDaily: 7", "keepDaily: 7.5", "keepDaily",
     "targets[0].retention.keepDaily: must be a whole number from -1000000000 to 1000000000, in decimal digits only, not `7.5`"},
    {"WordForNumber", "keepDaily: 7", "keepDaily: abc", "keepDaily",
     "targets[0].retention.keepDaily: must be a whole number from -1000000000 to 1000000000, in decimal digits only, not `abc`"},
    {"HexForNumber", "port: 2200", "port: 0x10", "port: 0x10",
     "server.port: must be a whole number from 1 to 65535, in decimal digits only, not `0x10`"},
    {"OctalForNumber", "port: 2200", "port: 022", "port: 022",
     "server.port: must be a whole number from 1 to 65535, in decimal digits only, not `022`"},
    {"QuotedNumber", "keepDaily: 7", "keepDaily: \"7\"", "keepDaily",
     "targets[0].retention.keepDaily: must be a whole number, not a string (write it without quotes)"},
    {"ListForNumber", "keepDaily: 7", "keepDaily: [7]", "keepDaily",
     "targets[0].retention.keepDaily: must be a whole number, not a list"},
    {"HugeNumber", "keepDaily: 7", "keepDaily: 99999999999999999999", "keepDaily",
     "targets[0].retention.keepDaily: must be a whole number from -1000000000 to 1000000000, in decimal digits only, not "
     "`99999999999999999999`"},
    {"OutOfRange", "deadlineSeconds: 3600", "deadlineSeconds: -1", "deadlineSeconds",
     "targets[0].limits.deadlineSeconds: is -1 (use a number from 0 to 315360000)"},
    {"ZeroTimeout", "loginTimeoutSeconds: 63", "loginTimeoutSeconds: 0", "loginTimeout",
     "targets[0].limits.loginTimeoutSeconds: is 0 (use a number from 1 to 315360000)"},
    {"NegativeCount", "keepDaily: 7", "keepDaily: -2", "keepDaily",
     "targets[0].retention.keepDaily: is -2 (use a number from 0, or -1 to keep all)"},
    {"PortZero", "port: 2200", "port: 0", "port: 0", "server.port: is 0 (use a number from 1 to 65535)"},
    {"PortTooHigh", "port: 2200", "port: 65536", "port: 65536", "server.port: is 65536 (use a number from 1 to 65535)"},
    {"YesForBoolean", "compact: false", "compact: no", "compact",
     "targets[0].maintenance.compact: must be true or false, not `no`"},
    {"QuotedBoolean", "compact: false", "compact: 'false'", "compact",
     "targets[0].maintenance.compact: must be true or false, not a string (write it without quotes)"},
    {"Check", "check: archives", "check: archive",
     "check:", "targets[0].maintenance.check: is `archive` (use full, repository, archives or none)"},
    {"Compression", "zstd,9", "zstd,99", "compression",
     "targets[0].source.compression: is `zstd,99`, which borg does not know (use none, lz4, zstd[,1-22], zlib[,0-9], lzma[,0-9], "
     "auto,C[,L] or "
     "obfuscate,SPEC,C[,L])"},
    {"Encryption", "encryption: repokey", "encryption: repokey-blake", "encryption",
     "targets[0].repository.encryption: is `repokey-blake`, which borg does not know (did you mean `repokey-blake2`?)"},
    {"KeepWithin", "keepWithin: 48H", "keepWithin: 48h", "keepWithin",
     "targets[0].retention.keepWithin: is `48h` (hours are `48H`)"},
    {"Archive", "\"{hostname}-{utcnow:%Y}\"", "a/b", "archiveName",
     "targets[0].archiveName: has a slash in it (an archive's name must not)"},
    {"EmptyArchive", "\"{hostname}-{utcnow:%Y}\"", "''", "archiveName",
     "targets[0].archiveName: is empty (remove the key for `snapshot-{utcnow}`)"},
    {"Borg", "borg: borg-1.4", "borg: bin/borg", "borg: bin/borg", "targets[0].borg: is a relative path (make it absolute)"},
    {"RelativeRoot", "rootDir: /home", "rootDir: home", "rootDir",
     "server.rootDir: is not absolute (begin it with a slash: `/home/backups`)"},
    {"NoRoot", "  rootDir: /home/backups\n", "",
     "server:", "server.rootDir: is missing (give the absolute path that all repositories are below)"},
    {"SamePath", "path: db", "path: web/01", "{path: web/01",
     "targets[1].repository.path: is the same as in targets[0].repository.path on line LINE(path: web/01) (give each target a "
     "repository of its own)"},
    {"SameName", "- name: db", "- name: web # 2", "# 2",
     "targets[1].name: is the same as in targets[0].name on line LINE(name: web) (give each target a name of its own)"},
    {"BothForms", "    user: root", "    user: root\n    privateKeyFile: key", "privateKeyFile",
     "targets[1].connection.privateKeyFile: is given beside `privateKey` (keep one of them)"},
    {"NeitherForm", "{path: db, passphrase: \"battery staple\"}", "{path: db}", "{path: db}",
     "targets[1].repository.passphrase: is missing (give passphrase or passphraseFile)"},
    {"EmptyPassphrase", "passphrase: \"battery staple\"", "passphrase: \"\"", "passphrase: \"\"",
     "targets[1].repository.passphrase: is empty (give passphrase or passphraseFile)"},
    {"PassphraseBlock", "passphrase: correct horse", "passphrase: |\n      correct horse", "passphrase: |",
     "targets[0].repository.passphrase: has a line break in it (borg reads one line: remove the break)"},
    {"NulByBinary", "[/etc, /srv]", "[!!binary L2UAdGM=]", "!!binary",
     "targets[0].source.paths[0]: has a NUL byte in it (remove it)"},
    {"NulByEscape", "[/etc, /srv]", "[\"/e\\0\"]", "\\0", "targets[0].source.paths[0]: has a NUL byte in it (remove it)"},
    {"HostWithPort", "host: 10.0.0.7", "host: 10.0.0.7:22", "10.0.0.7:22",
     "targets[1].connection.host: has a colon in it and is no IPv6 address (give the port on its own)"},
    {"NotPinned", "knownHosts: web.example.org ", "knownHosts: www.example.org ", "knownHosts: www",
     "targets[0].connection.knownHosts: has no key for `web.example.org`, only for `www.example.org` (run ssh-keyscan "
     "web.example.org)"},
    {"JumpNotPinned", "\"fd00::1 ", "\"fd00::2 ", "fd00::2",
     "targets[0].connection.jumpHost.knownHosts: has no key for `fd00::1`, only for `fd00::2` (run ssh-keyscan fd00::1)"},
    {"KeyEncrypted", "      keyPassphrase: sesame\n", "",
     "      privateKey: |\n" + test::Indented(PrivateKey(test::kEncryptedEd25519), 8),
     "targets[0].connection.jumpHost.privateKey: is encrypted, and there is no passphrase for it (give keyPassphrase in a plan; "
     "TOML has no place for "
     "one)"},
    {"EmptyTargetSource", "{paths: [/var/lib/db]}", "{paths: []}", "{paths: []}",
     "targets[1].source.paths: is empty (list the paths to back up)"},
};
INSTANTIATE_TEST_SUITE_P(Rows, YamlRefusals, testing::ValuesIn(kRefusals),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(YamlReader, RetentionThatKeepsNothing) {
  const std::string text =
      With(GoodYaml(), "  source: {paths: [/var/lib/db]}", "  source: {paths: [/var/lib/db]}\n  retention: {keepDaily: 0}");
  EXPECT_EQ(
      Message(text),
      "plan.yaml:" + LineOf(text, "retention: {") +
          ": targets[1].retention: keeps nothing, which borg refuses (make one of the numbers more than 0, or remove all to keep "
          "everything)");
}

TEST(YamlReader, SyntaxErrorsNameLineAndColumn) {
  struct Row {
    const char* name;
    std::string text;
    std::string start;
  };
  const Row rows[] = {
      {"open bracket", "version: 1\ntargets: [", "p:2: column "},
      {"tab", "version: 1\nserver:\n\thost: x\n", "p:3: column "},
      {"open quote", "version: \"1\n", "p:2: column "},
      {"open single quote", "version: '1\nserver:\n", "p:3: column "},
      {"open quote, no line break", "version: \"1", "p:1: column "},
      {"unknown alias", "version: *a\n", "p:1: column 10: is no valid YAML: "},
      {"recursive alias", "version: &a [*a]\n", "p:1: column 14: an alias stands inside of what it refers to"},
      {"two documents", "version: 1\n---\nversion: 1\n", "p:2: column 1: a second document begins here (keep one)"},
      {"map as key", "{a: b}: c\n", "p:1: column 1: a key must be a single value"},
      {"list as key", "? [a]\n: b\n", "p:1: column 3: a key must be a single value"},
      {"alias as key", "a: &x 1\n*x : b\n", "p:2: column 1: an alias stands where a key is wanted"},
      {"tag", "version: !!float 1\n", "p:1: column 10: the tag `tag:yaml.org,2002:float` has no meaning here"},
      {"own tag", "version: !env X\n", "p:1: column 10: the tag `!env` has no meaning here"},
      {"binary", "version: !!binary '*'\n", "p:1: column 10: a !!binary value is not base64"},
      {"control", "version: 1\n#\x04\n", "p:2: there is a control character here"},
      {"NUL", std::string("version: 1\n\n\0", 13), "p:3: there is a NUL byte here"},
      {"own code point", "version: 1\n# \xF4\x8F\xA2\x80\n", "p:2: there is a code point from U+10F800"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const std::string message = Message(row.text, "p");
    EXPECT_TRUE(message.starts_with(row.start)) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST(YamlReader, EmptyInput) {
  EXPECT_EQ(Message(""), "plan.yaml: is empty (write a plan)");
  EXPECT_EQ(Message("# nothing\n"), "plan.yaml: is empty (write a plan)");
  EXPECT_EQ(Message("---\n"), "plan.yaml: is empty (write a plan)");
  EXPECT_EQ(Message("...\n"), "plan.yaml: is empty (write a plan)");
  EXPECT_EQ(Message("just text"), "plan.yaml:1: must be a table of keys and values, not a single value");
  EXPECT_EQ(Message("{}"),
            "plan.yaml:1: version: is missing (write `version: 1`)\n"
            "plan.yaml:1: server: is missing (say where the repositories are, and how to log in there)\n"
            "plan.yaml:1: targets: is missing (list the machines to back up)");
}

TEST(YamlReader, ManyProblemsAreCounted) {
  std::string text = "version: 1\nserver: {}\ntargets:\n";
  for (int i = 0; i < 10; ++i) text += "- {}\n";
  const std::string message = Message(text);
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 20);
  EXPECT_TRUE(message.ends_with("\nplan.yaml: and 25 more")) << message;  // 5 of the server, 4 of each target
}

TEST(YamlReader, DepthAndSizeAreLimited) {
  EXPECT_EQ(Message("a: " + std::string(100, '[') + std::string(100, ']')),
            "plan.yaml:1: column 35: nests too deep here (a plan needs at most eight levels)");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int j = 0; j < 9; ++j) bomb += ", " + below;
    bomb += "]\n";
  }
  const std::string message = Message(bomb);
  EXPECT_NE(message.find("the file holds too much, aliases included (split it)"), std::string::npos) << message;
  std::string tower = "a0: &a0 [x]\n";
  for (int i = 1; i < 40; ++i)
    tower += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_NE(Message(tower).find("nests too deep here"), std::string::npos) << Message(tower);
  EXPECT_NE(Message("a: &a '" + std::string(9 << 20, 'x') + "'\nb: [*a, *a, *a, *a, *a, *a, *a, *a]\n").find("holds too much"),
            std::string::npos);
  EXPECT_EQ(Message(std::string((16 << 20) + 1, ' ')), "plan.yaml: is larger than 16 MiB (split it)");
}

TEST(YamlReader, JumpHostsAreLimited) {
  std::string jump;
  for (int i = 0; i < 5; ++i) {
    const std::string spaces(static_cast<std::size_t>(2 * i + 6), ' ');
    jump += spaces.substr(2) + "jumpHost:\n" + spaces + "host: j\n" + spaces + "user: j\n" + spaces + "knownHosts: j " +
            PublicKey(test::kEd25519) + "\n" + spaces + "privateKey: |\n" + test::Indented(PrivateKey(test::kEd25519), 2 * i + 8);
  }
  const std::string text = GoodYaml() + jump;
  EXPECT_EQ(Message(text).find(
                "targets[1].connection.jumpHost.jumpHost.jumpHost.jumpHost.jumpHost: is one jump host too many (use at most 4)") !=
                std::string::npos,
            true)
      << Message(text);
}

}  // namespace
}  // namespace borgop
