#include "engine/plan/yaml_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "engine/plan/rules.h"
#include "engine/plan/toml_reader.h"
#include "engine/plan/yaml_reader.h"
#include "plan_fixture.h"

namespace borgop {
namespace {

using test::Dump;

void ExpectRoundTrip(const Plan& plan) {
  const std::string text = WriteYaml(plan);
  const Result<Plan> again = ReadYaml(text, "plan.yaml");
  ASSERT_TRUE(again.has_value()) << again.error().message << '\n' << text;
  EXPECT_EQ(Dump(*again), Dump(plan)) << text;
}

Plan Good(std::string_view text) {
  Result<Plan> plan = ReadToml(text, "stdin");
  if (!plan) throw std::runtime_error(plan.error().message);
  return *std::move(plan);
}

TEST(YamlWriter, TomlBecomesTheSamePlan) { ExpectRoundTrip(Good(test::GoodToml())); }

TEST(YamlWriter, EveryFieldOfAPlan) {
  const Result<Plan> plan = ReadYaml(test::GoodYaml(), "plan.yaml");
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  ExpectRoundTrip(*plan);
}

TEST(YamlWriter, EveryKindOfCheck) {
  Plan plan = Good(test::GoodToml());
  for (const CheckMode mode :
       {CheckMode::kNone, CheckMode::kRepository, CheckMode::kArchives, CheckMode::kFull, CheckMode::kVerifyData}) {
    plan.targets[0].maintenance.check = mode;
    ExpectRoundTrip(plan);
  }
  plan.targets[0].maintenance = {.check = CheckMode::kRepository, .check_max_duration = std::chrono::seconds(3600)};
  ExpectRoundTrip(plan);
}

TEST(YamlWriter, LeavesDefaultsOut) {
  const std::string text = WriteYaml(
      Good(test::With(test::GoodToml(), "\"--keep-daily 7 --keep-weekly 20 --keep-monthly 12 --keep-yearly 15\"", "\"\"")));
  EXPECT_TRUE(text.starts_with("# A plan for borg-engine.")) << text;
  for (const char* key : {"limits", "hooks", "retention", "maintenance", "archiveName", "encryption", "compression",
                          "oneFileSystem", "jumpHost", "keyPassphrase", "borg:", "port: 22\n"}) {
    EXPECT_EQ(text.find(key), std::string::npos) << key;
  }
  EXPECT_NE(text.find("    privateKey: |\n      -----BEGIN OPENSSH PRIVATE KEY-----\n"), std::string::npos) << text;
  EXPECT_NE(text.find("- name: \"web\"\n  connection:\n    host: web.example.org\n    port: 2222\n"), std::string::npos) << text;
}

const std::vector<std::string>& NastyStrings() {
  static const std::vector<std::string> strings = {"\"",
                                                   "'",
                                                   "$HOME",
                                                   "\\",
                                                   "\\n",
                                                   "\\U0010F8E9",
                                                   "-",
                                                   "- a",
                                                   "-a",
                                                   ": ",
                                                   "a: b",
                                                   "a:",
                                                   "#",
                                                   " # x",
                                                   "a #b",
                                                   "\n",
                                                   "\n\n",
                                                   "a\n",
                                                   "a\n\n",
                                                   "\na",
                                                   " a\nb",
                                                   "a \nb",
                                                   "a\n b",
                                                   "a\n\n\nb",
                                                   "a\n ",
                                                   "a\nb",
                                                   "a\nb\n",
                                                   "\t",
                                                   "a\tb",
                                                   "\ta\nb",
                                                   "a\n\tb\n",
                                                   "a\r\nb",
                                                   "\r",
                                                   "yes",
                                                   "no",
                                                   "null",
                                                   "Null",
                                                   "~",
                                                   "true",
                                                   "false",
                                                   "1e3",
                                                   "0x10",
                                                   "010",
                                                   "1_000",
                                                   "1.5",
                                                   ".inf",
                                                   ".nan",
                                                   "12:30:45",
                                                   "2001-01-01",
                                                   "=",
                                                   "<<",
                                                   " lead",
                                                   "trail ",
                                                   " ",
                                                   "  ",
                                                   "[a]",
                                                   "{a: b}",
                                                   "a, b",
                                                   "*a",
                                                   "&a",
                                                   "!a",
                                                   "!!binary x",
                                                   "|",
                                                   ">",
                                                   "|-",
                                                   "%",
                                                   "@",
                                                   "`",
                                                   "?",
                                                   "? a",
                                                   "---",
                                                   "...",
                                                   "--- a\nb",
                                                   "---\n",
                                                   "...\nx\n",
                                                   "\xC3\xA9",
                                                   "\xE2\x82\xAC\n\xE2\x82\xAC",
                                                   "\xF0\x9F\x98\x80",
                                                   "\xC2\x85",
                                                   "\xC2\xA0",
                                                   "\xE2\x80\xA8",
                                                   "\xEF\xBB\xBFx",
                                                   "\xEF\xBF\xBE",
                                                   "\xEF\xBF\xBF",
                                                   "\xEE\x80\x80",
                                                   "\xF4\x8F\xBF\xBF",
                                                   "\xF4\x8F\xA2\x80",
                                                   "\xED\x9F\xBF",
                                                   "\xFF",
                                                   "caf\xE9",
                                                   "\xE9\n\xE9",
                                                   "\x01",
                                                   "\x04",
                                                   "\x1B[31m",
                                                   "\x7F",
                                                   "\xC2\x80",
                                                   "/etc",
                                                   "a/b",
                                                   "abcdef",
                                                   std::string(2000, 'x'),
                                                   std::string(2000, ' '),
                                                   std::string(900, 'x') + "\n" + std::string(900, 'y'),
                                                   "*",
                                                   "/srv/**/*.tmp",
                                                   "re:^/srv/[0-9]+\\.tmp$"};
  return strings;
}

// `text` wherever it may stand.
void Fill(Plan& plan, const std::string& text) {
  for (Target& target : plan.targets) {
    const std::vector<std::string> paths = {text, "/x", text + text};
    const auto fits = [](const std::string& path) { return SourcePathProblem(path).empty(); };
    if (fits(text)) target.source.paths = {text};
    if (std::all_of(paths.begin(), paths.end(), fits) && SourcePathsProblem(paths).empty()) target.source.paths = paths;
    target.source.excludes = {text, 'a' + text + 'b'};
    target.hooks.before = {{"sh", text, "", text + text}, {"x"}, {"sh", "-c", text}};
    target.hooks.after = {{"true", text}};
  }
  const std::string root = NormalizedPath('/' + text);
  if (RootDirProblem(root).empty()) plan.server.root_dir = root;
  Repository& repository = plan.targets[0].repository;
  repository.path = "r" + text + "r";
  if (!RepositoryPathProblem(repository.path).empty() || !LocationProblem(RepositoryPath(plan.server, repository)).empty()) {
    repository.path = "web";
  }
  if (PassphraseProblem(text).empty()) repository.passphrase = Secret(text);
  plan.targets[0].connection.key_passphrase = Secret(text);
  const bool line = text.find_first_of("\r\n") == std::string::npos;
  plan.server.connection.known_hosts += "\n# " + (line ? text : std::string());
}

TEST(YamlWriter, NastyStringsComeBack) {
  for (const std::string& text : NastyStrings()) {
    SCOPED_TRACE(testing::PrintToString(text));
    Plan plan = Good(test::GoodToml());
    Fill(plan, text);
    ExpectRoundTrip(plan);
  }
}

TEST(YamlWriter, RandomStringsComeBack) {
  std::mt19937 random(20'261'124);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
  const std::vector<std::string>& pieces = NastyStrings();
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  for (int round = 0; round < 400; ++round) {
    std::string text;
    for (std::size_t n = 1 + below(5); n > 0; --n) {
      if (below(3) == 0) {
        text += static_cast<char>(1 + below(255));
      } else {
        text += pieces[below(pieces.size())].substr(0, 40);
      }
    }
    SCOPED_TRACE(testing::PrintToString(text));
    Plan plan = Good(test::GoodToml());
    Fill(plan, text);
    ExpectRoundTrip(plan);
  }
}

TEST(YamlWriter, WhatTomlHoldsSurvivesTheConversion) {
  std::string text = test::With(test::GoodToml(), "[\"/etc\", \"/srv\"]",
                                "[\"yes\", '/a b$\"\\', \"/\\n\\t#\", \"/caf\xC3\xA9\", \"- x: y\", \"''\", '''a\nb''']");
  text = test::With(text, "\"correct horse\"", "' \"$x\\ # '");
  const Plan plan = Good(text);
  ASSERT_EQ(plan.targets[0].source.paths.size(), 7U);
  ExpectRoundTrip(plan);
}

}  // namespace
}  // namespace borgop
