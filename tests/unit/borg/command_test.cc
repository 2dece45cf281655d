#include "engine/borg/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "engine/plan/rules.h"
#include "subprocess.h"

namespace borgop {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

const Client kTarget{Machine::kTarget, "borg", "sh -c 'exec socat'", "", std::chrono::seconds(600)};
const Client kHere{Machine::kHere, "/opt/borg", "/usr/bin/engine connect /run/s", "/tmp/base", std::chrono::seconds(7)};

std::map<std::string, std::string> EnvOf(const Command& command) { return {command.env.begin(), command.env.end()}; }

Source SourceOf(std::vector<std::string> paths) {
  Source source;
  source.paths = std::move(paths);
  return source;
}

TEST(CommandTest, CreateWithEverything) {
  Source source = SourceOf({"/etc", "-rf", "--", "/a b"});
  source.excludes = {"re:^srv", "-x", "/srv/**/*.tmp"};
  source.compression = "zstd,3";
  source.one_file_system = true;
  EXPECT_THAT(Create(kTarget, "/home/b/web", "snapshot-{utcnow}", source, 512).argv,
              ElementsAre("borg", "create", "--log-json", "--lock-wait", "600", "--json", "--progress", "--files-cache=ctime,size",
                          "--noctime", "--noflags", "--compression=zstd,3", "--one-file-system", "--upload-ratelimit=512",
                          "--exclude=re:^srv", "--exclude=-x", "--exclude=/srv/**/*.tmp", "--",
                          "ssh://borg-server/home/b/web::snapshot-{utcnow}", "/etc", "./-rf", "./--", "/a b"));
}

TEST(CommandTest, CreateWithLittle) {
  EXPECT_THAT(Create(kHere, "/r", "a", SourceOf({"/"}), 0).argv,
              ElementsAre("/opt/borg", "create", "--log-json", "--lock-wait", "7", "--json", "--progress",
                          "--files-cache=ctime,size", "--noctime", "--noflags", "--", "ssh://borg-server/r::a", "/"));
}

TEST(CommandTest, PruneHasWhatIsGivenOnly) {
  Retention retention;
  retention.keep_last = 3;
  retention.keep_daily = 7;
  retention.keep_yearly = -1;
  retention.keep_within = "48H";
  retention.glob_archives = "web-*";
  EXPECT_THAT(Prune(kHere, "/r", retention).argv,
              ElementsAre("/opt/borg", "prune", "--log-json", "--lock-wait", "7", "--list", "--keep-last=3", "--keep-daily=7",
                          "--keep-yearly=-1", "--keep-within=48H", "--glob-archives=web-*", "--", "ssh://borg-server/r"));
  retention = {};
  retention.keep_minutely = 1;
  retention.keep_hourly = 2;
  retention.keep_weekly = 3;
  retention.keep_monthly = 4;
  EXPECT_THAT(Prune(kHere, "/r", retention).argv,
              ElementsAre("/opt/borg", "prune", "--log-json", "--lock-wait", "7", "--list", "--keep-minutely=1", "--keep-hourly=2",
                          "--keep-weekly=3", "--keep-monthly=4", "--", "ssh://borg-server/r"));
}

TEST(CommandTest, TheOtherVerbs) {
  EXPECT_THAT(Init(kHere, "/r", "repokey").argv,
              ElementsAre("/opt/borg", "init", "--log-json", "--lock-wait", "7", "--encryption=repokey", "--make-parent-dirs", "--",
                          "ssh://borg-server/r"));
  EXPECT_THAT(KeyExport(kHere, "/r").argv,
              ElementsAre("/opt/borg", "key", "export", "--log-json", "--lock-wait", "7", "--", "ssh://borg-server/r"));
  EXPECT_THAT(List(kHere, "/r").argv, ElementsAre("/opt/borg", "list", "--log-json", "--lock-wait", "7", "--json",
                                                  "--consider-checkpoints", "--", "ssh://borg-server/r"));
  EXPECT_THAT(Check(kHere, "/r", {CheckMode::kFull}).argv, Not(Contains(HasSubstr("-only"))));
  EXPECT_THAT(Check(kHere, "/r", {CheckMode::kRepository}).argv,
              AllOf(Contains("--repository-only"), Not(Contains(HasSubstr("max")))));
  EXPECT_THAT(Check(kHere, "/r", {CheckMode::kRepository, std::chrono::seconds(90)}).argv,
              IsSupersetOf({"--repository-only", "--max-duration=90"}));
  EXPECT_THAT(Check(kHere, "/r", {CheckMode::kArchives}).argv, Contains("--archives-only"));
  EXPECT_THAT(Check(kHere, "/r", {CheckMode::kVerifyData}).argv,
              AllOf(Contains("--verify-data"), Not(Contains(HasSubstr("-only")))));
  EXPECT_THAT(Compact(kHere, "/r").argv,
              ElementsAre("/opt/borg", "compact", "--log-json", "--lock-wait", "7", "--progress", "--", "ssh://borg-server/r"));
  EXPECT_THAT(BreakLock(kHere, "/r").argv,
              ElementsAre("/opt/borg", "break-lock", "--log-json", "--lock-wait", "7", "--", "ssh://borg-server/r"));
  EXPECT_THAT(Serve("borg", "/-r", true).argv, ElementsAre("borg", "serve", "--append-only", "--restrict-to-repository=/-r"));
  EXPECT_THAT(Serve("borg", "/r", false).argv, ElementsAre("borg", "serve", "--restrict-to-repository=/r"));
  EXPECT_THAT(Version("/x/borg").argv, ElementsAre("/x/borg", "--version"));
}

TEST(CommandTest, WhatReadsAnArchive) {
  const ArchiveItems some{"a {now} b", {"pp:etc", "sh:**/*.conf"}};
  const char* kArchive = "ssh://borg-server/r{{x}}::a {{now}} b";
  EXPECT_THAT(ListItems(kHere, "/r{x}", some).argv,
              ElementsAre("/opt/borg", "list", "--log-json", "--lock-wait", "7",
                          "--format={mode} {size} {isomtime} {health} {path}{NUL}", "--", kArchive, "pp:etc", "sh:**/*.conf"));
  EXPECT_THAT(Extract(kTarget, "/r{x}", some).argv, ElementsAre("borg", "extract", "--log-json", "--lock-wait", "600", "--progress",
                                                                "--", kArchive, "pp:etc", "sh:**/*.conf"));
  EXPECT_THAT(ExportTar(kHere, "/r{x}", some).argv, ElementsAre("/opt/borg", "export-tar", "--log-json", "--lock-wait", "7",
                                                                "--progress", "--", kArchive, "-", "pp:etc", "sh:**/*.conf"));
  // Times come without an offset.
  EXPECT_EQ(EnvOf(ListItems(kHere, "/r", some)).at("TZ"), "UTC");
  EXPECT_EQ(EnvOf(List(kHere, "/r")).at("TZ"), "UTC");
}

TEST(CommandTest, InADirectory) {
  const Command command = InDirectory("/usr/-a 'b'", {{"sh", "-c", "pwd; echo \"$1\"", "x", "$HOME"}, {}});
  EXPECT_THAT(command.argv[4], "/usr/-a 'b'");
  const Command root = InDirectory("/usr", {{"sh", "-c", "pwd; printf '%s|' \"$@\"", "x", "$HOME", "-n", ""}, {}});
  const Ran ran = RunProgram(root.argv, "");
  EXPECT_EQ(ran.out, "/usr\n$HOME|-n||");
  EXPECT_NE(RunProgram(InDirectory("/no/such", {{"echo", "there"}, {}}).argv, "").out, "there\n");
}

TEST(CommandTest, Environments) {
  const auto target = EnvOf(List(kTarget, "/r"));
  const auto here = EnvOf(List(kHere, "/r"));
  for (const auto& env : {target, here}) {
    EXPECT_EQ(env.at("BORG_PASSPHRASE_FD"), "0");
    EXPECT_EQ(env.at("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK"), "no");
    EXPECT_EQ(env.at("BORG_EXIT_CODES"), "modern");
    EXPECT_EQ(env.at("BORG_DISPLAY_PASSPHRASE"), "no");
    EXPECT_EQ(env.at("LC_ALL"), "C.UTF-8");
    EXPECT_EQ(env.count("BORG_PASSPHRASE"), 0U);
  }
  Client plain = kHere;
  plain.unencrypted = true;
  EXPECT_EQ(EnvOf(List(plain, "/r")).at("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK"), "yes");
  EXPECT_EQ(target.at("BORG_RELOCATED_REPO_ACCESS_IS_OK"), "yes");
  EXPECT_EQ(here.at("BORG_RELOCATED_REPO_ACCESS_IS_OK"), "no");
  EXPECT_EQ(target.at("BORG_RSH"), kTarget.rsh);
  EXPECT_EQ(target.count("BORG_BASE_DIR"), 0U);
  EXPECT_EQ(here.at("BORG_BASE_DIR"), "/tmp/base");
}

TEST(CommandTest, UrlsEscapePlaceholders) { EXPECT_EQ(RepositoryUrl("/a{hostname}}"), "ssh://borg-server/a{{hostname}}}}"); }

TEST(CommandTest, ScriptSetsUnsetsAndBecomesTheCommand) {
  Command command{{"sh", "-c", R"(printf '%s|' "$@" "${BORG_PASSPHRASE-unset}" "${BORG_REPO-unset}" "$BORG_RSH" "$$")", "x",
                   "a 'b'\n$c", "-d", ""},
                  {{"BORG_RSH", "it's $HOME\n\xff"}}};
  const Ran ran = RunProgram({"env", "BORG_PASSPHRASE=leak", "BORG_REPO=/other", "sh", "-s"}, ScriptFor(command));
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, testing::StartsWith("a 'b'\n$c|-d||unset|unset|it's $HOME\n\xff|"));
  EXPECT_EQ(RunProgram({"sh", "-s"}, ScriptFor({{"/no/such/borg"}, {}}) + " 2>/dev/null").status, 127);
}

