// What the TOML reader refuses, and with what words.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "engine/plan/toml_reader.h"
#include "plan_fixture.h"

namespace borgop {
namespace {

using test::GoodToml;
using test::LineOf;
using test::With;

std::string TomlMessage(std::string_view text) {
  const Result<Plan> plan = ReadToml(text, "backups.toml");
  if (plan) return {};
  EXPECT_EQ(plan.error().reason, Reason::kInvalidConfig);
  return plan.error().message;
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
  EXPECT_EQ(TomlMessage(text), "backups.toml:" + LineOf(text, row.at) + ": " + row.problem);
}

const Refusal kRefusals[] = {
    {"UnknownKey", "SourcePaths=[\"/etc\"", "SourcePath=1\nSourcePaths=[\"/etc\"", "SourcePath=1",
     "Servers[0].SourcePath: is not a known key (did you mean `SourcePaths`?)"},
    {"UnknownKeyFar", "[Borg]", "Frobnicate=1\n[Borg]", "Frobnicate",
     "Frobnicate: is not a known key (use Borg or Servers, or remove it)"},
    {"UnknownKeyDeep", "UserName=", "Sudo=true\nUserName=", "Sudo",
     "Borg.Server.Sudo: is not a known key (use Host, KnownHost, ProxyJumpHost, ProxyJumpKnownHost, Username or PrivateKey, or "
     "remove it)"},
    {"UnknownOddKey", "[Borg]", "\"a b\\n\"=1\n[Borg]", "a b",
     "`a b\\x0a`: is not a known key (use Borg or Servers, or remove it)"},
    {"User", "UserName=", "User=\"x\"\nUserName=", "User=", "Borg.Server.User: is not a known key (did you mean `Username`?)"},
    {"ProxyJump", "UserName=", "ProxyJump=\"x\"\nUserName=", "ProxyJump",
     "Borg.Server.ProxyJump: is not a known key (did you mean `ProxyJumpHost`?)"},
    {"RootDirectory", "RootDir=", "RootDirectory=\"/x\"\nRootDir=", "RootDirectory",
     "Borg.RootDirectory: is not a known key (did you mean `RootDir`?)"},
    {"Target", "BorgTarget={", "Target={}\nBorgTarget={", "Target={}",
     "Servers[1].Target: is not a known key (did you mean `BorgTarget`?)"},
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
    {"NameControl", "Name=\"web\"", "Name=\"w\\neb\"", "w\\neb",
     "Servers[0].Name: has a line break or another control character in it (remove it)"},
    {"DotSubDir", "\"web/01\"", "\"/./\"", "SubDir",
     "Servers[0].BorgTarget.SubDir: is empty (give the repository's path below the root directory)"},
    {"DotDotInside", "\"web/01\"", "\"./web/../01\"", "SubDir",
     "Servers[0].BorgTarget.SubDir: has `..` in it (write the path without)"},
    {"DotDotInRoot", "\"/home/backups\"", "\"/home/../backups\"", "RootDir",
     "Borg.RootDir: has `..` as a component (write it in its shortest form, without a slash at the end)"},
    {"SameSubDirJoined", "SubDir=\"db\"", "SubDir=\"/./web//01/\"", "/./web//01/",
     "Servers[1].BorgTarget.SubDir: is the same as in Servers[0].BorgTarget.SubDir on line LINE (give each target a repository of "
     "its own)"},
    {"Url", "Host=\"web.example.org:2222\"", "Host=\"ssh://10.0.0.1\"", "ssh://",
     "Servers[0].Connection.Host: has a slash in it (give a host name or an address, no URL)"},
    {"UrlWithPort", "Host=\"web.example.org:2222\"", "Host=\"ssh://10.0.0.1:22/\"", "ssh://",
     "Servers[0].Connection.Host: has a slash in it (give a host name or an address, no URL)"},
    {"NumberForJump", "UserName=\"borg\"", "UserName=\"borg\"\nProxyJumpHost=5", "ProxyJumpHost",
     "Borg.Server.ProxyJumpHost: must be a string, not a number (put it in quotes)"},
    {"SameSubDir", "SubDir=\"db\"", "SubDir=\"web//01/\"", "web//01/",
     "Servers[1].BorgTarget.SubDir: is the same as in Servers[0].BorgTarget.SubDir on line LINE (give each target a repository of "
     "its own)"},
    {"InsideSubDir", "SubDir=\"db\"", "SubDir=\"web/01/x\"", "web/01/x",
     "Servers[1].BorgTarget.SubDir: is inside of the repository of Servers[0].BorgTarget.SubDir on line LINE (put them side by "
     "side)"},
    {"HomeSubDir", "RootDir=\"/home/backups\"", "RootDir=\"/~\"", "RootDir",
     "Borg.RootDir: begins with ~, which borg reads as a home directory (name the directory from the root, or rename it)"},
    {"SourceNotUtf8WithDots", "\"/srv\"]", "\"/srv/./\xff\"]", "/srv/",
     "Servers[0].SourcePaths[1]: is not UTF-8 and has `.` as a component (write the path without)"},
    {"SourceNotUtf8AndRelative", "\"/srv\"]", "\"srv/\xff\"]", "srv/",
     "Servers[0].SourcePaths: has a path that is not UTF-8, which borg is told by a pattern, and patterns do not tell absolute and "
     "relative paths apart (make all paths absolute)"},
    {"RelativeRoot", "\"/home/backups\"", "\"home/backups\"", "RootDir",
     "Borg.RootDir: is not absolute (begin it with a slash: `/home/backups`)"},
    {"NoRoot", "RootDir=\"/home/backups\"\n", "", "[Borg]",
     "Borg.RootDir: is missing (give the absolute path that all repositories are below)"},
    {"DotDot", "\"web/01\"", "\"../01\"", "SubDir", "Servers[0].BorgTarget.SubDir: has `..` in it (write the path without)"},
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
                               row.problem.replace(at, 4, LineOf(GoodToml(), "SubDir=\"web/01\""));
                             }
                             rows.push_back(row);
                           }
                           return rows;
                         }()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(TomlRefusal, SyntaxErrorsNameLineAndColumn) {
  EXPECT_TRUE(TomlMessage("[Borg]\nRootDir=\n").starts_with("backups.toml:2: column 9: is no valid TOML: "))
      << TomlMessage("[Borg]\nRootDir=\n");
  EXPECT_TRUE(TomlMessage("\n\n[Borg\n").starts_with("backups.toml:3: column ")) << TomlMessage("\n\n[Borg\n");
  EXPECT_NE(TomlMessage("[Borg]\nRootDir='a'\nRootDir='b'\n").find("backups.toml:3: "), std::string::npos);
  EXPECT_EQ(TomlMessage("a\0"), TomlMessage(std::string("a")));
  EXPECT_EQ(TomlMessage(std::string("\n\0", 2)), "backups.toml:2: there is a NUL byte here (a configuration is text)");
}

