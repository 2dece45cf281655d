#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "engine/report/printable.h"
#include "engine/report/report.h"

namespace borgop {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

TargetReport Good(std::string name) {
  TargetReport target;
  target.name = std::move(name);
  target.outcome = Outcome::kCompletedWithWarnings;
  target.start = WallTime(milliseconds(1795498632456));
  target.end = target.start + milliseconds(1500);
  target.phases = {{PhaseName::kConnect, target.start, milliseconds(120), true},
                   {PhaseName::kCreate, target.start + milliseconds(120), milliseconds(1000), true}};
  target.repository = {std::string(64, 'a'), "/home/b/web", true, 4, "repokey", 900, 250};
  target.archive =
      Archive{std::string(64, 'b'), "snapshot-1", "2026-11-24T05:37:12.000000", "2026-11-24T05:37:13.000000", 300, 200, 100, 7};
  target.pruned = 2;
  target.bytes_to_server = 1000;
  target.bytes_to_target = 50;
  target.warnings = {"/a: changed"};
  return target;
}

TargetReport Bad(std::string name, Reason reason) {
  TargetReport target;
  target.name = std::move(name);
  target.outcome = reason == Reason::kCancelled ? Outcome::kCancelled : Outcome::kFailed;
  target.error = Error{reason, "it \"broke\"\n", ""};
  return target;
}

RunReport Of(std::vector<TargetReport> targets) {
  RunReport report;
  report.engine_version = "0.1.0";
  report.start = WallTime(milliseconds(1795498632000));
  report.end = WallTime(milliseconds(1795498634000));
  report.targets = std::move(targets);
  return report;
}

TEST(ReportJsonTest, AllFields) {
  const std::string text = ToJson(Of({Good("web")}));
  EXPECT_EQ(text.find('\n'), text.npos);
  const json expected = json::parse(
      R"({"version":1,"engineVersion":"0.1.0","start":"2026-11-24T05:37:12.000Z","end":"2026-11-24T05:37:14.000Z",
    "counts":{"targets":1,"completed":0,"completedWithWarnings":1,"failed":0,"cancelled":0},
    "targets":[{"name":"web","outcome":"CompletedWithWarnings","start":"2026-11-24T05:37:12.456Z","end":"2026-11-24T05:37:13.956Z",
      "repository":{"id":")" +
      std::string(64, 'a') + R"(","path":"/home/b/web","initialized":true,"archives":4,
        "encryption":"repokey","originalSize":900,"deduplicatedSize":250},
      "archive":{"id":")" +
      std::string(64, 'b') + R"(","name":"snapshot-1","start":"2026-11-24T05:37:12.000000","end":"2026-11-24T05:37:13.000000",
        "originalSize":300,"compressedSize":200,"deduplicatedSize":100,"files":7},
      "pruned":2,"bytesToServer":1000,"bytesToTarget":50,
      "phases":[{"name":"connect","start":"2026-11-24T05:37:12.456Z","seconds":0.12,"ok":true},
                {"name":"create","start":"2026-11-24T05:37:12.576Z","seconds":1.0,"ok":true}],
      "warnings":["/a: changed"]}]})");
  EXPECT_EQ(json::parse(text), expected);
}

TEST(ReportJsonTest, Errors) {
  const json error = json::parse(ToJson(Of({Bad("db", Reason::kDiskFull)})))["targets"][0]["error"];
  EXPECT_EQ(error, json({{"kind", "Waiting"},
                         {"reason", "DiskFull"},
                         {"message", "it \"broke\"\n"},
                         {"action", InfoOf(Reason::kDiskFull).advice}}));
  TargetReport own = Bad("db", Reason::kDiskFull);
  own.error->advice = "Do this.";
  own.error->finding = std::string(32, 'f');
  const json other = json::parse(ToJson(Of({own})))["targets"][0]["error"];
  EXPECT_EQ(other["action"], "Do this.");
  EXPECT_EQ(other["finding"], std::string(32, 'f'));
}

TEST(ReportJsonTest, InvalidUtf8IsReplaced) {
  TargetReport target = Bad("n\xff", Reason::kDiskFull);
  target.error->message = "\xc0\xaf";
  target.warnings = {"w\xed\xa0\x80"};
  target.archive = Archive{};
  target.archive->name = "\x80";
  const std::string text = ToJson(Of({target}));
  ASSERT_TRUE(json::accept(text));
  EXPECT_EQ(json::parse(text)["targets"][0]["name"], "n\xef\xbf\xbd");
}

TEST(ReportJsonTest, WarningsAreBounded) {
  TargetReport target = Good("web");
  target.warnings.assign(1000, "w");
  EXPECT_EQ(json::parse(ToJson(Of({target})))["targets"][0]["warnings"].size(), TargetReport::kMaxWarnings + 1);
}

TEST(SummaryTest, IsTheWholeReportWhereItFits) {
  const RunReport report = Of({Good("web"), Bad("db", Reason::kBorgMissing)});
  EXPECT_EQ(ToSummaryJson(report, 4096), ToJson(report));
}

struct LevelRow {
  const char* name;
  std::size_t limit;
  bool warnings, phases, sizes;
};

