#include "controller/reconcile/carried_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/api/fixture.h"
#include "tests/unit/reconcile/run_fixture.h"

namespace borgop::controller {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kId(64, 'a'), kOther(64, 'c'), kArchive(64, 'b');

api::ObjectMeta Meta() { return api::ReadMeta(test::GoodTarget()); }

JobRun RunOf(const TargetReport& target) {
  return ReadRun(test::EndedJob("Complete", ""), {test::EndedPod(0, ToJson(test::ReportOf(target)))}, std::nullopt);
}

TargetReport In(const std::string& repository, bool initialized = false) {
  TargetReport target = test::GoodTargetReport();
  target.repository.id = repository;
  target.repository.initialized = initialized;
  return target;
}

CarriedState Full() {
  CarriedState state{kId, {{kArchive, "snapshot \"1\"", test::At("2026-11-24T02:09:57Z")}}, std::nullopt};
  state.finding = Finding{"f", "TargetMisbehaved", "put of an id that exists", "web-01-1", "", test::At("2026-11-24T03:00:00Z")};
  return state;
}

TEST(CarriedStateTest, IsReadAsItWasWritten) {
  const json map = BuildCarriedState(Meta(), Full());
  EXPECT_EQ(map["metadata"]["name"], StateName("web-01"));
  EXPECT_NE(StateName("web-01"), PlanName("web-01"));
  EXPECT_EQ(map["metadata"]["ownerReferences"][0]["uid"], "u-target");
  EXPECT_EQ(ReadCarriedState(map), Full());
  EXPECT_EQ(ReadCarriedState(BuildCarriedState(Meta(), {})), CarriedState{});
}

struct Row {
  const char* name;
  json data;
  const char* problem;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class ReadCarriedStateTest : public testing::TestWithParam<Row> {};

TEST_P(ReadCarriedStateTest, RefusesNonsense) {
  const auto state = ReadCarriedState({{"data", GetParam().data}});
  ASSERT_FALSE(state);
  EXPECT_THAT(state.error(), HasSubstr(GetParam().problem));
}

const Row kRows[] = {
    {"Empty", json::object(), "has no state.json"},
    {"NoJson", {{"state.json", "{"}}, "has no JSON object"},
    {"List", {{"state.json", "[]"}}, "has no JSON object"},
    {"Huge", {{"state.json", std::string(300'000, ' ')}}, "more than 256 KiB"},
    {"Version", {{"state.json", R"({"version": 2})"}}, "version is not 1"},
    {"Repository", {{"state.json", R"({"version": 1, "repositoryID": "x"})"}}, "repositoryID is not 64"},
    {"RepositoryNumber", {{"state.json", R"({"version": 1, "repositoryID": 7})"}}, "repositoryID is not 64"},
    {"Archives", {{"state.json", R"({"version": 1, "archives": {}})"}}, "archives is not a list"},
    {"Archive", {{"state.json", R"({"version": 1, "archives": [{"id": "x"}]})"}}, "archives[0] lacks"},
    {"Finding", {{"state.json", R"({"version": 1, "finding": {}})"}}, "finding lacks"},
};
INSTANTIATE_TEST_SUITE_P(Table, ReadCarriedStateTest, testing::ValuesIn(kRows), [](const auto& row) { return row.param.name; });

TEST(CarriedStateTest, BeginsAnewFromTheStatus) {
  api::TargetStatus status;
  EXPECT_EQ(StateFromStatus(status), CarriedState{});
  status.repository.id = kId;
  status.last_successful_backup = api::RunStatus{};
  status.last_successful_backup->archive = "n";
  status.last_successful_backup->archive_id = kArchive;
  status.last_successful_backup->completion_time = test::At("2026-11-24T02:09:57Z");
  EXPECT_EQ(StateFromStatus(status), (CarriedState{kId, {{kArchive, "n", test::At("2026-11-24T02:09:57Z")}}, std::nullopt}));
}

TEST(TakeInTest, PinsTheRepositoryAndKeepsArchivesOnce) {
  CarriedState state;
  EXPECT_FALSE(TakeIn(state, RunOf(In(kId, true))));
  EXPECT_FALSE(TakeIn(state, RunOf(In(kId))));
  EXPECT_EQ(state, (CarriedState{kId, {{kArchive, "snapshot-1", test::At("2026-11-24T02:09:57Z")}}, std::nullopt}));
}

TEST(TakeInTest, IsBounded) {
  CarriedState state;
  for (int i = 0; i < 120; ++i) {
    TargetReport target = In(kId);
    const std::string digits = std::to_string(1000 + i);
    target.archive->id = digits + std::string(64 - digits.size(), '0');
    target.archive->name = std::string(5000, 'n');
    TakeIn(state, RunOf(target));
  }
  EXPECT_EQ(state.archives.size(), CarriedState::kMaxArchives);
  EXPECT_EQ(state.archives.front().id.substr(0, 4), "1020");
  EXPECT_EQ(state.archives.back().id.substr(0, 4), "1119");
  EXPECT_LT(BuildCarriedState(Meta(), state).dump().size(), 60'000U);
}

TEST(TakeInTest, AnotherRepositoryIsAFindingUntilItIsAcknowledged) {
  CarriedState state{kId, {{kArchive, "n", {}}}, std::nullopt};
  const std::optional<Finding> finding = TakeIn(state, RunOf(In(kOther, true)));
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->reason, "RepositoryTampered");
  EXPECT_THAT(finding->message, HasSubstr("vanished"));
  EXPECT_EQ(state.repository_id, kId);
  EXPECT_EQ(state.archives.size(), 1U);
  EXPECT_TRUE(TakeIn(state, RunOf(In(std::string(64, 'd')))));
  EXPECT_EQ(state.finding, finding);
  EXPECT_FALSE(Acknowledge(state, ""));
  EXPECT_FALSE(Acknowledge(state, finding->id + "0"));
  EXPECT_TRUE(state.finding);
  EXPECT_TRUE(Acknowledge(state, finding->id));
  EXPECT_EQ(state, (CarriedState{kOther, {}, std::nullopt}));
  EXPECT_FALSE(Acknowledge(state, finding->id));
  // A third repository is another finding.
  const std::optional<Finding> third = TakeIn(state, RunOf(In(kId)));
  ASSERT_TRUE(third);
  EXPECT_NE(third->id, finding->id);
  EXPECT_THAT(third->message, HasSubstr("another repository"));
}

TEST(TakeInTest, TheEnginesAccusationsAreFindings) {
  for (const char* reason : {"RepositoryTampered", "TargetMisbehaved"}) {
    CarriedState state{kId, {}, std::nullopt};
    JobRun run = RunOf(test::FailedTargetReport(Reason::kInternal));
    run.failure->reason = reason;
    const std::optional<Finding> finding = TakeIn(state, run);
    ASSERT_TRUE(finding) << reason;
    EXPECT_EQ(finding->reason, reason);
    EXPECT_EQ(finding->repository_id, "");
    run.job.uid = "another";
    EXPECT_TRUE(Acknowledge(state, finding->id));
    EXPECT_NE(TakeIn(state, run)->id, finding->id);
  }
  CarriedState state;
  EXPECT_FALSE(TakeIn(state, RunOf(test::FailedTargetReport(Reason::kDiskFull))));
  EXPECT_TRUE(state.archives.empty());
}

}  // namespace
}  // namespace borgop::controller