TEST(TomlRefusal, KeysThatAreGivenTwiceAreNamed) {
  const auto twice = [](const std::string& where, const std::string& key) {
    return "backups.toml:" + where + ": the key `" + key + "` is given twice (keep one of them)";
  };
  EXPECT_EQ(TomlMessage("[Borg]\nRootDir='hunter2'\nRootDir = 'hunter3'\n"), twice("3: column 11", "RootDir"));
  EXPECT_EQ(TomlMessage("[Servers.BorgTarget]\nPassphrase=\"\"\"hunter2\"\"\"\n\nPassphrase=\"hunter3\"\n"),
            twice("4: column 12", "Passphrase"));
  EXPECT_EQ(TomlMessage("[Borg]\n[Borg]\n"), twice("2: column 1", "Borg"));
  EXPECT_EQ(TomlMessage("Borg='x'\n[Borg.Server]\n"), twice("2: column 15", "Borg.Server"));
  EXPECT_EQ(TomlMessage("\"a b\"=1\n\"a b\"=2\n"), "backups.toml:2: column 7: a key is given twice here (keep one of them)");
  EXPECT_EQ(TomlMessage("a={b=1, b=2}\n"), twice("1: column 11", "b"));
}

TEST(TomlRefusal, SyntaxErrorsShowNoValues) {
  for (const char* value :
       {"hunter2hunter2", "123456789012345678901234567890", "0x123456789abcdefghij", "1979-05-27T99:hunter2", "'''hunter2",
        "\"hunter2\\q\"", "truehunter2", "infhunter2", "1e999999hunter2", "thunter2", "fahunter2"}) {
    const std::string message = TomlMessage("[Servers.BorgTarget]\nPassphrase=" + std::string(value) + "\n");
    EXPECT_NE(message, "");
    EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
    EXPECT_EQ(message.find("'th"), std::string::npos) << message;
    EXPECT_EQ(message.find("'fa"), std::string::npos) << message;
    EXPECT_EQ(message.find("1234567890123"), std::string::npos) << message;
    EXPECT_EQ(message.find("123456789abc"), std::string::npos) << message;
  }
}