TEST(CommandTest, ScriptKeepsNothingThatIsToBeUnset) {
  std::vector<std::string> argv = {"env"};
  for (const std::string_view name : VariablesToUnset()) argv.push_back(std::string(name) + "=not-to-be-seen");
  argv.insert(argv.end(), {"sh", "-s"});
  EXPECT_THAT(RunProgram(argv, ScriptFor({{"env"}, {}})).out, Not(HasSubstr("not-to-be-seen")));
}

// Nasty but allowed words through real borg: init, create, list, prune, check, compact, over ScriptFor and a real sh.
class RealBorgTest : public testing::TestWithParam<std::string> {};

TEST_P(RealBorgTest, WordsArriveUnchanged) {
  const std::string borg = GetParam();
  if (borg.empty() || RunProgram({"sh", "-c", "command -v \"$1\"", "sh", borg}).status != 0) GTEST_SKIP() << "no such borg";
  std::string dir = testing::TempDir() + "borg-words-XXXXXX";
  ASSERT_NE(mkdtemp(dir.data()), nullptr);
  const std::string repository = dir + "/r o'$x\n-:y/web";
  ASSERT_EQ(LocationProblem(repository), "");
  Client client{Machine::kHere, borg, "sh -c 'exec \"$BORG\" serve --restrict-to-repository=\"$REPOSITORY\"'", dir + "/base",
                std::chrono::seconds(5)};
  const auto run = [&](Command command) {
    command.env.emplace_back("BORG", borg);
    command.env.emplace_back("REPOSITORY", repository);
    // The script is an argument here, so that standard input is left for the passphrase.
    return RunProgram({"sh", "-c", "cd '" + dir + "/src' && { " + ScriptFor(command) + " 2>>'" + dir + "/log'\n}"}, "pass phrase");
  };
  ASSERT_EQ(
      RunProgram(
          {"sh", "-c",
           "mkdir -p \"$1/src/-d\" \"$1/src/--\" \"$1/base\" && cd \"$1/src\" && touch ./-d/f ./--/g '{hostname}' 'it'\\''s' x.tmp "
           "\"$(printf 'a\\nb')\" \"$(printf 'dir\\377')\"",
           "sh", dir})
          .status,
      0);
  ASSERT_EQ(run(Init(client, repository, "repokey-blake2")).status, 0) << RunProgram({"cat", dir + "/log"}).out;
  Source source = SourceOf({"-d", "--", "{hostname}", "it's", "a\nb", dir + "/src"});
  source.excludes = {"*.tmp", "-q", "re:^nothing$"};
  const Ran created = run(Create(client, repository, "one {utcnow} it's", source, 0));
  ASSERT_EQ(created.status, 0) << RunProgram({"cat", dir + "/log"}).out;
  const Ran listed = run(List(client, repository));
  EXPECT_EQ(listed.status, 0);
  EXPECT_THAT(listed.out, testing::HasSubstr(" it's\""));
  Command contents = List(client, repository);
  contents.argv = {borg, "list", "--format={path}{NUL}", "--glob-archives=*", "--first=1", "--", RepositoryUrl(repository)};
  const std::string name = [&] {
    const std::size_t at = listed.out.find("\"name\": \"") + 9;
    return listed.out.substr(at, listed.out.find('"', at) - at);
  }();
  contents.argv = {borg, "list", "--format={path}{NUL}", "--", RepositoryUrl(repository) + "::" + name};
  const std::string paths = std::string(1, '\0') + run(contents).out;
  for (const std::string& path :
       {std::string("-d/f"), std::string("--/g"), std::string("{hostname}"), std::string("it's"), std::string("a\nb")}) {
    EXPECT_NE(paths.find(std::string(1, '\0') + path + std::string(1, '\0')), paths.npos) << path;
  }
  EXPECT_EQ(paths.find("x.tmp"), paths.npos);
  Retention retention;
  retention.keep_daily = 1;
  EXPECT_EQ(run(Prune(client, repository, retention)).status, 0);
  for (const CheckMode mode : {CheckMode::kFull, CheckMode::kRepository, CheckMode::kArchives, CheckMode::kVerifyData})
    EXPECT_EQ(run(Check(client, repository, {mode})).status, 0);
  EXPECT_EQ(run(Check(client, repository, {CheckMode::kRepository, std::chrono::seconds(60)})).status, 0);
  EXPECT_EQ(run(Compact(client, repository)).status, 0);
  if (!HasFailure()) RunProgram({"rm", "-rf", dir});
}

// BORG_OTHER names a second borg, such as one of another version.
INSTANTIATE_TEST_SUITE_P(Borgs, RealBorgTest, testing::Values("borg", std::getenv("BORG_OTHER") ? std::getenv("BORG_OTHER") : ""),
                         [](const auto& row) { return row.index == 0 ? "installed" : "other"; });

}  // namespace
}  // namespace borgop
