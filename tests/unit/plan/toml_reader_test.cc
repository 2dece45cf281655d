#include "engine/plan/toml_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "plan_fixture.h"

namespace borgop {
namespace {

using test::GoodToml;
using test::LineOf;
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

TEST(TomlReader, SubDirLosesSlashesThatChangeNothing) {
  const Result<Plan> plan = ReadToml(With(GoodToml(), "\"web/01\"", "\"web//01/\""), "stdin");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->targets[0].repository.path, "web/01");
}

TEST(TomlReader, LockWaitOfPruneSetting) {
  const Result<Plan> plan = ReadToml(With(GoodToml(), "--keep-daily 7", "--lock-wait 5 -d 7"), "stdin");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->targets[1].limits.lock_wait.count(), 5);
}

struct Refusal {
  const char* name;
  std::string from;  // of GoodToml
  std::string to;
  std::string at;       // a piece of the changed text: the line that the message names
  std::string problem;  // with the key
};
void PrintTo(const Refusal& row, std::ostream* out) { *out << row.name; }

class TomlRefusals : public testing::TestWithParam<Refusal> {};

TEST_P(TomlRefusals, NameFileLineAndKey) {
  const Refusal& row = GetParam();
  const std::string text = With(GoodToml(), row.from, row.to);
  EXPECT_EQ(Message(text), "backups.toml:" + LineOf(text, row.at) + ": " + row.problem);
}

