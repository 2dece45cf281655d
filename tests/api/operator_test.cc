// The operator against a real control plane: what a new user meets first, from `kubectl apply` of the examples to the first backup.
#include <map>
#include <sstream>

#include "controller/api/names.h"
#include "controller/reconcile/names.h"
#include "tests/api/operator_fixture.h"
#include "tests/api/sample_objects.h"

namespace borgop::api_tests {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr const char* kExamples[] = {"secrets.yaml", "server.yaml", "target.yaml"};

class FirstSteps : public OperatorTest {};

TEST_F(FirstSteps, ExamplesBecomeASchedule) {
  // They name their namespace themselves; a cluster that is used again has them already.
  Plane().Output({"delete", "namespace", "backups", "--ignore-not-found", "--wait", "--timeout=80s"});
  const auto folder = std::filesystem::path(BORGOP_SOURCE_DIR) / "deploy/examples";
  for (const auto* file : kExamples) Plane().Output({"apply", "-f", (folder / file).string()});
  Plane().Output({"wait", "bbt/web-01", "bs/vault", "-n", "backups", "--for=condition=Ready", "--timeout=60s"});

  const auto target = Plane().Get({"bbt", "web-01", "-n", "backups"});
  const auto line = target.at("status").at("effectiveSchedule").get<std::string>();
  const auto cron = Plane().Get({"cronjob", "web-01", "-n", "backups"});
  EXPECT_EQ(cron.at("spec").at("schedule"), line);
  EXPECT_EQ(cron.at("spec").at("timeZone"), "Europe/Amsterdam");
  EXPECT_EQ(cron.at("spec").at("suspend"), false);
  EXPECT_EQ(cron.at("metadata").at("ownerReferences").at(0).at("uid"), target.at("metadata").at("uid"));
  const auto plan = Plane().Get({"configmap", controller::PlanName("web-01"), "-n", "backups"});
  EXPECT_THAT(plan.at("data").at("backup.yaml").get<std::string>(), AllOf(HasSubstr("web-01.example.org"), HasSubstr("/srv")));

  // A second look finds nothing to change.
  const auto version = [&] { return Plane().Get({"cronjob", "web-01", "-n", "backups"}).at("metadata").at("resourceVersion"); };
  const auto before = version();
  Plane().Output({"annotate", "bbt", "web-01", "-n", "backups", "example.org/touched=yes"});
  Plane().Output({"annotate", "bbt", "web-01", "-n", "backups", "borg-operator.dev/run-now=once"});
  Until("lastRunNow", [&] {
    return Plane().Get({"bbt", "web-01", "-n", "backups"}).at("status").value("lastRunNow", "") == "once";
  });
  EXPECT_EQ(version(), before);

  // The first backup, and all who ask agree that all is well.
  Enter("backups");
  const kube::ObjectKey job{"backups", controller::RunNowJobName("web-01", "once")};
  const auto pod = PlayedPod::Of(job);
  pod.Run();
  Await("web-01", "/state", "Running");
  pod.End(GoodReport());
  AwaitResult("web-01", job);
  const auto last = At("web-01", "/lastBackup");
  EXPECT_EQ(last.at("phase"), "Completed");
  EXPECT_EQ(last.at("job"), job.name);
  EXPECT_EQ(last.at("archive"), "played-a");
  EXPECT_EQ(At("web-01", "/lastSuccessfulBackup"), last);
  Await("web-01", "/state", "Scheduled");
  EXPECT_EQ(At("web-01", "/effectiveSchedule"), line);
  EXPECT_EQ(HealthOf("web-01"), kHealthy);
}

// kubectl's table: cells by column, which are apart by two spaces at least.
std::map<std::string, std::string> Row(const std::string& table) {
  std::istringstream lines(table);
  std::string header, row;
  std::getline(lines, header);
  std::getline(lines, row);
  std::map<std::string, std::string> cells;
  for (std::size_t begin = 0; begin < header.size();) {
    const auto gap = std::min(header.find("  ", begin), header.size());
    const auto next = std::min(header.find_first_not_of(' ', gap), header.size());
    auto cell = row.substr(std::min(begin, row.size()), next == header.size() ? std::string::npos : next - begin);
    cell.erase(cell.find_last_not_of(' ') + 1);
    cells[header.substr(begin, gap - begin)] = cell;
    begin = next;
  }
  return cells;
}

TEST_F(FirstSteps, ABackupOnDemandTurnsIntoStatus) {
  AddServer();
  AddTarget("web");
  AwaitReady("web", "True", "Unscheduled");
  EXPECT_EQ(HealthOf("web"), kHealthy);

  const auto job = RunNow("web", "2026-11-24");
  Until("it has the finalizer", [&] { return HasUnreadFinalizer(JobObject(job)); });
  const auto pod = PlayedPod::Of(job);
  pod.Run();
  Await("web", "/state", "Running");
  EXPECT_EQ(HealthOf("web"), kHealthy);
  pod.End(GoodReport({.archive = 'c', .archives = 7}));
  AwaitResult("web", job);

  const auto status = Target("web").at("status");
  const auto& last = status.at("lastBackup");
  EXPECT_EQ(last.at("phase"), "Completed");
  EXPECT_EQ(last.at("job"), job.name);
  EXPECT_EQ(last.at("archive"), "played-c");
  EXPECT_EQ(last.at("archiveID"), std::string(64, 'c'));
  EXPECT_EQ(last.at("originalSize"), 3ULL << 30U);
  EXPECT_EQ(last.at("deduplicatedSize"), 1ULL << 30U);
  EXPECT_EQ(last.at("files"), 1234);
  EXPECT_EQ(last.at("pruned"), 2);
  EXPECT_EQ(status.at("lastSuccessfulBackup"), last);
  EXPECT_EQ(status.at("repository").at("id"), std::string(64, 'e'));
  EXPECT_EQ(status.at("repository").at("archives"), 7);
  EXPECT_EQ(status.at("consecutiveFailures"), 0);
  EXPECT_EQ(status.at("lastRunNow"), "2026-11-24");
  EXPECT_EQ(Condition("web", "BackupSucceeded").at("status"), "True");
  EXPECT_EQ(Condition("web", "RepositoryTrusted").at("status"), "True");
  EXPECT_EQ(HealthOf("web"), kHealthy);
  EXPECT_THAT(Row(Plane().Output({"get", "bbt", "web", "-n", ns()})),
              AllOf(Contains(Pair("STATE", "Idle")), Contains(Pair("LAST BACKUP", "Completed")), Contains(Pair("SIZE", "3.0 GiB")),
                    Contains(Pair("ARCHIVES", "7")), Contains(Pair("SCHEDULE", ""))));

  // What the next run must know is where only the operator writes.
  const auto state = Api().Get(kube::ConfigMaps(), Key(controller::StateName("web")));
  const auto carried = Json::parse(state.at("data").at("ledger.json").get<std::string>());
  EXPECT_EQ(carried.at("repositoryID"), std::string(64, 'e'));
  EXPECT_EQ(carried.at("archives").at(0).at("id"), std::string(64, 'c'));

  // The Job is free to go, and stays until history says so.
  Until("the Job is free", [&] { return !HasUnreadFinalizer(JobObject(job)); });
  EXPECT_EQ(JobObject(job).at("metadata").at("annotations").at(std::string(api::kRecordedAnnotation)), "true");
  ExpectEvents("web", UnorderedElementsAre("BackupRequested", "BackupStarted", "BackupCompleted"));

  const auto labels = "{namespace=\"" + ns() + "\",name=\"web\",server=\"vault\"}";
  EXPECT_EQ(Operator().Metric("borg_operator_target_ready" + labels), 1);
  EXPECT_EQ(Operator().Metric("borg_operator_target_archives" + labels), 7);
  EXPECT_EQ(Operator().Metric("borg_operator_target_last_original_size_bytes" + labels), static_cast<double>(3ULL << 30U));
  EXPECT_LT(Operator().Metric("borg_operator_target_last_duration_seconds" + labels), 60);
}

// Of the operator itself: how much waits, how long its work takes, and what it asks the API server for.
TEST_F(FirstSteps, MetricsTellOfTheOperator) {
  AddServer();
  AddTarget("web");
  AwaitReady("web", "True", "Unscheduled");
  for (const char* kind : {"target", "server"}) {
    const std::string of = std::string("kind=\"") + kind + '"';
    EXPECT_GE(Operator().Metric("borg_operator_queue_depth{" + of + ",state=\"ready\"}"), 0) << kind;
    // It is looked at again after ten minutes.
    Until("it waits for its time",
          [&] { return Operator().Metric("borg_operator_queue_depth{" + of + ",state=\"delayed\"}") > 0; });
    EXPECT_GE(Operator().Metric("borg_operator_reconcile_duration_seconds_count{" + of + "}"), 1) << kind;
    EXPECT_GT(Operator().Metric("borg_operator_reconcile_duration_seconds_sum{" + of + "}"), 0) << kind;
    EXPECT_TRUE(Operator().Metric("borg_operator_reconcile_errors_total{" + of + "}")) << kind;
  }
  for (const char* labels : {R"({code="200",method="GET"})", R"({code="200",method="PATCH"})", R"({code="201",method="POST"})"})
    EXPECT_GE(Operator().Metric(std::string("borg_operator_api_requests_total") + labels), 1) << Operator().Ask("/metrics").body;
  EXPECT_EQ(Operator().Metric("borg_operator_leader"), 1);
}

TEST_F(FirstSteps, ANewTargetIsInProgressUntilTheOperatorHasSeenIt) {
  StopOperator();
  AddServer();
  AddTarget("web");
  EXPECT_EQ(HealthOf("web"), kGoingOn);
  StartOperator();
  AwaitReady("web", "True", "Unscheduled");
  EXPECT_EQ(HealthOf("web"), kHealthy);
}

TEST_F(FirstSteps, AfterARestartMetricsTellOfEarlierRuns) {
  AddServer();
  AddTarget("web");
  Backup("web", "1", GoodReport({.archives = 7}));
  const auto labels = "{namespace=\"" + ns() + "\",name=\"web\",server=\"vault\"}";
  const auto success = "borg_operator_target_last_success_timestamp_seconds" + labels;
  Until("the success is told", [&] { return Operator().Metric(success).has_value(); });
  const auto before = Operator().Metric(success);
  StopOperator();
  StartOperator();
  Until("the success is told again", [&] { return Operator().Metric(success) == before; });
  EXPECT_EQ(Operator().Metric("borg_operator_target_archives" + labels), 7);
}

TEST_F(FirstSteps, MetricsGoWithTheTarget) {
  AddServer();
  AddTarget("web");
  AwaitReady("web", "True", "Unscheduled");
  const auto series = "borg_operator_target_ready{namespace=\"" + ns() + "\",name=\"web\",server=\"vault\"}";
  EXPECT_EQ(Operator().Metric(series), 1) << Operator().Ask("/metrics").body;
  // What alerts measure lateness with.
  const auto of = [](const std::string& metric, const std::string& labels) {
    return Operator().Metric("borg_operator_target_" + metric + labels);
  };
  const auto labels = series.substr(series.find('{'));
  EXPECT_GT(of("created_timestamp_seconds", labels), 1'700'000'000);
  EXPECT_FALSE(of("expected_check_interval_seconds", labels).has_value());
  ChangeSpec("web", {{"schedule", "@daily"}, {"maintenance", {{"schedule", "@weekly"}}}});
  Until("the intervals are told", [&] {
    return of("expected_interval_seconds", labels) == 86'400 && of("expected_check_interval_seconds", labels) == 7 * 86'400;
  });
  Api().Delete(kube::BorgBackupTargets(), Key("web"));
  Until("the metrics are gone", [&] { return !Operator().Metric(series).has_value(); });
}

}  // namespace
}  // namespace borgop::api_tests
