#include "controller/reconcile/carried_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "controller/reconcile/job_builder.h"
#include "engine/base/finding.h"
#include "engine/retention/ledger_changes.h"
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

LedgerArchive Seen(const std::string& id, const std::string& name) {
  return {id, name, std::chrono::floor<std::chrono::milliseconds>(test::At("2026-11-24T02:09:57Z")), false, std::nullopt};
}

CarriedState Of(Ledger ledger) { return {std::move(ledger), std::nullopt}; }

CarriedState Full() {
  CarriedState state = Of({kId, {Seen(kArchive, "snapshot \"1\"")}, "repokey", 7, kOther});
  state.finding = Finding{"f", "TargetMisbehaved", "put of an id that exists", "web-01-1", "", test::At("2026-11-24T03:00:00Z")};
  return state;
}

// A run that was given `before`, and came to `after`.
JobRun HandingOn(TargetReport target, const std::optional<Ledger>& before, const Ledger& after) {
  target.repository.id = after.repository_id;
  target.ledger = WriteLedgerChanges(ChangesBetween(before, after)).value();
  return RunOf(target);
}

TEST(CarriedStateTest, IsReadAsItWasWritten) {
  const json map = BuildCarriedState(Meta(), Full());
  EXPECT_EQ(map["metadata"]["name"], StateName("web-01"));
  EXPECT_NE(StateName("web-01"), PlanName("web-01"));
  EXPECT_EQ(map["metadata"]["ownerReferences"][0]["uid"], "u-target");
  EXPECT_EQ(ReadCarriedState(map), Full());
  // As the engine reads it.
  EXPECT_EQ(ReadLedger(map["data"][std::string(kLedgerFile)].get<std::string>()).value(), *Full().ledger);
  EXPECT_EQ(ReadCarriedState(BuildCarriedState(Meta(), {})), CarriedState{});
}

struct CarriedStateRow {
  const char* name;
  json data;
  const char* problem;
};
void PrintTo(const CarriedStateRow& row, std::ostream* out) { *out << row.name; }

class ReadCarriedStateTest : public testing::TestWithParam<CarriedStateRow> {};

TEST_P(ReadCarriedStateTest, RefusesNonsense) {
  const auto state = ReadCarriedState({{"data", GetParam().data}});
  ASSERT_FALSE(state);
  EXPECT_THAT(state.error(), HasSubstr(GetParam().problem));
}