const Refusal kRefusals[] = {
    {"UnknownKey", "SourcePaths=[\"/etc\"", "SourcePath=1\nSourcePaths=[\"/etc\"", "SourcePath=1",
     "Servers[0].SourcePath: is not a known key (did you mean `SourcePaths`?)"},
    {"UnknownKeyFar", "[Borg]", "Frobnicate=1\n[Borg]", "Frobnicate", "Frobnicate: is not a known key (remove it)"},
    {"UnknownKeyDeep", "UserName=", "Sudo=true\nUserName=", "Sudo", "Borg.Server.Sudo: is not a known key (remove it)"},
    {"UnknownOddKey", "[Borg]", "\"a b\\n\"=1\n[Borg]", "a b", "`a b\\x0a`: is not a known key (remove it)"},
    {"KeyTwice", "UserName=", "username=\"x\"\nUserName=", "UserName", "Borg.Server.Username: is given twice (keep one of them)"},
    {"NumberForString", "Name=\"web\"", "Name=5", "Name=5", "Servers[0].Name: must be a string, not a number (put it in quotes)"},
    {"BooleanForString", "Name=\"web\"", "Name=true", "Name=true",
     "Servers[0].Name: must be a string, not a boolean (put it in quotes)"},
    {"FloatForString", "Name=\"web\"", "Name=1.5", "Name=1.5",
     "Servers[0].Name: must be a string, not a number with a fraction or a date (put it in quotes)"},
    {"ListForString", "Name=\"web\"", "Name=[\"web\"]", "Name=[", "Servers[0].Name: must be a string, not a list"},
    {"TableForString", "Name=\"web\"", "Name={a=1}", "Name={", "Servers[0].Name: must be a string, not a table"},
    {"StringForList", "[\"/etc\", \"/srv\"]", "\"/etc\"", "SourcePaths", "Servers[0].SourcePaths: must be a list, not a string"},
    {"NumberInList", "\"/srv\"]", "7]", "7]", "Servers[0].SourcePaths[1]: must be a string, not a number (put it in quotes)"},
    {"StringForTable", "BorgTarget={SubDir=\"db\", Passphrase=\"battery staple\"}", "BorgTarget=\"db\"",
     "BorgTarget=", "Servers[1].BorgTarget: must be a table of keys and values, not a string"},
    {"EmptyName", "Name=\"web\"", "Name=\"\"", "Name=\"\"", "Servers[0].Name: is empty (give the target a name)"},
    {"NoName", "Name=\"web\"\n", "", "[[Servers]] # web", "Servers[0].Name: is missing (give the server a name)"},
    {"SameName", "Name=\"db\"", "Name=\"web\" # again", "# again",
     "Servers[1].Name: is the same as in Servers[0].Name on line LINE (give each target a name of its own)"},
    {"SameSubDir", "SubDir=\"db\"", "SubDir=\"web//01/\"", "web//01/",
     "Servers[1].BorgTarget.SubDir: is the same as in Servers[0].BorgTarget.SubDir on line LINE (give each target a repository of "
     "its own)"},
    {"InsideSubDir", "SubDir=\"db\"", "SubDir=\"web/01/x\"", "web/01/x",
     "Servers[1].BorgTarget.SubDir: is inside of the repository of Servers[0].BorgTarget.SubDir on line LINE (put them side by "
     "side)"},
    {"HomeSubDir", "RootDir=\"/home/backups\"", "RootDir=\"/~\"", "RootDir",
     "Borg.RootDir: begins with ~, which borg reads as a home directory (name the directory from the root, or rename it)"},
    {"SourceNotUtf8", "\"/srv\"]", "\"/srv/\xff\"]", "/srv/",
     "Servers[0].SourcePaths[1]: is not UTF-8, and borg, which keeps its command line in the archive, fails on such bytes (name "
     "the nearest directory above it; files below a source path may have any name)"},
    {"RelativeRoot", "\"/home/backups\"", "\"home/backups\"", "RootDir",
     "Borg.RootDir: is not absolute (begin it with a slash: `/home/backups`)"},
    {"NoRoot", "RootDir=\"/home/backups\"\n", "", "[Borg]",
     "Borg.RootDir: is missing (give the absolute path that all repositories are below)"},
    {"DotDot", "\"web/01\"", "\"../01\"", "SubDir", "Servers[0].BorgTarget.SubDir: has `..` in it (write the path without)"},
    {"AbsoluteSubDir", "\"web/01\"", "\"/web/01\"", "SubDir",
     "Servers[0].BorgTarget.SubDir: begins with a slash (it is relative to the root directory: write `web/01`)"},
    {"EmptySubDir", "\"web/01\"", "\"\"", "SubDir",
     "Servers[0].BorgTarget.SubDir: is empty (give the repository's path below the root directory)"},
    {"NoSubDir", "SubDir=\"web/01\"\n", "", "[Servers.BorgTarget]",
     "Servers[0].BorgTarget.SubDir: is missing (give the repository's path below RootDir)"},
    {"EmptyPassphrase", "\"correct horse\"", "\"\"",
     "Passphrase=", "Servers[0].BorgTarget.Passphrase: is empty (give the repository's passphrase)"},
    {"NoPassphrase", "Passphrase=\"correct horse\"\n", "", "[Servers.BorgTarget]",
     "Servers[0].BorgTarget.Passphrase: is missing (give the repository's passphrase)"},
    {"PassphraseLineBreak", "\"correct horse\"", "\"correct\\n\"",
     "Passphrase=", "Servers[0].BorgTarget.Passphrase: has a line break in it (borg reads one line: remove the break)"},
    {"EmptyPath", "\"/srv\"]", "\"\"]", "SourcePaths", "Servers[0].SourcePaths[1]: is empty (give a path, or remove it)"},
    {"NoPaths", "[\"/etc\", \"/srv\"]", "[]", "SourcePaths", "Servers[0].SourcePaths: is empty (list the paths to back up)"},
    {"MissingPaths", "SourcePaths=[\"/etc\", \"/srv\"]\n", "", "[[Servers]] # web",
     "Servers[0].SourcePaths: is missing (list the paths to back up)"},
    {"EmptyExclude", "\"/srv/**/*.tmp\"", "\"\"", "Excludes", "Servers[0].Excludes[0]: is empty (give a pattern, or remove it)"},
    {"NulInPath", "\"/srv\"]", "\"/s\\u0000rv\"]", "SourcePaths", "Servers[0].SourcePaths[1]: has a NUL byte in it (remove it)"},
    {"BadPort", "web.example.org:2222\"", "web.example.org:70000\"", "70000",
     "Servers[0].Connection.Host: has the port `70000` (use a number from 1 to 65535, or leave out the colon for 22)"},
    {"ZeroPort", "Host=\"web.example.org:2222\"", "Host=\"web.example.org:0\"", "org:0\"",
     "Servers[0].Connection.Host: has the port `0` (use a number from 1 to 65535, or leave out the colon for 22)"},
    {"WordPort", "Host=\"web.example.org:2222\"", "Host=\"web.example.org:<port>\"", "<port>",
     "Servers[0].Connection.Host: has the port `<port>` (use a number from 1 to 65535, or leave out the colon for 22)"},
    {"NoPort", "Host=\"web.example.org:2222\"", "Host=\"web.example.org:\"", "org:\"",
     "Servers[0].Connection.Host: has the port `` (use a number from 1 to 65535, or leave out the colon for 22)"},
    {"BracketsOpen", "Host=\"web.example.org:2222\"", "Host=\"[::1\"", "[::1\"",
     "Servers[0].Connection.Host: has brackets that do not match (write `[address]:port`)"},
    {"BracketsThenMore", "Host=\"web.example.org:2222\"", "Host=\"[::1]x\"", "[::1]x",
     "Servers[0].Connection.Host: has brackets that do not match (write `[address]:port`)"},
    {"EmptyHost", "Host=\"web.example.org:2222\"", "Host=\"\"", "Host=\"\"",
     "Servers[0].Connection.Host: is empty (name the host, or give its address)"},
    {"HostNewline", "Host=\"web.example.org:2222\"", "Host=\"web\\n\"", "web\\n",
     "Servers[0].Connection.Host: has a space, a line break or another control character in it (remove it)"},
    {"NoHost", "Host=\"web.example.org:2222\"\n", "", "[Servers.Connection]",
     "Servers[0].Connection.Host: is missing (say which host to connect to)"},
    {"UserNewline", "\"backup\"", "\"back\\nup\"", "back\\nup",
     "Servers[0].Connection.Username: has a line break or another control character in it (remove it)"},
    {"NoUser", "UserName=\"borg\"\n", "", "[Borg.Server]", "Borg.Server.Username: is missing (say which user logs in)"},
    {"NotPinned", "[web.example.org]:2222 ", "www.example.org,10.0.0.9 ", "KnownHost=\"\"\"",
     "Servers[0].Connection.KnownHost: has no key for `[web.example.org]:2222`, only for `www.example.org`, `10.0.0.9` (run "
     "ssh-keyscan -p 2222 "
     "web.example.org)"},
    {"BadKnownHosts", "[web.example.org]:2222 ", "[web.example.org]:2222 x", "KnownHost=\"\"\"",
     "Servers[0].Connection.KnownHost: line 2 of it says `xecdsa-sha2-nistp256` but holds another or a damaged key (run "
     "ssh-keyscan again)"},
    {"EmptyKnownHosts", "KnownHost=\"b.example.org ", "KnownHost=\"\" # \"b.example.org ",
     "KnownHost=", "Borg.Server.KnownHost: has no key in it (run ssh-keyscan b.example.org)"},
    {"NoKnownHosts", "KnownHost=\"b.example.org ", "# \"b.example.org ", "[Borg.Server]",
     "Borg.Server.KnownHost: is missing (give the output of ssh-keyscan for this host)"},
    {"JumpNotPinned", "UserName=\"borg\"", "UserName=\"borg\"\nProxyJumpHost=\"jump:2\"", "[Borg.Server]",
     "Borg.Server.ProxyJumpKnownHost: has no key for `[jump]:2`, only for `b.example.org` (run ssh-keyscan -p 2 jump)"},
    {"BadKey", "-----BEGIN", "----BEGIN", "PrivateKey=",
     "Borg.Server.PrivateKey: has no line `-----BEGIN ... PRIVATE KEY-----` at its start (give the whole file as ssh-keygen wrote "
     "it)"},
    {"Prune", "--keep-daily 7", "--keep-dialy=7", "PruneSetting",
     "Borg.PruneSetting: has the option `--keep-dialy`, which is not taken over (did you mean `--keep-daily`?)"},
    {"PruneNumber", "\"--keep-daily 7 --keep-weekly 20 --keep-monthly 12 --keep-yearly 15\"", "7", "PruneSetting",
     "Borg.PruneSetting: must be a string, not a number (put it in quotes)"},
};
INSTANTIATE_TEST_SUITE_P(Rows, TomlRefusals, testing::ValuesIn([] {
                           std::vector<Refusal> rows;
                           for (Refusal row : kRefusals) {
                             const std::size_t at = row.problem.find("LINE");
                             if (at != std::string::npos) {
                               const std::string first =
                                   row.problem.find("SubDir") != std::string::npos ? "SubDir=\"web/01\"" : "Name=\"web\"";
                               row.problem.replace(at, 4, LineOf(GoodToml(), first));
                             }
                             rows.push_back(row);
                           }
                           return rows;
                         }()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(TomlReader, SyntaxErrorsNameLineAndColumn) {
  EXPECT_TRUE(Message("[Borg]\nRootDir=\n").starts_with("backups.toml:2: column 9: is no valid TOML: "))
      << Message("[Borg]\nRootDir=\n");
  EXPECT_TRUE(Message("\n\n[Borg\n").starts_with("backups.toml:3: column ")) << Message("\n\n[Borg\n");
  EXPECT_NE(Message("[Borg]\nRootDir='a'\nRootDir='b'\n").find("backups.toml:3: "), std::string::npos);
  EXPECT_EQ(Message("a\0"), Message(std::string("a")));
  EXPECT_EQ(Message(std::string("\n\0", 2)), "backups.toml:2: there is a NUL byte here (a configuration is text)");
}

TEST(TomlReader, SyntaxErrorsShowNoValues) {
  for (const char* value :
       {"hunter2hunter2", "123456789012345678901234567890", "0x123456789abcdefghij", "1979-05-27T99:hunter2", "'''hunter2",
        "\"hunter2\\q\"", "truehunter2", "infhunter2", "1e999999hunter2", "thunter2", "fahunter2"}) {
    const std::string message = Message("[Servers.BorgTarget]\nPassphrase=" + std::string(value) + "\n");
    EXPECT_NE(message, "");
    EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
    EXPECT_EQ(message.find("'th"), std::string::npos) << message;
    EXPECT_EQ(message.find("'fa"), std::string::npos) << message;
    EXPECT_EQ(message.find("1234567890123"), std::string::npos) << message;
    EXPECT_EQ(message.find("123456789abc"), std::string::npos) << message;
  }
}

TEST(TomlReader, EmptyInputNamesWhatIsMissing) {
  EXPECT_EQ(Message(""),
            "backups.toml:1: Borg: is missing (add a [Borg] block with RootDir, PruneSetting and Server)\n"
            "backups.toml:1: Servers: is missing (add a [[Servers]] block for each machine to back up)");
  EXPECT_EQ(Message("[Borg]\n[Servers]\n"),
            "backups.toml:1: Borg.RootDir: is missing (give the absolute path that all repositories are below)\n"
            "backups.toml:1: Borg.Server: is missing (add a [Borg.Server] block that says how to log in)\n"
            "backups.toml:2: Servers: must be a list, not a table");
}

TEST(TomlReader, ReportsAllProblemsInTheOrderOfTheFile) {
  std::string text = GoodToml();
  text = With(text, "\"/home/backups\"", "\"x\"");
  text = With(text, "\"web/01\"", "\"..\"");
  text = With(text, "Name=\"db\"", "Nam=\"db\"");
  const std::string message = Message(text);
  EXPECT_EQ(message,
            "backups.toml:2: Borg.RootDir: is not absolute (begin it with a slash: `/x`)\n"
            "backups.toml:" +
                LineOf(text, "SubDir=\"..\"") +
                ": Servers[0].BorgTarget.SubDir: has `..` in it (write the path without)\n"
                "backups.toml:" +
                LineOf(text, "[[Servers]] # db") +
                ": Servers[1].Name: is missing (give the server a name)\n"
                "backups.toml:" +
                LineOf(text, "Nam=") + ": Servers[1].Nam: is not a known key (did you mean `Name`?)");
}

TEST(TomlReader, ManyProblemsAreCounted) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "[[Servers]]\n";
  const std::string message = Message(text);
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 20);
  EXPECT_TRUE(message.ends_with("backups.toml: and 101 more"))
      << message;  // 30 times Name, SourcePaths, BorgTarget, Connection; Borg
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

TEST(TomlReader, NestingIsLimited) {
  std::string dots = "a";
  for (int i = 0; i < 200'000; ++i) dots += ".a";
  EXPECT_EQ(Message("x=1\n[" + dots + "]\n"), "backups.toml:2: nests too deep here (this configuration needs three levels)");
  EXPECT_EQ(Message(dots + "=1"), "backups.toml:1: nests too deep here (this configuration needs three levels)");
  EXPECT_EQ(Message("x=" + std::string(200'000, '[')),
            "backups.toml:1: nests too deep here (this configuration needs three levels)");
  EXPECT_EQ(Message("[Borg]\nPruneSetting=\"" + std::string(100, '.') + "\"\n").find("too deep"), std::string::npos);
  EXPECT_EQ(
      Message("[Borg]\nPruneSetting='''" + std::string(100, '[') + "''x'''''\n#" + std::string(100, '{') + "\n").find("too deep"),
      std::string::npos);
}

}  // namespace
}  // namespace borgop
