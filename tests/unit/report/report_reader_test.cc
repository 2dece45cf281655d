#include "engine/report/report_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/report/sizes.h"

namespace borgop {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using testing::HasSubstr;

RunReport Sample() {
  RunReport report;
  report.engine_version = "0.1.0";
  report.start = WallTime(milliseconds(1795498632000));
  report.end = WallTime(milliseconds(1795498634000));
  TargetReport good;
  good.name = "web";
  good.outcome = Outcome::kCompletedWithWarnings;
  good.start = report.start;
  good.end = report.end;
  good.phases = {{PhaseName::kConnect, report.start, milliseconds(120), true},
                 {PhaseName::kCheck, report.start, milliseconds(7), true}};
  good.repository = {std::string(64, 'a'), "/home/b/web", true, 4, "repokey", 900, 250};
  good.repository.key = std::string(64, 'c');
  good.archive = Archive{std::string(64, 'b'), "snapshot-1", "2026-11-24T05:37:12.000000", "x", 300, 200, 100, 7};
  good.pruned = 2;
  good.bytes_to_server = 1000;
  good.bytes_to_target = 50;
  good.warnings = {"/a: changed"};
  TargetReport bad;
  bad.name = "db";
  bad.error = Error{Reason::kDiskFull, "full", ""};
  report.targets = {good, bad};
  return report;
}

TEST(ReportReaderTest, ReadsWhatTheWriterWrites) {
  const Result<ReportedRun> run = ReadReport(ToJson(Sample()));
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->engine_version, "0.1.0");
  EXPECT_EQ(run->start, Sample().start);
  EXPECT_EQ(run->end, Sample().end);
  EXPECT_FALSE(run->truncated);
  ASSERT_EQ(run->targets.size(), 2U);
  const ReportedTarget& web = run->targets[0];
  EXPECT_EQ(web.name, "web");
  EXPECT_EQ(web.outcome, Outcome::kCompletedWithWarnings);
  EXPECT_EQ(web.start, Sample().start);
  EXPECT_EQ(web.end, Sample().end);
  ASSERT_TRUE(web.repository);
  EXPECT_EQ(web.repository->id, std::string(64, 'a'));
  EXPECT_EQ(web.repository->path, "/home/b/web");
  EXPECT_TRUE(web.repository->initialized);
  EXPECT_EQ(web.repository->archives, 4U);
  EXPECT_EQ(web.repository->encryption, "repokey");
  EXPECT_EQ(web.repository->key, std::string(64, 'c'));
  EXPECT_EQ(web.repository->original_size, 900U);
  EXPECT_EQ(web.repository->deduplicated_size, 250U);
  ASSERT_TRUE(web.archive && web.archive->details);
  EXPECT_EQ(web.archive->id, std::string(64, 'b'));
  EXPECT_EQ(web.archive->name, "snapshot-1");
  EXPECT_EQ(web.archive->details->original_size, 300U);
  EXPECT_EQ(web.archive->details->compressed_size, 200U);
  EXPECT_EQ(web.archive->details->deduplicated_size, 100U);
  EXPECT_EQ(web.archive->details->nfiles, 7U);
  EXPECT_EQ(web.archive->details->end, "x");
  EXPECT_EQ(web.pruned, 2U);
  EXPECT_EQ(web.bytes_to_server, 1000U);
  EXPECT_EQ(web.bytes_to_target, 50U);
  EXPECT_EQ(web.warnings, std::vector<std::string>{"/a: changed"});
  ASSERT_NE(web.Find(PhaseName::kCheck), nullptr);
  EXPECT_EQ(web.Find(PhaseName::kCheck)->duration, milliseconds(7));
  EXPECT_EQ(web.Find(PhaseName::kCompact), nullptr);
  EXPECT_FALSE(web.error);
  const ReportedTarget& db = run->targets[1];
  EXPECT_EQ(db.outcome, Outcome::kFailed);
  ASSERT_TRUE(db.error);
  EXPECT_EQ(db.error->kind, ErrorKind::kWaiting);
  EXPECT_EQ(db.error->reason, "DiskFull");
  EXPECT_EQ(db.error->message, "full");
  EXPECT_EQ(db.error->action, InfoOf(Reason::kDiskFull).advice);
  EXPECT_EQ(db.repository->id, "");
}

