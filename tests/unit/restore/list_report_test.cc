#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/rfc3339.h"
#include "engine/report/report.h"
#include "engine/restore/list_run.h"

namespace borgop {
namespace {

std::vector<TargetListing> Listings() {
  TargetListing web;
  web.target = "web";
  web.path = "/srv/web";
  web.repository_id = std::string(64, 'a');
  web.encryption = "repokey-blake2";
  web.archives = {{"one", std::string(64, '1'), *ParseRfc3339("2026-11-23T02:30:00Z")},
                  {"t\x1b[31m\xff", std::string(64, '2'), *ParseRfc3339("2026-11-24T02:30:00.5Z")}};
  TargetListing mail;
  mail.target = "mail server";
  mail.error = Error{Reason::kPassphraseWrong, "borg list was not let in", {}};
  TargetListing none;
  none.target = "new";
  return {web, mail, none};
}

TEST(ListReportTest, Table) {
  EXPECT_EQ(ToTable(Listings(), *TimeZone::Find("Europe/Amsterdam")),
            "TARGET  ARCHIVE     BEGUN                      ID\n"
            "web     one         2026-11-23T03:30:00+01:00  1111111111111111\n"
            "web     t\\x1b[31m\xEF\xBF\xBD  2026-11-24T03:30:00+01:00  2222222222222222\n"
            "mail server: PassphraseWrong: borg list was not let in\n"
            "  Give the passphrase with which this repository was made.\n"
            "new: no archives\n");
}

TEST(ListReportTest, Json) {
  const auto json = nlohmann::json::parse(ToJson(Listings()));
  ASSERT_EQ(json["targets"].size(), 3U);
  const auto& web = json["targets"][0];
  EXPECT_EQ(web["name"], "web");
  EXPECT_EQ(web["repository"]["path"], "/srv/web");
  EXPECT_EQ(web["repository"]["encryption"], "repokey-blake2");
  EXPECT_EQ(web["archives"][0]["name"], "one");
  EXPECT_EQ(web["archives"][0]["id"], std::string(64, '1'));
  EXPECT_EQ(web["archives"][1]["start"], "2026-11-24T02:30:00.500Z");
  EXPECT_EQ(web["archives"][1]["name"], "t\x1b[31m\xEF\xBF\xBD");
  EXPECT_FALSE(web.contains("error"));
  EXPECT_EQ(json["targets"][1]["error"]["reason"], "PassphraseWrong");
  EXPECT_EQ(json["targets"][1]["error"]["kind"], "Terminal");
  EXPECT_EQ(ToJson(Listings()).find('\n'), std::string::npos);
}

TEST(ListReportTest, WithALedgerItSaysWhatWasSeenMade) {
  std::vector<TargetListing> listings = Listings();
  listings[0].known = true;
  listings[0].archives[0].seen = std::chrono::floor<std::chrono::milliseconds>(*ParseRfc3339("2026-11-23T02:31:00Z"));
  EXPECT_EQ(ToTable({listings[0]}, *TimeZone::Find("UTC")),
            "TARGET  ARCHIVE     BEGUN                 ID                SEEN\n"
            "web     one         2026-11-23T02:30:00Z  1111111111111111  2026-11-23T02:31:00Z\n"
            "web     t\\x1b[31m\xEF\xBF\xBD  2026-11-24T02:30:00Z  2222222222222222  not seen made\n");
  const auto json = nlohmann::json::parse(ToJson(listings));
  EXPECT_EQ(json["targets"][0]["archives"][0]["seen"], "2026-11-23T02:31:00.000Z");
  EXPECT_TRUE(json["targets"][0]["archives"][1].at("seen").is_null());
}

TEST(ListReportTest, ExitCodes) {
  const auto of = [](Reason reason) { return Error{reason, "x", {}}; };
  EXPECT_EQ(ExitCodeOf(std::vector<std::optional<Error>>{{}, {}}), exit_code::kOk);
  EXPECT_EQ(ExitCodeOf(std::vector<std::optional<Error>>{{}, of(Reason::kConnectTimeout)}), exit_code::kRetry);
  EXPECT_EQ(ExitCodeOf(std::vector<std::optional<Error>>{of(Reason::kPassphraseWrong), of(Reason::kConnectTimeout)}),
            exit_code::kFailed);
  EXPECT_EQ(ExitCodeOf(std::vector<std::optional<Error>>{of(Reason::kCancelled), of(Reason::kPassphraseWrong)}),
            exit_code::kCancelled);
  EXPECT_EQ(ExitCodeOf(std::vector<std::optional<Error>>{of(Reason::kInternal)}), exit_code::kInternal);
}

TEST(FindTargetsTest, ByNameInTheOrderAsked) {
  Plan plan;
  for (const char* name : {"web", "mail", "db"}) plan.targets.emplace_back().name = name;
  EXPECT_EQ(FindTargets(plan, {}).value(), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(FindTargets(plan, {"db", "web", "db"}).value(), (std::vector<std::size_t>{2, 0}));
  const auto none = FindTargets(plan, {"mial"});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, Reason::kInvalidConfig);
  EXPECT_THAT(none.error().message, testing::HasSubstr("did you mean `mail`?"));
}

}  // namespace
}  // namespace borgop
