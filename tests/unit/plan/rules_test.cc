#include "engine/plan/rules.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "engine/plan/document.h"

namespace borgop {
namespace {

struct RuleRow {
  const char* name;
  std::string (*rule)(std::string_view);
  std::string value;
  std::string problem;  // a part of it; empty: the value is good
};
void PrintTo(const RuleRow& row, std::ostream* out) { *out << row.name; }

class Rules : public testing::TestWithParam<RuleRow> {};

TEST_P(Rules, Judges) {
  const std::string problem = GetParam().rule(GetParam().value);
  if (GetParam().problem.empty()) {
    EXPECT_EQ(problem, "");
  } else {
    EXPECT_NE(problem.find(GetParam().problem), std::string::npos) << problem;
    EXPECT_TRUE(problem.ends_with(')') || problem.find('(') != std::string::npos) << problem;
  }
}

const RuleRow kRulesRows[] = {
    {"HostName", HostProblem, "b.example.org", ""},
    {"HostV4", HostProblem, "10.0.0.1", ""},
    {"HostV6", HostProblem, "fd00::1", ""},
    {"HostV6Zone", HostProblem, "fe80::1%eth0", ""},
    {"HostV6EmptyZone", HostProblem, "fe80::1%", "colon"},
    {"HostEmpty", HostProblem, "", "is empty"},
    {"HostNewline", HostProblem, "a\nb", "line break"},
    {"HostSpace", HostProblem, "a b", "space"},
    {"HostBrackets", HostProblem, "[::1]", "brackets"},
    {"HostWithPort", HostProblem, "a:22", "give the port on its own"},
    {"HostWithUser", HostProblem, "u@a", "has a user"},
    {"HostUrl", HostProblem, "a/b", "slash"},
    {"HostDash", HostProblem, "-oProxyCommand", "dash"},
    {"HostLong", HostProblem, std::string(256, 'a'), "255"},
    {"User", UserProblem, "back up", ""},
    {"UserEmpty", UserProblem, "", "is empty"},
    {"UserNewline", UserProblem, "a\n", "line break"},
    {"Name", NameProblem, "Display name: 1", ""},
    {"NameEmpty", NameProblem, "", "is empty"},
    {"NameControl", NameProblem, "a\x1b[1m", "control"},
    {"Program", ProgramProblem, "borg", ""},
    {"ProgramPath", ProgramProblem, "/opt/my borg/borg", ""},
    {"ProgramRelative", ProgramProblem, "bin/borg", "relative"},
    {"ProgramDash", ProgramProblem, "-x", "dash"},
    {"ProgramEmpty", ProgramProblem, "", "is empty"},
    {"Root", RootDirProblem, "/home/backups/", ""},
    {"RootRelative", RootDirProblem, "home/backups", "is not absolute (begin it with a slash: `/home/backups`)"},
    {"RootEmpty", RootDirProblem, "", "is empty"},
    {"RootSlash", RootDirProblem, "/", ""},
    {"RootDoubledSlashes", RootDirProblem, "//home//backups//", ""},
    {"RootColonLast", RootDirProblem, "/home:", ""},
    {"RootHome", RootDirProblem, "/~borg/backups", "begins with ~"},
    {"RootDot", RootDirProblem, "/home/./backups", "`.` as a component"},
    {"RootPlaceholder", RootDirProblem, "/home/{hostname}", "brace"},
    {"RootNotUtf8", RootDirProblem, "/home/\xff", ""},
    {"RootColons", RootDirProblem, "/a::b", "`::`"},
    {"RepoPath", RepositoryPathProblem, "web/01 with $ and \\", ""},
    {"RepoPathDots", RepositoryPathProblem, "web..1/.hidden/...", ""},
    {"RepoEmpty", RepositoryPathProblem, "", "is empty"},
    {"RepoAbsolute", RepositoryPathProblem, "/web//x", "write `web/x`"},
    {"RepoDotDot", RepositoryPathProblem, "web/../../etc", "has `..` in it"},
    {"RepoDot", RepositoryPathProblem, "./web", "has `.` in it"},
    {"RepoDoubleSlash", RepositoryPathProblem, "web//x", "has an empty component (write `web/x`)"},
    {"RepoTrailing", RepositoryPathProblem, "web/", "has an empty component (write `web`)"},
    {"SourceRelative", SourcePathProblem, "-rf {x}\n", ""},
    {"SourceNotUtf8", SourcePathProblem, "/srv/\xff", ""},
    {"SourceDots", SourcePathProblem, "/srv/./../x", ""},
    {"SourceNotUtf8Dot", SourcePathProblem, "/srv/./\xff", "has `.` as a component (write the path without)"},
    {"SourceNotUtf8DotDot", SourcePathProblem, "\xff/..", "has `..` as a component"},
    {"ExcludeNotUtf8", ExcludeProblem, "/srv/\xff", ""},
    {"SourceEmpty", SourcePathProblem, "", "is empty"},
    {"ExcludeEmpty", ExcludeProblem, "", "is empty"},
    {"Passphrase", PassphraseProblem, " $'\"\\ ", ""},
    {"PassphraseNewline", PassphraseProblem, "a\n", "line break"},
    {"PassphraseUmlaut", PassphraseProblem, "\xc3\xa4", ""},
    {"PassphraseLatin1", PassphraseProblem, "pa\xdf", "is not UTF-8"},
    {"PassphraseReturn", PassphraseProblem, "a\rb", "line break"},
    {"EncRepokeyBlake2", EncryptionProblem, "repokey-blake2", ""},
    {"EncRepokey", EncryptionProblem, "repokey", ""},
    {"EncNone", EncryptionProblem, "none", ""},
    {"EncAuthenticated", EncryptionProblem, "authenticated", ""},
    {"EncKeyfile", EncryptionProblem, "keyfile-blake2", "would be lost (use `repokey-blake2`)"},
    {"EncTypo", EncryptionProblem, "repokey-blacke2", "did you mean `repokey-blake2`?"},
    {"EncCase", EncryptionProblem, "Repokey", "did you mean `repokey`?"},
    {"EncOther", EncryptionProblem, "aes256gcm", "use `repokey-blake2`"},
    {"CompNone", CompressionProblem, "none", ""},
    {"CompLz4", CompressionProblem, "lz4", ""},
    {"CompZlib", CompressionProblem, "zlib", ""},
    {"CompZlib0", CompressionProblem, "zlib,0", ""},
    {"CompZlib10", CompressionProblem, "zlib,10", "does not know"},
    {"CompLzma9", CompressionProblem, "lzma,9", ""},
    {"CompZstd22", CompressionProblem, "zstd,22", ""},
    {"CompZstd0", CompressionProblem, "zstd,0", "does not know"},
    {"CompZstd23", CompressionProblem, "zstd,23", "does not know"},
    {"CompZstdMinus", CompressionProblem, "zstd,-1", "does not know"},
    {"CompLz4Level", CompressionProblem, "lz4,3", "does not know"},
    {"CompAuto", CompressionProblem, "auto,zstd,7", ""},
    {"CompAutoAlone", CompressionProblem, "auto", "does not know"},
    {"CompAutoTwice", CompressionProblem, "auto,auto,lz4", "does not know"},
    {"CompObfuscate", CompressionProblem, "obfuscate,110,auto,zstd,3", ""},
    {"CompObfuscate6", CompressionProblem, "obfuscate,6,lz4", ""},
    {"CompObfuscate7", CompressionProblem, "obfuscate,7,lz4", "does not know"},
    {"CompObfuscate124", CompressionProblem, "obfuscate,124,lz4", "does not know"},
    {"CompObfuscateAlone", CompressionProblem, "obfuscate,3", "does not know"},
    {"CompAutoObfuscate", CompressionProblem, "auto,obfuscate,3,lz4", "does not know"},
    {"CompEmpty", CompressionProblem, "", "does not know"},
    {"CompOption", CompressionProblem, "lz4 --exclude x", "does not know"},
    {"Archive", ArchiveNameProblem, "snapshot-{utcnow}", ""},
    {"ArchiveFormat", ArchiveNameProblem, "{hostname}-{now:%Y-%m-%dT%H:%M:%S}", ""},
    {"ArchiveBraces", ArchiveNameProblem, "a{{b}}", ""},
    {"ArchiveEmpty", ArchiveNameProblem, "", "is empty"},
    {"ArchiveSlash", ArchiveNameProblem, "a/b", "slash"},
    {"ArchiveColons", ArchiveNameProblem, "repo::a", "`::`"},
    {"ArchiveNotUtf8", ArchiveNameProblem, "a\xff", "is not UTF-8"},
    {"ArchiveNewline", ArchiveNameProblem, "a\nb", ""},
    {"ArchiveNul", ArchiveNameProblem, std::string("a\0b", 3), "NUL"},
    {"ArchiveSpace", ArchiveNameProblem, "a ", "space"},
    {"ArchiveDashes", ArchiveNameProblem, "--", "use another name"},
    {"ArchiveDashesInFront", ArchiveNameProblem, "--a", ""},
    {"ArchiveCheckpoint", ArchiveNameProblem, "a.checkpoint", "unfinished"},
    {"ArchiveCheckpointNumber", ArchiveNameProblem, "a.checkpoint.2", "unfinished"},
    {"ArchiveCheckpointInside", ArchiveNameProblem, "a.checkpoint-{utcnow}", "unfinished"},
    {"ArchiveCheckpointWord", ArchiveNameProblem, "checkpoint-{utcnow}", ""},
    {"ArchiveBrace", ArchiveNameProblem, "a{utcnow", "does not match"},
    {"ArchiveCloseBrace", ArchiveNameProblem, "a}", "does not match"},
    {"ArchivePlaceholder", ArchiveNameProblem, "{utcnw}", "did you mean `{utcnow}`?"},
    {"ArchiveNoPlaceholder", ArchiveNameProblem, "{something}", "see borg help placeholders"},
    {"Within", KeepWithinProblem, "48H", ""},
    {"WithinDay", KeepWithinProblem, "2d", ""},
    {"WithinYear", KeepWithinProblem, "1y", ""},
    {"WithinLowerHour", KeepWithinProblem, "48h", "(hours are `48H`)"},
    {"WithinZero", KeepWithinProblem, "0d", "above 0"},
    {"WithinMinus", KeepWithinProblem, "-1d", "above 0"},
    {"WithinNoUnit", KeepWithinProblem, "48", "above 0"},
    {"WithinEmpty", KeepWithinProblem, "", "above 0"},
    {"WithinUnitOnly", KeepWithinProblem, "d", "above 0"},
    {"WithinLongestYears", KeepWithinProblem, "2000y", ""},
    {"WithinTooManyYears", KeepWithinProblem, "2001y", "at most `2000y`"},
    {"WithinTooManyHours", KeepWithinProblem, "17520001H", "at most `2000y`"},
    {"WithinTooManyDays", KeepWithinProblem, "730001d", "at most `2000y`"},
    {"Glob", GlobArchivesProblem, "web-*", ""},
    {"GlobPlaceholder", GlobArchivesProblem, "{hostname}-*", "placeholder"},
    {"GlobSet", GlobArchivesProblem, "[!a-c]x[]-]", ""},
    {"GlobBackwards", GlobArchivesProblem, "web-[z-a]", "runs backwards"},
    {"GlobOpenBracket", GlobArchivesProblem, "[z-a", ""},
    {"GlobEmpty", GlobArchivesProblem, "", "is empty"},
};
INSTANTIATE_TEST_SUITE_P(Values, Rules, testing::ValuesIn(kRulesRows), [](const auto& row) { return std::string(row.param.name); });

TEST(Rules, RetentionMustKeepSomething) {
  Retention retention;
  EXPECT_EQ(RetentionProblem(retention), "");
  retention.keep_daily = 0;
  EXPECT_NE(RetentionProblem(retention).find("keeps nothing"), std::string::npos);
  retention.keep_yearly = -1;
  EXPECT_EQ(RetentionProblem(retention), "");
  Retention glob_only;
  glob_only.glob_archives = "a*";
  EXPECT_NE(RetentionProblem(glob_only).find("not how many"), std::string::npos);
  EXPECT_EQ(KeepCountProblem(-1), "");
  EXPECT_EQ(KeepCountProblem(0), "");
  EXPECT_NE(KeepCountProblem(-2), "");
}

TEST(Rules, NormalizesPaths) {
  EXPECT_EQ(NormalizedPath("a//b///c//"), "a/b/c");
  EXPECT_EQ(NormalizedPath("/"), "/");
  EXPECT_EQ(NormalizedPath("//a"), "/a");
  EXPECT_EQ(NormalizedPath(""), "");
}

TEST(Document, QuotesForTerminals) {
  EXPECT_EQ(Quoted("plain"), "`plain`");
  EXPECT_EQ(Quoted("a\nb\x1b[0m"), "`a\\x0ab\\x1b[0m`");
  EXPECT_EQ(Quoted("\xff\xc2\x85\xc3\xa9"), "`\\xff\\xc2\\x85\xc3\xa9`");
  EXPECT_EQ(Quoted(std::string(61, 'x')), '`' + std::string(60, 'x') + "...`");
}

TEST(Document, NearestNameIsNearOrNone) {
  struct Row {
    const char* name;
    const char* text;
    const char* nearest;
  };
  for (const Row& row : {Row{"case", "keepdaily", "keepDaily"}, Row{"dropped letter", "keepWekly", "keepWeekly"},
                         Row{"added letter", "borrg", "borg"}, Row{"replaced letter", "bork", "borg"},
                         Row{"swapped neighbours", "rnu", "run"}, Row{"swapped at the beginning", "urn", "run"},
                         Row{"swapped, another case", "Rnu", ""}, Row{"swapped over a letter", "nur", ""},
                         Row{"two pairs swapped", "obgr", ""}, Row{"two pairs swapped in a long name", "ekepDialy", "keepDaily"},
                         Row{"nothing like it", "frobnicate", ""}, Row{"empty", "", ""}}) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(NearestName(row.text, {"keepDaily", "keepWeekly", "borg", "run"}), row.nearest);
  }
}

TEST(Document, ProblemsAreSortedAndCapped) {
  Problems problems("a\nfile");
  for (std::uint32_t line = 25; line > 0; --line) problems.Add(line, "key", "is bad");
  const std::string message = problems.ToError().message;
  EXPECT_TRUE(message.starts_with("a\\x0afile:1: key: is bad\n")) << message;
  EXPECT_TRUE(message.ends_with("a\\x0afile:20: key: is bad\na\\x0afile: and 5 more")) << message;
}

TEST(RepositoryPath, JoinsWithOneSlash) {
  Server server;
  Repository repository;
  repository.path = "web/01";
  for (const char* root : {"/home/b", "/home/b/", "/home/b//"}) {
    server.root_dir = root;
    EXPECT_EQ(RepositoryPath(server, repository), "/home/b/web/01");
  }
  server.root_dir = "/";
  EXPECT_EQ(RepositoryPath(server, repository), "/web/01");
}

}  // namespace
}  // namespace borgop