// What is for the ledger goes through as it is; a summary has it or says that something was left out.
TEST(ReportReaderTest, HandsOnTheLedgersChanges) {
  RunReport report = Sample();
  report.targets[0].ledger = R"({"version":1,"archives":[{"id":"x"}]})";
  report.targets[1].error->finding = std::string(32, 'f');
  for (const std::string& text : {ToJson(report), ToSummaryJson(report, 4096)}) {
    const Result<ReportedRun> run = ReadReport(text);
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ(json::parse(run->targets[0].ledger), json::parse(report.targets[0].ledger));
    EXPECT_EQ(run->targets[1].ledger, "");
    EXPECT_EQ(run->targets[1].error->finding, std::string(32, 'f'));
  }
  report.targets[0].ledger = json({{"archives", std::string(9000, 'a')}}).dump();
  const Result<ReportedRun> run = ReadReport(ToSummaryJson(report, 4096));
  ASSERT_TRUE(run);
  EXPECT_TRUE(run->truncated);
  EXPECT_EQ(run->targets[0].ledger, "");
}

TEST(ReportReaderTest, ReadsEverySummary) {
  RunReport report = Sample();
  report.targets[0].warnings = {std::string(5000, 'w')};
  for (std::size_t limit = 2; limit <= 6000; limit += 37) {
    const std::string text = ToSummaryJson(report, limit);
    const Result<ReportedRun> run = ReadReport(text);
    // Below the size of a summary that still has a version there is nothing to be read.
    if (text.find("\"version\"") == std::string::npos) {
      EXPECT_FALSE(run);
      continue;
    }
    ASSERT_TRUE(run) << limit << ' ' << run.error().message;
    EXPECT_EQ(run->truncated, text != ToJson(report)) << limit;
  }
  const Result<ReportedRun> smallest = ReadReport(ToSummaryJson(report, 650));
  ASSERT_TRUE(smallest);
  ASSERT_FALSE(smallest->targets.empty());
  EXPECT_FALSE(smallest->targets[0].archive && smallest->targets[0].archive->details);
  EXPECT_FALSE(smallest->targets[0].pruned);
}

// A JSON pointer into the sample and what it becomes.
struct Change {
  const char* name;
  const char* pointer;
  json value;
  const char* problem;  // a part of it; null: still read
};
void PrintTo(const Change& row, std::ostream* out) { *out << row.name; }

class ReportReaderChangeTest : public testing::TestWithParam<Change> {};

TEST_P(ReportReaderChangeTest, Judges) {
  json changed = json::parse(ToJson(Sample()));
  changed[json::json_pointer(GetParam().pointer)] = GetParam().value;
  const Result<ReportedRun> run = ReadReport(changed.dump());
  if (GetParam().problem == nullptr) {
    EXPECT_TRUE(run) << run.error().message;
    return;
  }
  ASSERT_FALSE(run);
  EXPECT_THAT(run.error().message, HasSubstr(GetParam().problem));
}

const Change kChanges[] = {
    {"NewFieldAtTop", "/pins", {{"nonce", 7}}, nullptr},
    {"LedgerNoObject", "/targets/0/ledger", json::array({1}), "targets[0].ledger: is not an object"},
    {"NewFieldOfTarget", "/targets/0/novelty", json::array({1}), nullptr},
    {"NewPhase", "/targets/0/phases/0/name", "guard", nullptr},
    {"NullCountsAsMissing", "/targets/0/archive", nullptr, nullptr},
    {"NewErrorKind", "/targets/1/error/kind", "Accusing", nullptr},
    {"NewErrorReason", "/targets/1/error/reason", "TargetMisbehaved", nullptr},
    {"Version2", "/version", 2, "version: is 2"},
    {"VersionText", "/version", "1", "version: is not a whole number"},
    {"VersionGone", "/version", nullptr, "version: is missing"},
    {"TargetsGone", "/targets", nullptr, "targets: is missing"},
    {"TargetsNoList", "/targets", "x", "targets: is not a list"},
    {"TargetNoObject", "/targets/1", 3, "targets[1]: is not an object"},
    {"OutcomeUnknown", "/targets/0/outcome", "Done", "targets[0].outcome: is none of"},
    {"CompletedWithError", "/targets/1/outcome", "Completed", "targets[1].error: is there although"},
    {"FailedWithoutError", "/targets/0/outcome", "Failed", "targets[0].error: is missing although"},
    {"NegativeSize", "/targets/0/archive/originalSize", -1, "targets[0].archive.originalSize: is not a whole number"},
    {"FractionSize", "/targets/0/archive/files", 1.5, "targets[0].archive.files: is not a whole number"},
    {"ArchiveId", "/targets/0/archive/id", "BBBB", "targets[0].archive.id: is not 64"},
    {"ArchiveIdEmpty", "/targets/0/archive/id", "", "targets[0].archive.id: is not 64"},
    {"RepositoryId", "/targets/0/repository/id", "xyz", "targets[0].repository.id: is not 64"},
    {"Time", "/targets/0/end", "yesterday", "targets[0].end: is not a time"},
    {"Seconds", "/targets/0/phases/0/seconds", 1e300, "targets[0].phases[0].seconds: is not a number of seconds"},
    {"SecondsNegative", "/targets/0/phases/0/seconds", -2, "targets[0].phases[0].seconds: is not a number of seconds"},
    {"Ok", "/targets/0/phases/0/ok", 1, "targets[0].phases[0].ok: is neither"},
    {"Warning", "/targets/0/warnings/0", 1, "targets[0].warnings: has an entry"},
    {"ErrorNoObject", "/targets/1/error", "x", "targets[1].error: is not an object"},
};
INSTANTIATE_TEST_SUITE_P(Table, ReportReaderChangeTest, testing::ValuesIn(kChanges),
                         [](const auto& row) { return row.param.name; });

