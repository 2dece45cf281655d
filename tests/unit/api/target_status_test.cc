#include "controller/api/target_status.h"

#include <gtest/gtest.h>

namespace borgop::api {
namespace {

using nlohmann::json;

const WallTime kStatusStart(std::chrono::seconds(1'795'498'632));

RunStatus Run() {
  return {"web-01-1",
          "CompletedWithWarnings",
          "",
          "",
          "",
          kStatusStart,
          kStatusStart + std::chrono::hours(1),
          "snapshot-1",
          std::string(64, 'b'),
          300,
          200,
          100,
          7,
          2,
          "/a: changed",
          1,
          "u-1",
          2,
          "abc"};
}

TargetStatus Full() {
  TargetStatus status;
  status.observed_generation = 3;
  Set(status.conditions, {"Ready", Truth::kTrue, "Good", "well", 3, {}}, kStatusStart);
  status.state = "Scheduled";
  status.effective_schedule = "17 2 * * *";
  status.next_backup_time = kStatusStart + std::chrono::hours(9);
  status.last_check_time = kStatusStart - std::chrono::hours(1);
  status.last_backup = RunStatus{"web-01-2", "Failed", "DiskFull", "no space", "Waiting", kStatusStart, kStatusStart, "", "", {},
                                 {},         {},       {},         0,          "",        {},           "",           0,  ""};
  status.last_successful_backup = Run();
  status.last_maintenance = Run();
  status.progress = ProgressStatus{"web-01-3", "create", 5, 6, 7, kStatusStart};
  status.consecutive_failures = 2;
  status.last_run_now = "2026-11-23T09:00";
  status.repository = {std::string(64, 'a'), "repokey", 42, 1000, 10};
  return status;
}

TEST(TargetStatusTest, JsonAndBack) {
  const json object = {{"status", ToJson(Full())}};
  EXPECT_EQ(ReadStatus(object), Full());
  EXPECT_EQ(ToJson(ReadStatus(object)), object["status"]);
}

TEST(TargetStatusTest, HasTheNamesOfTheSchema) {
  const json status = ToJson(Full());
  EXPECT_EQ(status["lastSuccessfulBackup"]["size"], "300 B");
  for (const char* pointer : {"/observedGeneration",
                              "/conditions/0/type",
                              "/state",
                              "/effectiveSchedule",
                              "/nextBackupTime",
                              "/lastCheckTime",
                              "/lastBackup/job",
                              "/lastBackup/phase",
                              "/lastBackup/reason",
                              "/lastBackup/message",
                              "/lastBackup/kind",
                              "/lastBackup/startTime",
                              "/lastBackup/completionTime",
                              "/lastSuccessfulBackup/archive",
                              "/lastSuccessfulBackup/archiveID",
                              "/lastSuccessfulBackup/originalSize",
                              "/lastSuccessfulBackup/compressedSize",
                              "/lastSuccessfulBackup/deduplicatedSize",
                              "/lastSuccessfulBackup/files",
                              "/lastSuccessfulBackup/warnings",
                              "/lastSuccessfulBackup/firstWarning",
                              "/lastSuccessfulBackup/pruned",
                              "/lastSuccessfulBackup/runID",
                              "/lastSuccessfulBackup/attempt",
                              "/lastSuccessfulBackup/inputs",
                              "/lastMaintenance/job",
                              "/progress/job",
                              "/progress/phase",
                              "/progress/files",
                              "/progress/originalSize",
                              "/progress/bytesBridged",
                              "/progress/time",
                              "/consecutiveFailures",
                              "/lastRunNow",
                              "/repository/id",
                              "/repository/encryption",
                              "/repository/archives",
                              "/repository/originalSize",
                              "/repository/deduplicatedSize"}) {
    EXPECT_TRUE(status.contains(json::json_pointer(pointer))) << pointer;
  }
}

TEST(TargetStatusTest, OfANewObjectIsEmpty) {
  EXPECT_EQ(ReadStatus(json::object()), TargetStatus{});
  EXPECT_EQ(ReadStatus(json{{"status", "x"}}), TargetStatus{});
  EXPECT_EQ(ToJson(TargetStatus{}), json::parse(R"({"observedGeneration": 0, "conditions": [], "consecutiveFailures": 0})"));
}

TEST(TargetStatusTest, NonsenseIsAsIfItWereNotThere) {
  const json object = json::parse(R"({"status": {"observedGeneration": "x", "conditions": {}, "lastBackup": 1, "progress": [],
      "nextBackupTime": "soon", "consecutiveFailures": -1, "repository": {"archives": "many"}}})");
  EXPECT_EQ(ReadStatus(object), TargetStatus{});
}

TEST(TargetStatusTest, ForeignTextIsMadeFit) {
  TargetStatus status;
  status.last_backup = RunStatus{};
  status.last_backup->message = "\xff\x1b" + std::string(100'000, 'x');
  const json written = ToJson(status);
  EXPECT_LE(written["lastBackup"]["message"].get<std::string>().size(), 1024U);
  EXPECT_NO_THROW((void)written.dump());
}

}  // namespace
}  // namespace borgop::api