TEST(SummaryTest, LeavesOutWarningsThenPhasesThenDetails) {
  TargetReport target = Good("web");
  target.warnings = {std::string(3000, 'w')};
  for (int i = 0; i < 20; ++i) target.phases.push_back(target.phases[0]);
  const RunReport report = Of({target});
  for (const LevelRow& row : std::initializer_list<LevelRow>{{"all", 8000, true, true, true},
                                                             {"no warnings", 4000, false, true, true},
                                                             {"no phases", 1100, false, false, true},
                                                             {"no sizes", 700, false, false, false}}) {
    SCOPED_TRACE(row.name);
    const std::string text = ToSummaryJson(report, row.limit);
    EXPECT_LE(text.size(), row.limit);
    const json value = json::parse(text);
    const json& first = value["targets"][0];
    EXPECT_EQ(value.contains("truncated"), !row.warnings);
    EXPECT_EQ(first.contains("warnings"), row.warnings);
    EXPECT_EQ(first.contains("phases"), row.phases);
    EXPECT_EQ(first["archive"].contains("originalSize"), row.sizes);
    EXPECT_EQ(first["archive"]["name"], "snapshot-1");
  }
}

TEST(SummaryTest, FailuresComeFirstWhereNotAllFit) {
  std::vector<TargetReport> targets;
  for (int i = 0; i < 200; ++i) targets.push_back(Good("good-" + std::to_string(i)));
  targets.push_back(Bad("broken", Reason::kDiskFull));
  const json value = json::parse(ToSummaryJson(Of(targets), 4096));
  EXPECT_EQ(value["truncated"], true);
  EXPECT_EQ(value["counts"]["targets"], 201);
  ASSERT_EQ(value["targets"][0]["name"], "broken");
  EXPECT_EQ(value["targets"][0]["error"]["reason"], "DiskFull");
  EXPECT_GT(value["targets"].size(), 3U);
}

TEST(SummaryTest, AlwaysFitsAndIsAlwaysJson) {
  std::mt19937 random(7);
  const auto bytes = [&](std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(random() % 256);
    return text;
  };
  for (int round = 0; round < 60; ++round) {
    std::vector<TargetReport> targets;
    const std::size_t count = random() % 12;
    for (std::size_t i = 0; i < count; ++i) {
      TargetReport target = random() % 2 == 0 ? Good(bytes(random() % 300))
                                              : Bad(bytes(random() % 3000), static_cast<Reason>(random() % AllReasons().size()));
      if (target.error) target.error->message = bytes(random() % 5000);
      if (target.error && random() % 2 == 0) target.error->advice = bytes(random() % 2000);
      target.warnings.assign(random() % 10, bytes(random() % 400));
      targets.push_back(std::move(target));
    }
    const RunReport report = Of(std::move(targets));
    for (const std::size_t limit :
         {std::size_t{256}, std::size_t{300}, std::size_t{512}, std::size_t{1024}, std::size_t{4096}, std::size_t{100000}}) {
      const std::string text = ToSummaryJson(report, limit);
      ASSERT_LE(text.size(), limit);
      ASSERT_TRUE(json::accept(text)) << text;
      ASSERT_EQ(json::parse(text)["counts"]["targets"], report.targets.size());
    }
    ASSERT_TRUE(json::accept(ToJson(report)));
  }
}

TEST(SummaryTest, AThousandLargeTargets) {
  std::vector<TargetReport> targets;
  for (int i = 0; i < 1000; ++i) {
    TargetReport target = Bad(std::string(10240, '"'), Reason::kDiskFull);
    target.error->message = std::string(10240, '\x01');
    targets.push_back(std::move(target));
  }
  const RunReport report = Of(std::move(targets));
  for (const std::size_t limit : {std::size_t{256}, std::size_t{4096}}) {
    const std::string text = ToSummaryJson(report, limit);
    EXPECT_LE(text.size(), limit);
    EXPECT_EQ(json::parse(text)["counts"]["failed"], 1000);
  }
  EXPECT_GE(json::parse(ToSummaryJson(report, 4096))["targets"].size(), 1U);
}

TEST(SummaryTest, TinyLimits) {
  for (std::size_t limit = 0; limit < 256; ++limit) {
    const std::string text = ToSummaryJson(Of({Good("web")}), limit);
    EXPECT_LE(text.size(), limit);
    EXPECT_EQ(json::accept(text), limit >= 2);
  }
}

struct CodeRow {
  const char* name;
  std::vector<TargetReport> targets;
  int code;
};

TEST(ExitCodeTest, Table) {
  const TargetReport good = Good("a");
  for (const CodeRow& row : std::vector<CodeRow>{
           {"nothing", {}, 0},
           {"warnings", {good}, 0},
           {"terminal", {good, Bad("b", Reason::kPassphraseWrong)}, 1},
           {"transient", {good, Bad("b", Reason::kConnectionLost)}, 75},
           {"waiting", {Bad("b", Reason::kRepositoryLocked)}, 75},
           {"transient and terminal", {Bad("b", Reason::kConnectionLost), Bad("c", Reason::kPassphraseWrong)}, 1},
           {"cancelled", {good, Bad("b", Reason::kCancelled)}, 130},
           {"cancelled and failed", {Bad("b", Reason::kCancelled), Bad("c", Reason::kPassphraseWrong)}, 130},
           {"internal", {Bad("b", Reason::kInternal), Bad("c", Reason::kConnectionLost)}, 4},
       }) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(ExitCodeOf(Of(row.targets)), row.code);
  }
}

TEST(NamesTest, AreStable) {
  EXPECT_EQ(ToString(Outcome::kCompleted), "Completed");
  EXPECT_EQ(ToString(Outcome::kCancelled), "Cancelled");
  EXPECT_EQ(ToString(PhaseName::kConnect), "connect");
  EXPECT_EQ(ToString(PhaseName::kInspect), "inspect");
  EXPECT_EQ(ToString(PhaseName::kInit), "init");
  EXPECT_EQ(ToString(PhaseName::kCompact), "compact");
  EXPECT_EQ(ToString(PhaseName::kCleanup), "cleanup");
}

}  // namespace
}  // namespace borgop