TEST(ReportReaderTest, KeepsWhatItDoesNotKnowOfAnError) {
  json changed = json::parse(ToJson(Sample()));
  changed["targets"][1]["error"]["kind"] = "Accusing";
  changed["targets"][1]["error"]["reason"] = "TargetMisbehaved";
  const Result<ReportedRun> run = ReadReport(changed.dump());
  ASSERT_TRUE(run);
  EXPECT_EQ(run->targets[1].error->kind, ErrorKind::kTerminal);
  EXPECT_EQ(run->targets[1].error->reason, "TargetMisbehaved");
}

TEST(ReportReaderTest, RefusesWhatIsNoReport) {
  for (const char* text : {"", "{", "null", "[]", "\xff", "{\"a\":\"\\", "12"}) EXPECT_FALSE(ReadReport(text)) << text;
}

TEST(ReportReaderTest, EveryCutIsRefused) {
  const std::string whole = ToJson(Sample());
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(ReadReport(whole.substr(0, size))) << size;
}

TEST(ReportReaderTest, HasLimits) {
  EXPECT_THAT(ReadReport(ToJson(Sample()), {.max_bytes = 100}).error().message, HasSubstr("larger than 100 bytes"));
  EXPECT_THAT(ReadReport("{\"version\":1,\"x\":" + std::string(1'000'000, '[')).error().message, HasSubstr("nested"));
  EXPECT_THAT(ReadReport(ToJson(Sample()), {.max_targets = 1}).error().message, HasSubstr("targets: has more than 1"));
  // Brackets in a text nest nothing.
  json changed = json::parse(ToJson(Sample()));
  changed["targets"][0]["warnings"][0] = "\\\"" + std::string(100, '[');
  EXPECT_TRUE(ReadReport(changed.dump()));
  changed["targets"][0]["warnings"] = std::vector<std::string>(1000, "w");
  EXPECT_EQ(ReadReport(changed.dump())->targets[0].warnings.size(), TargetReport::kMaxWarnings + 1);
}

struct LogRow {
  const char* name;
  std::string log;
  const char* problem;
};
void PrintTo(const LogRow& row, std::ostream* out) { *out << row.name; }

class ReportFromLogTest : public testing::TestWithParam<LogRow> {};

TEST_P(ReportFromLogTest, Finds) {
  const Result<ReportedRun> run = ReadReportFromLog(GetParam().log);
  if (GetParam().problem == nullptr) {
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ(run->targets.size(), 2U);
    return;
  }
  ASSERT_FALSE(run);
  EXPECT_THAT(run.error().message, HasSubstr(GetParam().problem));
}

const std::string kLine = R"({"time":"2026-11-24T05:37:12.456Z","level":"info","event":"log","message":"\"version\":1"})";
const LogRow kLogs[] = {
    {"Last", kLine + "\n" + ToJson(Sample()) + "\n", nullptr},
    {"NoNewlineAtTheEnd", kLine + "\n" + ToJson(Sample()), nullptr},
    {"Only", ToJson(Sample()), nullptr},
    {"FollowedByLines", ToJson(Sample()) + "\n" + kLine + "\nterminated\n", nullptr},
    {"TailCutsTheFirstLine", kLine.substr(30) + "\n" + ToJson(Sample()), nullptr},
    {"Empty", "", "has none"},
    {"NoReport", kLine + "\n" + kLine, "cannot be read"},
    {"Cut", kLine + "\n" + ToJson(Sample()).substr(0, 200), "not JSON"},
};
INSTANTIATE_TEST_SUITE_P(Table, ReportFromLogTest, testing::ValuesIn(kLogs), [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace borgop