TEST(TomlRefusal, EmptyInputNamesWhatIsMissing) {
  EXPECT_EQ(TomlMessage(""),
            "backups.toml:1: Borg: is missing (add a [Borg] block with RootDir, PruneSetting and Server)\n"
            "backups.toml:1: Servers: is missing (add a [[Servers]] block for each machine to back up)");
  EXPECT_EQ(TomlMessage("[Borg]\n[Servers]\n"),
            "backups.toml:1: Borg.RootDir: is missing (give the absolute path that all repositories are below)\n"
            "backups.toml:1: Borg.Server: is missing (add a [Borg.Server] block that says how to log in)\n"
            "backups.toml:2: Servers: must be a list, not a table");
}

TEST(TomlRefusal, ReportsAllProblemsInTheOrderOfTheFile) {
  std::string text = GoodToml();
  text = With(text, "\"/home/backups\"", "\"x\"");
  text = With(text, "\"web/01\"", "\"..\"");
  text = With(text, "Name=\"db\"", "Nam=\"db\"");
  const std::string message = TomlMessage(text);
  EXPECT_EQ(message,
            "backups.toml:2: Borg.RootDir: is not absolute (begin it with a slash: `/x`)\n"
            "backups.toml:" +
                LineOf(text, "SubDir=\"..\"") +
                ": Servers[0].BorgTarget.SubDir: has `..` in it (write the path without)\n"
                "backups.toml:" +
                LineOf(text, "Nam=") + ": Servers[1].Nam: is not a known key (did you mean `Name`?)");
}

TEST(TomlRefusal, ManyProblemsAreCounted) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "[[Servers]]\n";
  const std::string message = TomlMessage(text);
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 20);
  EXPECT_TRUE(message.ends_with("backups.toml: and 71 more")) << message;  // 30 times SourcePaths, BorgTarget, Connection; Borg
}

TEST(TomlRefusal, NestingIsLimited) {
  std::string dots = "a";
  for (int i = 0; i < 200'000; ++i) dots += ".a";
  EXPECT_EQ(TomlMessage("x=1\n[" + dots + "]\n"), "backups.toml:2: nests too deep here (this configuration needs three levels)");
  EXPECT_EQ(TomlMessage(dots + "=1"), "backups.toml:1: nests too deep here (this configuration needs three levels)");
  EXPECT_EQ(TomlMessage("x=" + std::string(200'000, '[')),
            "backups.toml:1: nests too deep here (this configuration needs three levels)");
  EXPECT_EQ(TomlMessage("[Borg]\nPruneSetting=\"" + std::string(100, '.') + "\"\n").find("too deep"), std::string::npos);
  EXPECT_EQ(TomlMessage("[Borg]\nPruneSetting='''" + std::string(100, '[') + "''x'''''\n#" + std::string(100, '{') + "\n")
                .find("too deep"),
            std::string::npos);
}

}  // namespace
}  // namespace borgop