const CarriedStateRow kCarriedStateRows[] = {
    {"Empty", json::object(), "has no state.json"},
    {"NoJson", {{"state.json", "{"}}, "is no JSON object"},
    {"List", {{"state.json", "[]"}}, "is no JSON object"},
    {"Huge", {{"state.json", std::string(17'000, ' ')}}, "more than 16 KiB"},
    {"Version", {{"state.json", R"({"version": 1})"}}, "version is not 2"},
    {"Finding", {{"state.json", R"({"version": 2, "finding": {}})"}}, "finding lacks"},
    {"NoState", {{"ledger.json", WriteLedger({kId, {}}).value()}}, "has no state.json"},
    {"Ledger", {{"state.json", R"({"version": 2})"}, {"ledger.json", "{}"}}, "is wrong in ledger.json"},
    {"EmptyLedger", {{"state.json", R"({"version": 2})"}, {"ledger.json", ""}}, "is wrong in ledger.json"},
    {"HugeLedger", {{"state.json", R"({"version": 2})"}, {"ledger.json", std::string(1'000'001, ' ')}}, "more than 1000000 bytes"},
};
INSTANTIATE_TEST_SUITE_P(Table, ReadCarriedStateTest, testing::ValuesIn(kCarriedStateRows),
                         [](const auto& row) { return row.param.name; });

TEST(CarriedStateTest, BeginsAnewFromTheStatus) {
  api::TargetStatus status;
  EXPECT_EQ(StateFromStatus(status), CarriedState{});
  status.repository.id = kId;
  status.last_successful_backup = api::RunStatus{};
  status.last_successful_backup->archive = "n";
  status.last_successful_backup->archive_id = kArchive;
  status.last_successful_backup->completion_time = test::At("2026-11-24T02:09:57Z");
  EXPECT_EQ(StateFromStatus(status), Of({kId, {Seen(kArchive, "n")}}));
}

TEST(TakeInTest, KeepsTheLedgerAsRunsHandItOn) {
  CarriedState state;
  const Ledger first{kId, {Seen(kArchive, "one")}, "repokey", 7, kOther};
  EXPECT_EQ(TakeIn(state, HandingOn(test::GoodTargetReport(), std::nullopt, first)).problem, "");
  EXPECT_EQ(state, Of(first));
  Ledger second = first;
  second.archives[0].dropped = second.archives[0].seen;
  second.archives.push_back(Seen(kOther, "two"));
  second.nonce = 9;
  // One that failed afterwards has made its archive all the same; and what is taken in twice is the same.
  for (const TargetReport& target : {test::FailedTargetReport(Reason::kCheckFailed), test::GoodTargetReport()}) {
    EXPECT_EQ(TakeIn(state, HandingOn(target, first, second)).problem, "");
    EXPECT_EQ(state, Of(second));
  }
}

TEST(TakeInTest, WhatDoesNotFitChangesNothing) {
  CarriedState state = Of({kId, {Seen(kArchive, "one")}});
  const CarriedState before = state;
  EXPECT_THAT(TakeIn(state, HandingOn(test::GoodTargetReport(), std::nullopt, {kId, {Seen(kOther, "one")}})).problem,
              HasSubstr("does not fit"));
  TargetReport target = In(kId);
  target.ledger = R"({"version": 7})";
  EXPECT_THAT(TakeIn(state, RunOf(target)).problem, HasSubstr("cannot be read"));
  EXPECT_EQ(state, before);
}

// A summary may lack what is for the ledger, and the log may be gone.
TEST(TakeInTest, WithoutMoreAnArchiveIsSeenWhenItsRunEnded) {
  CarriedState state;
  TakeIn(state, RunOf(In(kId, true)));
  TakeIn(state, RunOf(In(kId)));
  EXPECT_EQ(state, Of({kId, {Seen(kArchive, "snapshot-1")}}));
}

TEST(TakeInTest, IsBounded) {
  Ledger ledger{kId, {}};
  std::size_t digits = 100'000;
  const auto more = [&digits] {
    const std::string id = std::to_string(digits++);
    return Seen(id + std::string(64 - id.size(), '0'), id + std::string(400, 'n'));
  };
  // Each takes as much of the text as any other.
  const auto size = [&ledger] { return WriteLedger(ledger).value().size(); };
  const std::size_t none = size();
  ledger.archives.push_back(more());
  const std::size_t one = size() - none;
  while (none + (ledger.archives.size() + 1) * one < CarriedState::kMaxLedgerText) ledger.archives.push_back(more());
  CarriedState state = Of(ledger);
  EXPECT_LT(BuildCarriedState(Meta(), state).dump().size(), 1'000'000U);
  Ledger full = ledger;
  full.archives.push_back(more());
  full.archives.push_back(more());
  EXPECT_THAT(TakeIn(state, HandingOn(test::GoodTargetReport(), ledger, full)).problem, HasSubstr("the ledger is full"));
  EXPECT_EQ(state, Of(ledger));
}

// Of archives with short names, as many as there may be.
Ledger FullLedger() {
  Ledger ledger{kId, {}, "repokey", 7, kOther};
  std::size_t digits = 100'000;
  const auto add = [&ledger, &digits] {
    const std::string id = std::to_string(digits++);
    ledger.archives.push_back(Seen(id + std::string(64 - id.size(), '0'), "archive-" + id));
  };
  const auto size = [&ledger] { return WriteLedger(ledger).value().size(); };
  const std::size_t none = size();
  add();
  const std::size_t one = size() - none;
  while (none + (ledger.archives.size() + 1) * one < CarriedState::kMaxLedgerText) add();
  return ledger;
}

// Else one that is full could not say which archives are to go, and there would never be room.
TEST(TakeInTest, AFullLedgerIsToldWhatGoes) {
  const Ledger full = FullLedger();
  CarriedState state = Of(full);
  Ledger marked = full;
  for (std::size_t i = 0; i < 100; ++i) marked.archives[i].dropped = marked.archives[i].seen;
  marked.nonce = 9;
  Ledger after = marked;
  after.archives.push_back(Seen(kOther, "new"));
  EXPECT_THAT(TakeIn(state, HandingOn(test::GoodTargetReport(), full, after)).problem, HasSubstr("the ledger is full"));
  EXPECT_EQ(state, Of(marked));
  EXPECT_EQ(ReadCarriedState(BuildCarriedState(Meta(), state)), state);
  // The run after that drops them, and they are forgotten in time.
  Ledger less = marked;
  less.archives.erase(less.archives.begin(), less.archives.begin() + 100);
  less.archives.push_back(Seen(kOther, "new"));
  EXPECT_EQ(TakeIn(state, HandingOn(test::GoodTargetReport(), marked, less)).problem, "");
  EXPECT_EQ(state, Of(less));
}

TEST(TakeInTest, OfMoreMarksThanThereIsRoomForSomeAreTaken) {
  const Ledger full = FullLedger();
  CarriedState state = Of(full);
  Ledger after = full;
  for (LedgerArchive& archive : after.archives) archive.dropped = archive.seen;
  const TakenIn taken = TakeIn(state, HandingOn(test::GoodTargetReport(), full, after));
  EXPECT_THAT(taken.problem, HasSubstr("the ledger is full"));
  const auto marks =
      std::ranges::count_if(state.ledger->archives, [](const LedgerArchive& one) { return one.dropped.has_value(); });
  EXPECT_GT(marks, 500);
  EXPECT_EQ(state.ledger->archives.size(), full.archives.size());
  // What Kubernetes takes as a ConfigMap.
  const json map = BuildCarriedState(Meta(), state);
  std::size_t bytes = 0;
  for (const auto& [key, value] : map["data"].items()) bytes += key.size() + value.get<std::string>().size();
  EXPECT_LT(bytes, std::size_t{1} << 20U);
  EXPECT_EQ(ReadCarriedState(map), state);
}

// The engine replaces a repository only where that very finding was acknowledged: its plan had the annotation.
TEST(TakeInTest, ARepositoryThatTheEngineReplacedIsTheOneFromThenOn) {
  CarriedState state = Of({kId, {Seen(kArchive, "one")}});
  const Ledger other{kOther, {Seen(kId, "two")}};
  EXPECT_FALSE(TakeIn(state, HandingOn(test::GoodTargetReport(), Ledger{kId, {}}, other)).finding);
  EXPECT_EQ(state, Of(other));
  EXPECT_TRUE(TakeIn(state, HandingOn(test::GoodTargetReport(), Ledger{kArchive, {}}, Ledger{kId, {}})).finding);
  EXPECT_EQ(state.ledger, other);
}

TEST(TakeInTest, AnotherRepositoryIsAFindingUntilItIsAcknowledged) {
  CarriedState state = Of({kId, {Seen(kArchive, "n")}});
  const std::optional<Finding> finding = TakeIn(state, RunOf(In(kOther, true))).finding;
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->reason, "RepositoryTampered");
  EXPECT_THAT(finding->message, HasSubstr("vanished"));
  EXPECT_EQ(state.ledger, (Ledger{kId, {Seen(kArchive, "n")}}));
  EXPECT_TRUE(TakeIn(state, RunOf(In(std::string(64, 'd')))).finding);
  EXPECT_EQ(state.finding, finding);
  EXPECT_FALSE(Acknowledge(state, ""));
  EXPECT_FALSE(Acknowledge(state, finding->id + "0"));
  EXPECT_TRUE(state.finding);
  EXPECT_TRUE(Acknowledge(state, finding->id));
  EXPECT_EQ(state, Of({kOther, {}}));
  EXPECT_FALSE(Acknowledge(state, finding->id));
  // A third repository is another finding.
  const std::optional<Finding> third = TakeIn(state, RunOf(In(kId))).finding;
  ASSERT_TRUE(third);
  EXPECT_NE(third->id, finding->id);
  EXPECT_THAT(third->message, HasSubstr("another repository"));
}

TEST(TakeInTest, TheEnginesAccusationsAreFindings) {
  for (const char* reason : {"RepositoryTampered", "TargetMisbehaved"}) {
    CarriedState state = Of({kId, {}});
    JobRun run = RunOf(test::FailedTargetReport(Reason::kInternal));
    run.failure->reason = reason;
    const std::optional<Finding> finding = TakeIn(state, run).finding;
    ASSERT_TRUE(finding) << reason;
    EXPECT_EQ(finding->reason, reason);
    EXPECT_EQ(finding->repository_id, "");
    run.job.uid = "another";
    EXPECT_TRUE(Acknowledge(state, finding->id));
    EXPECT_NE(TakeIn(state, run).finding->id, finding->id);
  }
  CarriedState state;
  EXPECT_FALSE(TakeIn(state, RunOf(test::FailedTargetReport(Reason::kDiskFull))).finding);
  EXPECT_TRUE(!state.ledger || state.ledger->archives.empty());
}

// What a run held against its ledger is the same finding each time: acknowledging it covers that, in whatever run.
// Else of two findings, the second of which shows once the first was acknowledged, the first would be there again with each run.
TEST(TakeInTest, WhatARunPassedOverIsGoneAlsoWhereItThenAccuses) {
  const Ledger before{kId, {Seen(kArchive, "one"), Seen(kOther, "two")}};
  Ledger after = before;
  after.archives.pop_back();
  CarriedState state = Of(before);
  TargetReport target = test::FailedTargetReport(Reason::kRepositoryTampered);
  const TakenIn taken = TakeIn(state, HandingOn(std::move(target), before, after));
  EXPECT_TRUE(taken.finding);
  EXPECT_EQ(taken.problem, "");
  EXPECT_EQ(state.ledger, after);
  EXPECT_TRUE(state.finding);
  // Of a repository that is not the known one nothing is taken.
  state = Of({kArchive, {}});
  EXPECT_TRUE(TakeIn(state, HandingOn(test::GoodTargetReport(), Ledger{kId, {}}, Ledger{kId, {Seen(kOther, "two")}})).finding);
  EXPECT_EQ(state.ledger, (Ledger{kArchive, {}}));
}

TEST(TakeInTest, AFindingOfTheEnginesHasItsId) {
  CarriedState state = Of({kId, {}});
  TargetReport target = test::FailedTargetReport(Reason::kRepositoryTampered);
  target.error->finding = FindingId({"gone", kId});
  JobRun run = RunOf(target);
  const std::optional<Finding> finding = TakeIn(state, run).finding;
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->id, target.error->finding);
  run.job.uid = "another";
  EXPECT_EQ(TakeIn(state, run).finding->id, finding->id);
  target.error->finding = "x";  // no id
  EXPECT_TRUE(IsFindingId(finding->id));
  EXPECT_NE(TakeIn(state, RunOf(target)).finding->id, "x");
}

}  // namespace
}  // namespace borgop::controller
