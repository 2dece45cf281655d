// What the operator reads from the logs of pods: how far a backup is, and reports that are too large for a termination message.
#include <chrono>
#include <set>
#include <thread>

#include "controller/reconcile/job_builder.h"
#include "controller/reconcile/names.h"
#include "engine/retention/ledger_changes.h"
#include "tests/api/operator_fixture.h"
#include "tests/api/played_kubelet.h"

namespace borgop::api_tests {
namespace {

using namespace std::chrono_literals;

std::string ProgressLine(int files, const char* time) {
  return Json{{"time", time},   {"event", "progress"},          {"phase", "create"},
              {"files", files}, {"originalSize", 1000 * files}, {"bytesBridged", 10 * files}}
             .dump() +
         '\n';
}

class Logs : public OperatorTest {
 protected:
  void SetUp() override {
    OperatorTest::SetUp();
    AddServer();
    AddTarget("web");
  }
  // Of a run that was asked for just now.
  PlayedPod StartRun() {
    job_ = RunNow("web");
    PlayedPod pod = PlayedPod::Of(job_);
    kubelet_.Take(pod);
    return pod;
  }

  PlayedKubelet kubelet_;
  kube::ObjectKey job_;
};

// Whatever the pod's own clock says.
TEST_F(Logs, ProgressIsInTheStatusAndIsWrittenSeldom) {
  const PlayedPod pod = StartRun();
  kubelet_.SetLog(pod, "a line that means nothing\n" + ProgressLine(5, "1999-01-01T00:00:00.000Z"));
  pod.Run();
  Await("web", "/progress/files", 5);
  EXPECT_EQ(At("web", "/progress/phase"), "create");
  EXPECT_EQ(At("web", "/progress/originalSize"), 5000);
  EXPECT_EQ(At("web", "/progress/bytesBridged"), 50);
  EXPECT_EQ(At("web", "/progress/job"), job_.name);

  // Reasons to look at the target, and something new to tell, again and again.
  const auto begin = std::chrono::steady_clock::now();
  std::set<Json> seen;
  int files = 6;
  while (seen.size() < 3 && std::chrono::steady_clock::now() - begin < 100s) {
    kubelet_.SetLog(pod, ProgressLine(files, "2099-01-01T00:00:00.000Z"));
    Annotate("web", "example.org/something", std::to_string(files++));
    std::this_thread::sleep_for(200ms);
    seen.insert(At("web", "/progress/files"));
  }
  EXPECT_EQ(seen.size(), 3U) << "it goes on";
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 50s) << "and not oftener than every 30 s";
  pod.End(GoodReport());
  AwaitResult("web", job_);
  EXPECT_TRUE(At("web", "/progress").is_null());
}

// It is asked for once and briefly at each look; the target is cared for all the same.
TEST_F(Logs, ProgressThatCannotBeHadHoldsNothingUp) {
  const PlayedPod pod = StartRun();
  kubelet_.Fail(true);
  pod.Run();
  Await("web", "/state", "Running");
  Await("web", "/lastBackup/job", job_.name);
  EXPECT_GE(kubelet_.Asked(), 1U);
  EXPECT_TRUE(At("web", "/progress").is_null());
  EXPECT_THAT(Operator().LogEntries("will be tried again"),
              ::testing::Each(
                  ::testing::ResultOf([](const Json& entry) { return entry.value("target", ""); }, ::testing::Ne(ns() + "/web"))));
  pod.End(GoodReport());
  AwaitResult("web", job_);
}

TEST_F(Logs, AReportThatIsTooLargeForAMessageIsReadWhole) {
  const PlayedPod pod = StartRun();
  const RunReport report = GoodReport({.warnings = std::vector<std::string>(90, std::string(100, 'w'))});
  const std::string summary = ToSummaryJson(report, 4096);
  ASSERT_LE(summary.size(), 4096U);
  kubelet_.SetLog(pod, ProgressLine(5, "2026-01-01T00:00:00.000Z") + ToJson(report) + '\n');
  pod.Run();
  pod.End(0, summary);
  AwaitResult("web", job_);
  EXPECT_EQ(At("web", "/lastBackup/phase"), "CompletedWithWarnings");
  EXPECT_EQ(At("web", "/lastBackup/warnings"), 90);
}

// More than the runtime keeps in one piece by far: the kubelet counts its pieces as lines.
TEST_F(Logs, AReportWithALargeLedgerIsReadWhole) {
  const PlayedPod pod = StartRun();
  const auto seen = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  RunReport report = GoodReport({.archives = 1000});
  TargetReport& target = report.targets.front();
  Ledger ledger{target.repository.id, {{target.archive->id, target.archive->name, seen, false, std::nullopt}}};
  for (int number = 1000; number < 1999; ++number) {
    const std::string id = std::to_string(number);
    ledger.archives.push_back(
        {id + std::string(64 - id.size(), '0'), "archive-" + id + std::string(150, 'n'), seen, false, std::nullopt});
  }
  target.ledger = WriteLedgerChanges(ChangesBetween(std::nullopt, ledger)).value();
  const std::string line = ToJson(report) + '\n';
  ASSERT_GT(line.size(), 250'000U);
  kubelet_.SetLog(pod, ProgressLine(5, "2026-01-01T00:00:00.000Z") + line);
  pod.Run();
  pod.End(0, ToSummaryJson(report, 4096));
  AwaitResult("web", job_);
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Completed");
  const Json state = Api().Get(kube::ConfigMaps(), Key(controller::StateName("web")));
  EXPECT_EQ(ReadLedger(state.at("data").at(std::string(controller::kLedgerFile)).get<std::string>()).value(), ledger);
}

TEST_F(Logs, AReportThatIsInTheLogOnlyCounts) {
  const PlayedPod pod = StartRun();
  kubelet_.SetLog(pod, "something\n" + ToJson(GoodReport()) + '\n');
  pod.Run();
  pod.End(0, "");
  AwaitResult("web", job_);
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Completed");
  EXPECT_EQ(At("web", "/lastBackup/archiveID"), std::string(64, 'a'));
}

TEST_F(Logs, ALogThatCannotBeHadForAWhileIsWaitedFor) {
  const PlayedPod pod = StartRun();
  kubelet_.SetLog(pod, ToJson(GoodReport()) + '\n');
  kubelet_.Fail(true);
  pod.Run();
  pod.End(0, "");
  const std::size_t before = kubelet_.Asked();
  Until("it was asked for", [&] { return kubelet_.Asked() > before + 1; });
  kubelet_.Fail(false);
  AwaitResult("web", job_);
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Completed");
}

TEST_F(Logs, OneThatNeverComesIsDoneWithout) {
  const PlayedPod pod = StartRun();
  kubelet_.Fail(true);
  pod.Run();
  pod.End(1, "");
  AwaitResult("web", job_);
  EXPECT_EQ(At("web", "/lastBackup/phase"), "Failed");
  EXPECT_FALSE(At("web", "/lastBackup/message").get<std::string>().empty());
}

}  // namespace
}  // namespace borgop::api_tests
