// What the YAML reader refuses, and with what words.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "engine/plan/yaml_reader.h"
#include "plan_fixture.h"

namespace borgop {
namespace {

using test::GoodYaml;
using test::LineOf;
using test::PrivateKey;
using test::PublicKey;
using test::With;
using test::YamlProblem;

struct YamlRefused {
  const char* name;
  std::string from;  // of GoodYaml
  std::string to;
  std::string at;       // a piece of the changed text: the line that the message names
  std::string problem;  // with the key
};
void PrintTo(const YamlRefused& row, std::ostream* out) { *out << row.name; }

class YamlRefusals : public testing::TestWithParam<YamlRefused> {};

TEST_P(YamlRefusals, NameFileLineAndKey) {
  const YamlRefused& row = GetParam();
  const std::string text = With(GoodYaml(), row.from, row.to);
  std::string problem = row.problem;
  if (const std::size_t at = problem.find("LINE("); at != std::string::npos) {
    const std::size_t end = problem.find(')', at);
    problem.replace(at, end - at + 1, LineOf(text, problem.substr(at + 5, end - at - 5)));
  }
  EXPECT_EQ(YamlProblem(text), "plan.yaml:" + LineOf(text, row.at) + ": " + problem);
}

const YamlRefused kYamlRefusals[] = {
    {"UnknownKey", "  archiveName", "  archivename", "archivename",
     "targets[0].archivename: is not a known key (did you mean `archiveName`?)"},
    {"UnknownTopKey", "version: 1", "version: 1\nretention: {}", "retention: {}",
     "retention: is not a known key (use version, server or targets, or remove it)"},
    {"TomlKey", "  host: b.", "  Host: x\n  host: b.", "Host: x", "server.Host: is not a known key (did you mean `host`?)"},
    {"MergeKey", "  archiveName", "  <<: {a: b}\n  archiveName", "<<",
     "targets[0].`<<`: is not a known key (use name, connection, borg, repository, source, archiveName, retention, maintenance, "
     "hooks or limits, or remove it)"},
    {"JumpHostHasNoRoot", "      user: hop", "      rootDir: /x\n      user: hop", "      rootDir",
     "targets[0].connection.jumpHost.rootDir: is not a known key (use host, port, user, privateKey, privateKeyFile, keyPassphrase, "
     "keyPassphraseFile, knownHosts, knownHostsFile or jumpHost, or remove it)"},
    {"KeyTwice", "  archiveName", "  name: x\n  archiveName", "  name: x",
     "column 3: the key `name` is given twice (keep one of them)"},
    {"Version2", "version: 1", "version: 2", "version", "version: is `2` (only version 1 is known: write `version: 1`)"},
    {"WordVersion", "version: 1", "version: v1", "version", "version: is `v1` (only version 1 is known: write `version: 1`)"},
    {"QuotedVersion", "version: 1", "version: '1'", "version",
     "version: must be a whole number, not a string (write it without quotes)"},
    {"NoVersion", "version: 1\n", "", "server:", "version: is missing (write `version: 1`)"},
    {"NullVersion", "version: 1", "version:", "version", "version: has no value (give it one, or remove the key)"},
    {"MapForString", "path: web/01", "path: {a: b}", "path: {", "targets[0].repository.path: must be a string, not a table"},
    {"ListForString", "path: web/01", "path: [web]", "path: [", "targets[0].repository.path: must be a string, not a list"},
    {"NullForString", "path: web/01", "path: ~", "path: ~",
     "targets[0].repository.path: has no value (give it one, or remove the key)"},
    {"BooleanForString", "name: web", "name: true", "name: true",
     "targets[0].name: must be a string, not a boolean (put it in quotes: 'true')"},
    {"YesForString", "name: web", "name: Yes", "name: Yes",
     "targets[0].name: must be a string, not a boolean (put it in quotes: 'Yes')"},
    {"NumberForString", "user: borg", "user: 5", "user: 5", "server.user: must be a string, not a number (put it in quotes: '5')"},
    {"NumberInList", "[/etc, /srv]", "[/etc, 1]",
     "paths:", "targets[0].source.paths[1]: must be a string, not a number (put it in quotes: '1')"},
    {"BooleanInList", "excludes:\n    - /srv/**/*.tmp", "excludes: [true]", "excludes",
     "targets[0].source.excludes[0]: must be a string, not a boolean (put it in quotes: 'true')"},
    {"NumberForSecret", "passphrase: correct horse", "passphrase: 12345", "12345",
     "targets[0].repository.passphrase: must be a string, not a number (put it in quotes)"},
    {"FractionForSecret", "passphrase: correct horse", "passphrase: 1.50", "1.50",
     "targets[0].repository.passphrase: must be a string, not a number (put it in quotes)"},
    {"BooleanForSecret", "passphrase: correct horse", "passphrase: off", "passphrase: off",
     "targets[0].repository.passphrase: must be a string, not a boolean (put it in quotes)"},
    {"LongNumberForString", "user: borg", "user: " + std::string(61, '7'), "user: 77",
     "server.user: must be a string, not a number (put it in quotes)"},
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
     "check:", "targets[0].maintenance.check: is `archive` (use full, verifyData, repository, archives or none)"},
    {"CheckTime", "check: archives", "checkMaxDurationSeconds: 60", "checkMax",
     "targets[0].maintenance.checkMaxDurationSeconds: needs check: repository (borg checks archives only as a whole; "
     "remove one of the two)"},
    {"CompactAfter", "compactAfter: 3d", "compactAfter: 3 days", "compactAfter",
     "targets[0].maintenance.compactAfter: is `3 days` (write a number above 0 and one of h, d, w, such as `72h`; at most a year)"},
    {"CompactAfterAges", "compactAfter: 3d", "compactAfter: 53w", "compactAfter",
     "targets[0].maintenance.compactAfter: is `53w` (write a number above 0 and one of h, d, w, such as `72h`; at most a year)"},
    {"CheckNoTime", "check: archives", "checkMaxDurationSeconds: 0", "checkMax",
     "targets[0].maintenance.checkMaxDurationSeconds: is 0 (use a number from 1 to 315360000)"},
    {"KeyFileRelative", "keyFile: /var/lib/borg/web.key", "keyFile: web.key", "keyFile",
     "targets[0].repository.keyFile: is not absolute (begin it with a slash: `/web.key`)"},
    {"KeyFileDirectory", "keyFile: /var/lib/borg/web.key", "keyFile: /var/lib/borg/", "keyFile",
     "targets[0].repository.keyFile: names a directory (give the path of a file)"},
    {"LedgerFileRelative", "ledgerFile: /var/lib/borg/ledger.json", "ledgerFile: ledger.json", "ledgerFile",
     "targets[0].repository.ledgerFile: is not absolute (begin it with a slash: `/ledger.json`)"},
    {"LockOwnerShort", "lockOwner: 6f1c2e0a-web", "lockOwner: web", "lockOwner",
     "targets[0].repository.lockOwner: is no owner of locks (give 8 to 64 lower-case letters, digits and dashes that no other "
     "target "
     "has, such as a UUID)"},
    {"AcknowledgeAll", "acknowledge: 0123456789abcdef0123456789abcdef", "acknowledge: all", "acknowledge",
     "targets[0].repository.acknowledge: is no finding's id (give the 32 digits that the report has for it)"},
    {"KeyFileWithoutKey", "encryption: repokey", "encryption: none", "keyFile",
     "targets[0].repository.keyFile: needs a repository that is encrypted: this one has no key (remove it)"},
    {"HookKey", "timeoutSeconds: 300", "timeout: 300",
     "timeout:", "targets[0].hooks.timeout: is not a known key (did you mean `timeoutSeconds`?)"},
    {"HookKeyNearest", "    after:\n", "    afer:\n", "afer", "targets[0].hooks.afer: is not a known key (did you mean `after`?)"},
    {"HookTimeout", "timeoutSeconds: 300", "timeoutSeconds: 0", "timeoutSeconds",
     "targets[0].hooks.timeoutSeconds: is 0 (use a number from 1 to 86400)"},
    {"HookLine", "[/usr/bin/systemctl, start, x.service]", "systemctl start x", "systemctl start",
     "targets[0].hooks.after[0]: must be a list, not a single value"},
    {"HookMap", "[/usr/bin/systemctl, start, x.service]", "{command: [x]}", "{command",
     "targets[0].hooks.after[0]: must be a list, not a table"},
    {"HookEmpty", "[/usr/bin/systemctl, start, x.service]", "[]", "- []",
     "targets[0].hooks.after[0]: is empty (give a program and its arguments, or remove it)"},
    {"HookNoProgram", "[/usr/bin/systemctl, start, x.service]", "['', x]", "['', x]",
     "targets[0].hooks.after[0][0]: is empty (name the program)"},
    {"HookProgram", "[/usr/bin/systemctl, start, x.service]", "[bin/x]", "[bin/x]",
     "targets[0].hooks.after[0][0]: is a relative path (make it absolute)"},
    {"HookNul", "[/usr/bin/systemctl, start, x.service]", "[x, \"a\\0b\"]", "[x, ",
     "targets[0].hooks.after[0][1]: has a NUL byte in it (remove it)"},
    {"HookNested", "[/usr/bin/systemctl, start, x.service]", "[x, [y]]", "[x, ",
     "targets[0].hooks.after[0][1]: must be a string, not a list"},
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
    {"PathInside", "path: db", "path: web/01/x", "{path: web/01/x",
     "targets[1].repository.path: is inside of the repository of targets[0].repository.path on line LINE(path: web/01) (put them "
     "side by side)"},
    {"PathAround", "path: db", "path: web", "{path: web,",
     "targets[1].repository.path: is around the repository of targets[0].repository.path on line LINE(path: web/01) (put them side "
     "by side)"},
    {"HomeRoot", "rootDir: /home/backups", "rootDir: /~borg/backups", "rootDir",
     "server.rootDir: begins with ~, which borg reads as a home directory (name the directory from the root, or rename it)"},
    {"PathWithPlaceholder", "path: db", "path: 'db{pid}'", "db{pid}",
     "targets[1].repository.path: holds a brace, which borg serve reads as a placeholder (rename the directory)"},
    {"SourceNotUtf8WithDots", "[/etc, /srv]", "[/etc, \"/srv/../\xff\"]", "/srv/",
     "targets[0].source.paths[1]: is not UTF-8 and has `..` as a component (write the path without)"},
    {"SourceNotUtf8AndRelative", "[/etc, /srv]", "[/etc, \"srv/\xff\"]", "srv/",
     "targets[0].source.paths: has a path that is not UTF-8, which borg is told by a pattern, and patterns do not tell absolute "
     "and "
     "relative paths apart (make all paths absolute)"},
    {"PassphraseNotUtf8", "battery staple", "batter\xff", "batter",
     "targets[1].repository.passphrase: is not UTF-8, as which borg reads it (write it in UTF-8)"},
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
INSTANTIATE_TEST_SUITE_P(Rows, YamlRefusals, testing::ValuesIn(kYamlRefusals),
                         [](const auto& row) { return std::string(row.param.name); });

// Words that people write for a key, which are further from it than a typing error.
TEST(YamlRefusal, KeysByOtherNames) {
  struct Row {
    std::string at;  // the key before which it stands
    std::string word;
    std::string path;
    std::string meant;
  };
  const Row rows[] = {{"user: borg", "username", "server.", "user"},
                      {"user: borg", "hostname", "server.", "host"},
                      {"user: borg", "key", "server.", "privateKey"},
                      {"user: borg", "jump", "server.", "jumpHost"},
                      {"user: borg", "rootDirectory", "server.", "rootDir"},
                      {"encryption:", "password", "targets[0].repository.", "passphrase"},
                      {"encryption:", "Password", "targets[0].repository.", "passphrase"},
                      {"encryption:", "repositoryPath", "targets[0].repository.", "path"},
                      {"compression:", "exclude", "targets[0].source.", "excludes"},
                      {"keepLast:", "daily", "targets[0].retention.", "keepDaily"},
                      {"deadlineSeconds:", "deadline", "targets[0].limits.", "deadlineSeconds"},
                      {"deadlineSeconds:", "lockWait", "targets[0].limits.", "lockWaitSeconds"}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.word);
    const std::size_t at = GoodYaml().find(row.at);
    const std::size_t line = GoodYaml().rfind('\n', at) + 1;
    const std::string indentation(at - line, ' ');
    const std::string text = With(GoodYaml(), row.at, row.word + ": x\n" + indentation + row.at);
    EXPECT_EQ(YamlProblem(text), "plan.yaml:" + LineOf(text, row.word + ": x") + ": " + row.path + row.word +
                                     ": is not a known key (did you mean `" + row.meant + "`?)");
  }
}

TEST(YamlRefusal, AKeyLikeNoOtherIsToldWhatThereIs) {
  const std::string text = With(GoodYaml(), "encryption:", "subDir: x\n    encryption:");
  EXPECT_EQ(YamlProblem(text), "plan.yaml:" + LineOf(text, "subDir") +
                                   ": targets[0].repository.subDir: is not a known key (use path, passphrase, passphraseFile, "
                                   "encryption, keyFile, ledgerFile, lockOwner, acknowledge or adopt, or remove it)");
}

TEST(YamlRefusal, RetentionThatKeepsNothing) {
  const std::string text =
      With(GoodYaml(), "  source: {paths: [/var/lib/db]}", "  source: {paths: [/var/lib/db]}\n  retention: {keepDaily: 0}");
  EXPECT_EQ(
      YamlProblem(text),
      "plan.yaml:" + LineOf(text, "retention: {") +
          ": targets[1].retention: keeps nothing, which borg refuses (make one of the numbers more than 0, or remove all to keep "
          "everything)");
}

TEST(YamlRefusal, SyntaxErrorsNameLineAndColumn) {
  struct Row {
    const char* name;
    std::string text;
    std::string start;
  };
  const Row rows[] = {
      {"open bracket", "version: 1\ntargets: [", "p:2: column "},
      {"tab", "version: 1\nserver:\n\thost: x\n", "p:3: column "},
      {"open quote", "version: \"1\n", "p:1: column 10: a quoted text begins here"},
      {"open single quote", "version: '1\nserver:\n", "p:1: column 10: a quoted text begins here"},
      {"open quote, no line break", "version: \"1", "p:1: column 10: a quoted text begins here"},
      {"unknown alias", "version: *a\n", "p:1: column 10: is no valid YAML: "},
      {"recursive alias", "version: &a [*a]\n", "p:1: column 14: an alias stands inside of what it refers to"},
      {"open quote in a list", "a:\n- b\n- \"it's c\n- d\n",
       "p:3: column 3: a quoted text begins here and is not closed (close it"},
      {"open quote behind one", "a: \"b\"\nc: 'd\ne: \"f\"\n", "p:2: column 4: a quoted text begins here"},
      {"open quote behind comments", "a: b # it's\n# don't\nc: it's\nd: \"e\n", "p:4: column 4: a quoted text begins here"},
      {"open quote behind a block", "a: |\n  it's \"\nb: \"c\n", "p:3: column 4: a quoted text begins here"},
      {"open quote in brackets", "a: [b, \"c, d]\ne: f\n", "p:1: column 8: a quoted text begins here"},
      {"open quote of a key", "a: b\n\"c: d\ne: f\n", "p:2: column 1: a quoted text begins here"},
      {"open quote at a document's end", "a: \"b\n---\nc: d\n", "p:1: column 4: a quoted text begins here"},
      {"open quote behind a byte order mark", "\xEF\xBB\xBF\"a: b\n", "p:1: column 1: a quoted text begins here"},
      {"open quote behind many", "a: " + std::string(5001, '\'') + "\n", "p:1: column "},
      {"open quote behind more than are tried", "a: b\nc: # " + std::string(100, '"') + "\n  \"d\n",
       "p:2: column 1: a quoted text begins behind this"},
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
    const std::string message = YamlProblem(row.text, "p");
    EXPECT_TRUE(message.starts_with(row.start)) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST(YamlRefusal, EmptyInput) {
  EXPECT_EQ(YamlProblem(""), "plan.yaml: is empty (write a plan)");
  EXPECT_EQ(YamlProblem("# nothing\n"), "plan.yaml: is empty (write a plan)");
  EXPECT_EQ(YamlProblem("---\n"), "plan.yaml: is empty (write a plan)");
  EXPECT_EQ(YamlProblem("...\n"), "plan.yaml: is empty (write a plan)");
  EXPECT_EQ(YamlProblem("just text"), "plan.yaml:1: must be a table of keys and values, not a single value");
  EXPECT_EQ(YamlProblem("{}"),
            "plan.yaml:1: version: is missing (write `version: 1`)\n"
            "plan.yaml:1: server: is missing (say where the repositories are, and how to log in there)\n"
            "plan.yaml:1: targets: is missing (list the machines to back up)");
}

TEST(YamlRefusal, ManyProblemsAreCounted) {
  std::string text = "version: 1\nserver: {}\ntargets:\n";
  for (int i = 0; i < 10; ++i) text += "- {}\n";
  const std::string message = YamlProblem(text);
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 20);
  EXPECT_TRUE(message.ends_with("\nplan.yaml: and 25 more")) << message;  // 5 of the server, 4 of each target
}

TEST(YamlRefusal, DepthAndSizeAreLimited) {
  EXPECT_EQ(YamlProblem("a: " + std::string(100, '[') + std::string(100, ']')),
            "plan.yaml:1: column 35: nests too deep here (a plan needs at most eight levels)");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int j = 0; j < 9; ++j) bomb += ", " + below;
    bomb += "]\n";
  }
  const std::string message = YamlProblem(bomb);
  EXPECT_NE(message.find("the file holds too much, aliases included (split it)"), std::string::npos) << message;
  std::string tower = "a0: &a0 [x]\n";
  for (int i = 1; i < 40; ++i)
    tower += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_NE(YamlProblem(tower).find("nests too deep here"), std::string::npos) << YamlProblem(tower);
  EXPECT_NE(YamlProblem("a: &a '" + std::string(9 << 20, 'x') + "'\nb: [*a, *a, *a, *a, *a, *a, *a, *a]\n").find("holds too much"),
            std::string::npos);
  EXPECT_EQ(YamlProblem(std::string((16 << 20) + 1, ' ')), "plan.yaml: is larger than 16 MiB (split it)");
}

TEST(YamlRefusal, JumpHostsAreLimited) {
  std::string jump;
  for (int i = 0; i < 5; ++i) {
    const std::string spaces(static_cast<std::size_t>(2 * i + 6), ' ');
    jump += spaces.substr(2) + "jumpHost:\n" + spaces + "host: j\n" + spaces + "user: j\n" + spaces + "knownHosts: j " +
            PublicKey(test::kEd25519) + "\n" + spaces + "privateKey: |\n" + test::Indented(PrivateKey(test::kEd25519), 2 * i + 8);
  }
  const std::string text = GoodYaml() + jump;
  EXPECT_EQ(YamlProblem(text).find(
                "targets[1].connection.jumpHost.jumpHost.jumpHost.jumpHost.jumpHost: is one jump host too many (use at most 4)") !=
                std::string::npos,
            true)
      << YamlProblem(text);
}

}  // namespace
}  // namespace borgop
