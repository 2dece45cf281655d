#include "controller/reconcile/run_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "controller/reconcile/failure_reasons.h"
#include "tests/unit/reconcile/run_fixture.h"

namespace borgop::controller {
namespace {

using nlohmann::json;
using test::EndedJob;
using test::EndedPod;
using test::Pod;
using testing::HasSubstr;

json With(json document, const char* pointer, json value) {
  document[json::json_pointer(pointer)] = std::move(value);
  return document;
}

json Disrupted(json pod, const char* reason) {
  pod["status"]["conditions"] =
      json::array({{{"type", "DisruptionTarget"}, {"status", "True"}, {"reason", reason}, {"message", "Eviction API: evicting"}}});
  return pod;
}

json Unschedulable() {
  return With(Pod("Pending"), "/status/conditions",
              json::array({{{"type", "PodScheduled"},
                            {"status", "False"},
                            {"reason", "Unschedulable"},
                            {"message", "0/3 nodes are available: 3 Insufficient memory."}}}));
}

std::string Summary(const TargetReport& target, std::size_t limit = 4096) { return ToSummaryJson(test::ReportOf(target), limit); }

// Without a report, or before there can be one.
struct RunResultRow {
  const char* name;
  json job;
  std::vector<json> pods;
  RunState state;
  Outcome outcome;
  const char* kind;  // "": no failure
  const char* reason;
  const char* message;  // a part of it
};
void PrintTo(const RunResultRow& row, std::ostream* out) { *out << row.name; }

class ReadRunTest : public testing::TestWithParam<RunResultRow> {};

TEST_P(ReadRunTest, Tells) {
  const RunResultRow& row = GetParam();
  const JobRun run = ReadRun(row.job, row.pods, "");
  EXPECT_EQ(run.state, row.state);
  if (run.ended()) {
    EXPECT_EQ(run.outcome, row.outcome);
  }
  ASSERT_EQ(run.failure.has_value(), row.kind[0] != '\0');
  if (!run.failure) return;
  EXPECT_EQ(ToString(run.failure->kind), row.kind);
  EXPECT_EQ(run.failure->reason, row.reason);
  EXPECT_THAT(run.failure->message, HasSubstr(row.message));
  EXPECT_FALSE(run.wants_log);
}

const json kFailed = EndedJob("Failed", "BackoffLimitExceeded");
const json kStarted = test::StartedJob();
const json kDeleted = With(kStarted, "/metadata/deletionTimestamp", "2026-11-24T02:05:00Z");
constexpr auto kFail = Outcome::kFailed;
constexpr auto kStop = Outcome::kCancelled;
constexpr auto kEnd = RunState::kEnded;
constexpr auto kWait = RunState::kStarting;

const RunResultRow kRunResultRows[] = {
    {"Queued", test::QueuedJob(), {}, RunState::kQueued, kFail, "", "", ""},
    {"NoPodYet", kStarted, {}, kWait, kFail, "", "", ""},
    {"PodIsMade", kStarted, {test::WaitingPod("ContainerCreating", "")}, kWait, kFail, "", "", ""},
    {"Runs", kStarted, {Pod("Running")}, RunState::kRunning, kFail, "", "", ""},
    {"PodEndedButNotTheJob", kStarted, {EndedPod(0)}, RunState::kRunning, kFail, "", "", ""},
    {"OfAnotherJob", kStarted, {Pod("Running", "web-01-2")}, kWait, kFail, "", "", ""},
    {"ImagePull",
     kStarted,
     {test::WaitingPod("ErrImagePull", "not found")},
     kWait,
     kFail,
     "Waiting",
     "ImagePullFailed",
     "Check its name, the registry and the pull secret. (not found)"},
    {"ImageBackOff", kStarted, {test::WaitingPod("ImagePullBackOff", "x")}, kWait, kFail, "Waiting", "ImagePullFailed", "(x)"},
    {"ImageName",
     kStarted,
     {test::WaitingPod("InvalidImageName", "x")},
     kWait,
     kFail,
     "Waiting",
     "ImagePullFailed",
     "a name that is none"},
    {"SecretMissing",
     kStarted,
     {test::WaitingPod("CreateContainerConfigError", "secret \"web-01-ssh\" not found")},
     kWait,
     kFail,
     "Waiting",
     "PodConfigInvalid",
     "(secret \"web-01-ssh\" not found)"},
    {"Unschedulable", kStarted, {Unschedulable()}, kWait, kFail, "Waiting", "Unschedulable", "3 Insufficient memory"},
    {"OutOfMemory",
     kFailed,
     {EndedPod(137, "", "OOMKilled")},
     kEnd,
     kFail,
     "Terminal",
     "OutOfMemory",
     "Raise podTemplate.resources.limits.memory"},
    {"EvictedByKubelet",
     kFailed,
     {With(Pod("Failed"), "/status/reason", "Evicted")},
     kEnd,
     kFail,
     "Transient",
     "Evicted",
     "short of memory"},
    {"Drained", kFailed, {Disrupted(EndedPod(143), "EvictionByEvictionAPI")}, kEnd, kFail, "Transient", "Evicted", "drained"},
    {"Preempted",
     kFailed,
     {Disrupted(EndedPod(137), "PreemptionByScheduler")},
     kEnd,
     kFail,
     "Transient",
     "Evicted",
     "priorityClassName"},
    {"TaintManager",
     kFailed,
     {Disrupted(Pod("Failed"), "DeletionByTaintManager")},
     kEnd,
     kFail,
     "Transient",
     "NodeLost",
     "unusable"},
    {"PodGC", kFailed, {Disrupted(Pod("Failed"), "DeletionByPodGC")}, kEnd, kFail, "Transient", "NodeLost", "is gone"},
    {"NewDisruption",
     kFailed,
     {Disrupted(Pod("Failed"), "SomethingNew")},
     kEnd,
     kFail,
     "Transient",
     "Evicted",
     "took the pod away"},
    {"NodeShutdown",
     kFailed,
     {With(Pod("Failed"), "/status/reason", "Terminated")},
     kEnd,
     kFail,
     "Transient",
     "Evicted",
     "shut down"},
    {"NodeLost",
     kFailed,
     {With(Pod("Failed"), "/status/reason", "NodeLost")},
     kEnd,
     kFail,
     "Transient",
     "NodeLost",
     "stopped answering"},
    {"Unknown", kFailed, {Pod("Unknown")}, kEnd, kFail, "Transient", "NodeLost", "stopped answering"},
    {"StatusUnknown", kFailed, {EndedPod(137, "", "ContainerStatusUnknown")}, kEnd, kFail, "Transient", "NodeLost", "lost sight"},
    {"Rejected",
     kFailed,
     {With(Pod("Failed"), "/status/reason", "OutOfcpu")},
     kEnd,
     kFail,
     "Transient",
     "PodRejected",
     "(OutOfcpu"},
    {"PodGone", kFailed, {}, kEnd, kFail, "Transient", "PodGone", "is gone"},
    {"CompleteButPodGone", EndedJob("Complete", ""), {}, kEnd, kFail, "Transient", "PodGone", "is gone"},
    {"Deadline",
     EndedJob("Failed", "DeadlineExceeded"),
     {},
     kEnd,
     kFail,
     "Transient",
     "DeadlineExceeded",
     "limits.deadlineSeconds"},
    {"DeadlineWithPod",
     EndedJob("Failed", "DeadlineExceeded"),
     {EndedPod(130)},
     kEnd,
     kFail,
     "Transient",
     "DeadlineExceeded",
     "longer"},
    {"Exit0", EndedJob("Complete", ""), {EndedPod(0)}, kEnd, kFail, "Transient", "ReportMissing", "does not count"},
    {"Exit1", kFailed, {EndedPod(1)}, kEnd, kFail, "Terminal", "RunFailed", "exit status 1"},
    {"Exit2", kFailed, {EndedPod(2)}, kEnd, kFail, "Terminal", "EngineMismatch", "operator's version"},
    {"Exit3",
     kFailed,
     {EndedPod(3, "x\nplan.yaml: server.host: is empty\n")},
     kEnd,
     kFail,
     "Terminal",
     "InvalidConfig",
     "(plan.yaml: server.host: is empty)"},
    {"Exit4", kFailed, {EndedPod(4, "bad_alloc")}, kEnd, kFail, "Terminal", "Internal", "(bad_alloc)"},
    {"Exit75", kFailed, {EndedPod(75)}, kEnd, kFail, "Transient", "RunFailed", "may pass"},
    {"Exit130", kFailed, {EndedPod(130)}, kEnd, kStop, "Cancelled", "Cancelled", "stopped"},
    {"Exit127", kFailed, {EndedPod(127)}, kEnd, kFail, "Terminal", "EngineNotStarted", "image"},
    {"StartError",
     kFailed,
     {EndedPod(128, "exec: \"borg-engine\": not found", "StartError")},
     kEnd,
     kFail,
     "Terminal",
     "EngineNotStarted",
     "not found"},
    {"Kill", kFailed, {EndedPod(137)}, kEnd, kFail, "Transient", "EngineKilled", "signal 9"},
    {"Term", kFailed, {EndedPod(143)}, kEnd, kFail, "Transient", "EngineKilled", "signal 15"},
    {"Segv", kFailed, {EndedPod(139)}, kEnd, kFail, "Terminal", "EngineCrashed", "signal 11"},
    {"Exit99", kFailed, {EndedPod(99)}, kEnd, kFail, "Terminal", "RunFailed", "exit status 99"},
    {"Deleted", kDeleted, {test::DeletedPod(Pod("Running"), 0)}, kEnd, kStop, "Cancelled", "JobDeleted", "deleted"},
    {"DeletedAfterTheEnd",
     With(kFailed, "/metadata/deletionTimestamp", "2026-11-24T02:15:00Z"),
     {EndedPod(1)},
     kEnd,
     kFail,
     "Terminal",
     "RunFailed",
     "exit status 1"},
};
// What is given is documented, and what is documented is given.
TEST(FailureReasonTest, AreThoseOfTheTable) {
  std::set<std::string> given = {"ArchiveNotReported", "PodNotStarted"};
  for (const RunResultRow& row : kRunResultRows) {
    const auto in_table = [&](const FailureReason& known) {
      const bool kind = ToString(known.kind) == row.kind || (known.or_transient && row.kind == std::string_view("Transient"));
      return known.name == row.reason && kind;
    };
    const auto of_engine = [&](const ReasonInfo& known) { return known.name == row.reason && ToString(known.kind) == row.kind; };
    if (row.kind[0] == '\0' || std::ranges::any_of(AllReasons(), of_engine)) continue;
    EXPECT_TRUE(std::ranges::any_of(AllFailureReasons(), in_table)) << row.reason << ' ' << row.kind;
    given.insert(row.reason);
  }
  std::set<std::string> documented;
  for (const FailureReason& known : AllFailureReasons()) documented.emplace(known.name);
  EXPECT_EQ(given, documented);
  for (const ReasonInfo& known : AllReasons()) EXPECT_FALSE(documented.contains(std::string(known.name))) << known.name;
}

INSTANTIATE_TEST_SUITE_P(Table, ReadRunTest, testing::ValuesIn(kRunResultRows), [](const auto& row) { return row.param.name; });

TEST(ReadRunReportTest, AWholeSummaryIsEnough) {
  const JobRun run = ReadRun(EndedJob("Complete", ""), {EndedPod(0, Summary(test::GoodTargetReport()))}, std::nullopt);
  EXPECT_FALSE(run.wants_log);
  EXPECT_EQ(run.outcome, Outcome::kCompleted);
  EXPECT_FALSE(run.failure);
  ASSERT_TRUE(run.report && run.report->archive);
  EXPECT_EQ(run.report->archive->details->original_size, 3000U);
  EXPECT_EQ(run.start, test::At("2026-11-24T02:00:03Z"));
  EXPECT_EQ(run.end, test::At("2026-11-24T02:09:57Z"));
  EXPECT_EQ(run.pod, "web-01-1-pod");
}

TEST(ReadRunReportTest, WithoutAnArchiveNoBackupIsGood) {
  TargetReport target = test::GoodTargetReport();
  target.archive.reset();
  const JobRun run = ReadRun(EndedJob("Complete", ""), {EndedPod(0, Summary(target))}, std::nullopt);
  EXPECT_EQ(run.outcome, Outcome::kFailed);
  ASSERT_TRUE(run.failure);
  EXPECT_EQ(run.failure->reason, "ArchiveNotReported");
  EXPECT_EQ(run.failure->kind, ErrorKind::kTransient);
}

TEST(ReadRunReportTest, ACutSummaryAsksForTheLogAndDoesWithoutIt) {
  TargetReport target = test::GoodTargetReport();
  target.outcome = Outcome::kCompletedWithWarnings;
  target.warnings = {std::string(5000, 'w')};
  const std::vector<json> pods = {EndedPod(0, Summary(target))};
  const json job = EndedJob("Complete", "");
  const JobRun first = ReadRun(job, pods, std::nullopt);
  EXPECT_TRUE(first.wants_log);
  EXPECT_FALSE(first.report_is_cut) << "that is not known yet";
  ASSERT_TRUE(first.report);
  EXPECT_TRUE(first.report->warnings.empty());
  const JobRun with = ReadRun(job, pods, "{\"event\":\"done\"}\n" + ToJson(test::ReportOf(target)) + "\n");
  EXPECT_FALSE(with.wants_log);
  EXPECT_FALSE(with.report_is_cut);
  EXPECT_EQ(with.report->warnings.size(), 1U);
  const JobRun without = ReadRun(job, pods, "");
  EXPECT_FALSE(without.wants_log);
  EXPECT_TRUE(without.report_is_cut);
  EXPECT_EQ(without.outcome, Outcome::kCompletedWithWarnings);
}

TEST(ReadRunReportTest, TheLogHasAReportThatTheTerminationMessageLacks) {
  const json job = EndedJob("Failed", "BackoffLimitExceeded");
  const std::vector<json> pods = {EndedPod(75)};
  EXPECT_TRUE(ReadRun(job, pods, std::nullopt).wants_log);
  const JobRun run = ReadRun(job, pods, ToJson(test::ReportOf(test::FailedTargetReport(Reason::kDiskFull, "no space on B"))));
  ASSERT_TRUE(run.failure);
  EXPECT_EQ(run.failure->kind, ErrorKind::kWaiting);
  EXPECT_EQ(run.failure->reason, "DiskFull");
  EXPECT_EQ(run.failure->message, "no space on B. Free space on the machine named, then run again.");
}

TEST(ReadRunReportTest, TheLogsEndInATerminationMessageIsReadToo) {
  const std::string message = "tail of a line\n" + Summary(test::FailedTargetReport(Reason::kPassphraseWrong)) + "\n";
  const JobRun run = ReadRun(EndedJob("Failed", "BackoffLimitExceeded"), {EndedPod(1, message)}, std::nullopt);
  ASSERT_TRUE(run.failure);
  EXPECT_EQ(run.failure->reason, "PassphraseWrong");
  EXPECT_FALSE(run.wants_log);
}

TEST(ReadRunReportTest, CancelledIsAFailureWhereNobodyAskedForIt) {
  const std::string cancelled = Summary(test::FailedTargetReport(Reason::kCancelled));
  const JobRun asked = ReadRun(EndedJob("Failed", "BackoffLimitExceeded"), {EndedPod(130, cancelled)}, std::nullopt);
  EXPECT_EQ(asked.outcome, Outcome::kCancelled);
  EXPECT_EQ(asked.failure->kind, ErrorKind::kCancelled);
  const JobRun late = ReadRun(EndedJob("Failed", "DeadlineExceeded"), {EndedPod(130, cancelled)}, std::nullopt);
  EXPECT_EQ(late.outcome, Outcome::kFailed);
  EXPECT_EQ(late.failure->reason, "DeadlineExceeded");
  const JobRun drained = ReadRun(EndedJob("Failed", "BackoffLimitExceeded"),
                                 {Disrupted(EndedPod(130, cancelled), "EvictionByEvictionAPI")}, std::nullopt);
  EXPECT_EQ(drained.failure->reason, "Evicted");
  // A run that ended well before it was told to stop has ended well.
  const JobRun done =
      ReadRun(EndedJob("Failed", "DeadlineExceeded"), {EndedPod(0, Summary(test::GoodTargetReport()))}, std::nullopt);
  EXPECT_EQ(done.outcome, Outcome::kCompleted);
}

TEST(ReadRunReportTest, TheNewestPodCounts) {
  json newer = EndedPod(0, Summary(test::GoodTargetReport()));
  newer["metadata"]["creationTimestamp"] = "2026-11-24T02:05:00Z";
  newer["metadata"]["name"] = "a";
  const std::vector<json> pods = {newer, Disrupted(EndedPod(143), "EvictionByEvictionAPI")};
  const json job = EndedJob("Complete", "");
  EXPECT_EQ(NewestPodOf(job, pods), "a");
  EXPECT_EQ(ReadRun(job, pods, std::nullopt).outcome, Outcome::kCompleted);
}

// Its times decide which runs are recorded already.
TEST(ReadRunReportTest, AClockThatIsWrongChangesNoOrder) {
  struct ClockRow {
    const char *name, *start, *end, *want_start, *want_end;
  };
  const ClockRow rows[] = {
      {"right", "2026-11-24T02:00:03Z", "2026-11-24T02:09:57Z", "2026-11-24T02:00:03Z", "2026-11-24T02:09:57Z"},
      {"in the Job's last second", "2026-11-24T02:00:00Z", "2026-11-24T02:10:00.9Z", "2026-11-24T02:00:00Z",
       "2026-11-24T02:10:00.9Z"},
      {"slow", "1970-01-01T00:00:01Z", "1970-01-01T00:10:00Z", "2026-11-24T02:00:00Z", "2026-11-24T02:09:58Z"},
      {"fast", "2099-01-01T00:00:01Z", "2099-01-01T00:10:00Z", "2026-11-24T02:00:00Z", "2026-11-24T02:09:58Z"},
      {"a little fast", "2026-11-24T02:01:00Z", "2026-11-24T02:10:05Z", "2026-11-24T02:01:00Z", "2026-11-24T02:09:58Z"},
  };
  for (const ClockRow& row : rows) {
    SCOPED_TRACE(row.name);
    TargetReport report = test::GoodTargetReport();
    report.start = test::At(row.start);
    report.end = test::At(row.end);
    const JobRun run = ReadRun(EndedJob("Complete", "CompletionsReached"), {EndedPod(0, Summary(report))}, std::nullopt);
    EXPECT_EQ(run.start, test::At(row.want_start));
    EXPECT_EQ(run.end, test::At(row.want_end));
  }
  json pod = EndedPod(137);
  pod["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"] = "2099-01-01T00:00:01Z";
  EXPECT_EQ(ReadRun(EndedJob("Failed", "BackoffLimitExceeded"), {pod}, "").end, test::At("2026-11-24T02:10:00Z"));
}

TEST(ReadRunReportTest, KnowsWhatKindItIs) {
  const json job = test::QueuedJob();
  EXPECT_EQ(ReadRun(job, {}, "").kind, RunKind::kBackup);
  EXPECT_EQ(ReadRun(With(job, "/metadata/labels/borg-operator.dev~1run", "maintenance"), {}, "").kind, RunKind::kMaintenance);
}

TEST(ReadProgressTest, TheLastThatIsTold) {
  const std::string log =
      R"({"time":"2026-11-24T02:01:00.000Z","event":"progress","phase":"create","files":1,"originalSize":2,"bytesBridged":3})"
      "\n"
      R"({"time":"2026-11-24T02:02:00.500Z","event":"progress","phase":"create","files":5,"originalSize":6,"bytesBridged":7})"
      "\n"
      R"({"time":"2026-11-24T02:02:01.000Z","event":"log","message":"x"})"
      "\n{\"time\":\"2026-11-24T02:0";
  const std::optional<api::ProgressStatus> progress = ReadProgress(log, "j");
  EXPECT_EQ(progress, (api::ProgressStatus{"j", "create", 5, 6, 7, test::At("2026-11-24T02:02:00Z")}));
  EXPECT_EQ(ReadRun(test::StartedJob(), {Pod("Running")}, log).progress->files, 5U);
  EXPECT_FALSE(ReadProgress("no\n{\"event\":\"start\"}\n[1]\n{\"event\":1}", "j"));
}

}  // namespace
}  // namespace borgop::controller
