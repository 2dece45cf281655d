// Backups as users meet them: manifests are applied, pods run on a node, T is backed up to B, and the status says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/node/operator_fixture.h"

namespace borgop::node_tests {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class Operator : public OperatorFixture {
 protected:
  // What the schedule of its namespace does when its time comes.
  static void TriggerAll(const Backups& backups) {
    Installed().RunHelm("upgrade", {Helm::Chart(), "--wait", "--set", "namespaceSchedules[0].namespace=" + backups.ns(), "--set",
                                    "namespaceSchedules[0].schedule=0 0 1 1 *"});
    Cluster().Output({"create", "job", "by-hand", "--from=cronjob/borg-operator-trigger", "-n", backups.ns()});
  }
};

TEST_F(Operator, AFirstBackupAnUnchangedOneAndAChangedOne) {
  const Backups backups("first");
  backups.AddPassphrase();
  backups.Add("web");
  backups.RunNow("web", "1");
  auto status = backups.Ended("web", "1");
  EXPECT_EQ(status.at("lastBackup").at("phase"), "Completed") << status.dump(1);
  EXPECT_EQ(status.at("lastSuccessfulBackup").at("files"), 2);
  EXPECT_EQ(status.at("repository").at("archives"), 1);
  EXPECT_EQ(status.at("observedGeneration"), 1);
  EXPECT_EQ(backups.Condition("web", "Ready").at("status"), "True");
  EXPECT_EQ(backups.Condition("web", "BackupSucceeded").at("status"), "True");
  const auto first = status.at("lastBackup").at("archive").get<std::string>();

  backups.RunNow("web", "2");
  status = backups.Ended("web", "2");
  EXPECT_EQ(status.at("repository").at("archives"), 2);
  const auto unchanged = status.at("lastBackup").at("deduplicatedSize").get<std::uint64_t>();

  Installed().target().Output("seq 10001 500000 >>" + backups.source() + "/numbers");
  backups.RunNow("web", "3");
  status = backups.Ended("web", "3");
  EXPECT_EQ(status.at("lastBackup").at("phase"), "Completed");
  EXPECT_GT(status.at("lastBackup").at("deduplicatedSize").get<std::uint64_t>(), unchanged);

  // What the status says is what B has, and a file comes back as it was.
  EXPECT_THAT(backups.RunBorg("web", "list --short"),
              AllOf(HasSubstr(first), HasSubstr(status.at("lastBackup").at("archive").get<std::string>())));
  EXPECT_EQ(backups.RunBorg("web", "extract --stdout ::" + first + " " + backups.source().substr(1) + "/hello"), "hello\n");
}

TEST_F(Operator, PodsHaveNoTokenAndNoSecretIsShownAnywhere) {
  const Backups backups("quiet");
  backups.AddPassphrase();
  backups.Add("web");
  backups.RunNow("web", "1");
  ASSERT_EQ(backups.Ended("web", "1").at("lastBackup").at("phase"), "Completed");

  const auto pods = backups.Pods("web");
  ASSERT_EQ(pods.size(), 1U);
  EXPECT_EQ(pods[0].at("spec").at("automountServiceAccountToken"), false);
  for (const auto& volume : pods[0].at("spec").at("volumes")) EXPECT_FALSE(volume.contains("projected")) << volume;
  EXPECT_EQ(pods[0].at("spec").at("securityContext").at("runAsNonRoot"), true);
  EXPECT_EQ(pods[0].at("spec").at("containers")[0].at("securityContext").at("readOnlyRootFilesystem"), true);

  // Everything but the Secrets themselves.
  auto& cluster = Cluster();
  auto shown = cluster.Output({"get", "configmaps,pods,jobs,cronjobs,events,leases,bbt,borgservers,deployments,replicasets", "-A",
                               "-o", "json"}) +
               Installed().Log() +
               cluster.Output({"logs", "-n", backups.ns(), pods[0].at("metadata").at("name").get<std::string>()});
  EXPECT_THAT(shown, HasSubstr("\"web\""));
  EXPECT_THAT(shown, Not(HasSubstr(std::string(kPassphrase))));
  const auto key = Installed().lab().ClientKey();
  const auto body = key.substr(key.find('\n') + 1, 60);
  EXPECT_THAT(shown, Not(HasSubstr(body)));
}

// What one run found out is what the next holds B to, and goes by.
TEST_F(Operator, TheLedgerGoesFromRunToRun) {
  const Backups backups("ledger");
  backups.AddPassphrase();
  backups.Add("web", {{"retention", {{"keepLast", 1}}}});
  auto status = backups.Status("web");
  std::string value = "run";
  for (const int archives : {1, 2, 2}) {
    value += std::to_string(archives);
    backups.RunNow("web", value);
    status = backups.Ended("web", value);
    EXPECT_EQ(status.at("lastBackup").at("phase"), "Completed") << status.dump(1);
    EXPECT_EQ(status.at("repository").at("archives"), archives) << "marked by one run, dropped by the next";
  }
  backups.RunBorg("web", "delete ::" + status.at("lastBackup").at("archive").get<std::string>());
  backups.RunNow("web", "robbed");
  status = backups.Ended("web", "robbed");
  EXPECT_EQ(status.at("lastBackup").at("reason"), "RepositoryTampered") << status.dump(1);
  const auto told = backups.Condition("web", "RepositoryTrusted").at("message").get<std::string>();
  Cluster().Output({"annotate", "bbt", "web", "-n", backups.ns(), told.substr(told.rfind(' ') + 1)});
  EXPECT_TRUE(Eventually([&] { return backups.Status("web").at("lastBackup").at("phase") == "Completed"; }, seconds(120)))
      << backups.Status("web").dump(1);
  EXPECT_EQ(backups.Condition("web", "RepositoryTrusted").at("status"), "True");
}

TEST_F(Operator, ALateSecretIsNamedAndTheBackupStartsOnceItIsThere) {
  const Backups backups("late");
  backups.Add("web");
  backups.RunNow("web", "1");
  EXPECT_TRUE(Eventually(
      [&] { return backups.Condition("web", "Ready").value("message", "").find("passphrase") != std::string::npos; }, seconds(30)))
      << backups.Status("web").dump(1);
  EXPECT_THAT(backups.Pods("web"), IsEmpty());
  backups.AddPassphrase();
  EXPECT_EQ(backups.Ended("web", "1").at("lastBackup").at("phase"), "Completed");
}

TEST_F(Operator, AMachineThatCannotBeReachedIsSaidAndTheNextRunIsGoodAgain) {
  const Backups backups("away");
  backups.AddPassphrase();
  backups.Add("web");
  for (const auto* host : {&Installed().target(), &Installed().server()}) {
    SCOPED_TRACE(host->name());
    host->StopSshd();
    backups.RunNow("web", host->name() + "-away");
    const auto status = backups.Ended("web", host->name() + "-away");
    EXPECT_EQ(status.at("lastBackup").at("phase"), "Failed") << status.dump(1);
    EXPECT_EQ(status.at("lastBackup").at("reason"), "ConnectFailed") << status.dump(1);
    EXPECT_EQ(backups.Condition("web", "Ready").at("status"), "False");
    host->RestartSshd();
    backups.RunNow("web", host->name() + "-back");
    EXPECT_EQ(backups.Ended("web", host->name() + "-back").at("lastBackup").at("phase"), "Completed");
  }
  EXPECT_EQ(backups.Status("web").value("consecutiveFailures", 0), 0);
}

TEST_F(Operator, AnotherHostKeyIsRefusedAndARotatedOneIsTaken) {
  const Backups backups("keys");
  backups.AddPassphrase();
  backups.MakeSecret("t-ssh", backups.SshSecret(Installed().server(), "t.lab"));  // B's keys under T's name
  backups.Add("web");
  backups.RunNow("web", "wrong");
  const auto status = backups.Ended("web", "wrong");
  EXPECT_EQ(status.at("lastBackup").at("phase"), "Failed");
  EXPECT_EQ(status.at("lastBackup").at("reason"), "HostKeyMismatch") << status.dump(1);
  backups.MakeSecret("t-ssh", backups.SshSecret(Installed().target(), "t.lab"));
  backups.RunNow("web", "right");
  EXPECT_EQ(backups.Ended("web", "right").at("lastBackup").at("phase"), "Completed");
}

TEST_F(Operator, OneScheduleForANamespaceRunsItsTargets) {
  const Backups backups("shared");
  backups.AddPassphrase();
  for (const char* name : {"one", "two"}) backups.Add(name, {{"schedule", nullptr}});
  TriggerAll(backups);
  for (const char* name : {"one", "two"}) {
    EXPECT_TRUE(Eventually([&] { return backups.Status(name).contains("lastSuccessfulBackup"); }, seconds(120)))
        << backups.Status(name).dump(1);
  }
}

TEST_F(Operator, ANamespacesBackupsStartTwoAtATimeWhereTheServerTakesTwo) {
  const Backups backups("crowd");
  backups.AddPassphrase();
  backups.AddServer("vault", {{"maxConcurrentBackups", 2}});
  std::vector<std::string> names;
  for (int number = 0; number < 10; ++number) {
    names.push_back("web-" + std::to_string(number));
    backups.Add(names.back(), {{"schedule", nullptr}});
  }
  TriggerAll(backups);
  std::ptrdiff_t most = 0;
  const auto all_done = [&] {
    const auto pods = Cluster().Get({"pods", "-n", backups.ns(), "-l", "borg-operator.dev/target"}).at("items");
    most = std::max(most, std::count_if(pods.begin(), pods.end(), [](const Json& pod) {
                      const auto& phase = pod.at("status").at("phase");
                      return phase == "Pending" || phase == "Running";
                    }));
    return std::all_of(names.begin(), names.end(),
                       [&](const auto& name) { return backups.Status(name).contains("lastSuccessfulBackup"); });
  };
  ASSERT_TRUE(Eventually(all_done, seconds(900)));
  EXPECT_EQ(most, 2);
  for (const auto& name : names) {
    EXPECT_EQ(backups.Status(name).at("repository").at("archives"), 1);
    EXPECT_THAT(backups.Pods(name), SizeIs(1));
  }
}

TEST_F(Operator, ASuspendedTargetRunsOnceItIsNot) {
  const Backups backups("suspended");
  backups.AddPassphrase();
  backups.Add("web", {{"schedule", "* * * * *"}, {"suspend", true}});
  ASSERT_TRUE(Eventually([&] { return backups.Status("web").value("state", "") == "Suspended"; }, seconds(30)));
  EXPECT_FALSE(Eventually([&] { return !backups.Pods("web").empty(); }, seconds(65)));
  backups.Add("web", {{"schedule", "* * * * *"}, {"suspend", false}});
  EXPECT_TRUE(Eventually([&] { return backups.Status("web").contains("lastSuccessfulBackup"); }, seconds(120)))
      << backups.Status("web").dump(1);
}

TEST_F(Operator, MaintenanceFreesWhatRetentionLetsGo) {
  const Backups backups("upkeep");
  backups.AddPassphrase();
  backups.Add("web", {{"retention", {{"keepLast", 1}}}});
  const auto size = [&] { return std::stoi(Installed().server().Output("du -sm " + backups.repositories() + "/web | cut -f1")); };
  std::uint64_t dropped = 0;
  for (const std::string value : {"1", "2", "3", "4"}) {
    Installed().target().Output("head -c 20M /dev/urandom >" + backups.source() + "/changes");
    backups.RunNow("web", value);
    const auto status = backups.Ended("web", value);
    ASSERT_EQ(status.at("lastBackup").at("phase"), "Completed") << status.dump(1);
    dropped += status.at("lastBackup").value("pruned", std::uint64_t{0});
  }
  const auto status = backups.Status("web");
  EXPECT_EQ(dropped + status.at("repository").at("archives").get<std::uint64_t>(), 4U) << status.dump(1);
  EXPECT_GE(dropped, 2U);
  EXPECT_LT(size(), 60) << "of 80 MiB that were written";
  EXPECT_EQ(backups.Condition("web", "Checked").at("status"), "True");
  EXPECT_TRUE(status.contains("lastMaintenance"));
}

// docker run -i … run < backups.toml
TEST_F(Operator, TheImageAloneTakesTomlOnItsInput) {
  const Backups backups("toml");
  const auto endpoint = [&](const lab::LabHost& host, const std::string& name) {
    return "Host=\"" + name + "\"\nUserName=\"backup\"\nKnownHost=\"\"\"\n" + host.KnownHosts({}, name) +
           "\"\"\"\nPrivateKey=\"\"\"\n" + Installed().lab().ClientKey() + "\"\"\"\n";
  };
  const auto toml = "[Borg]\nRootDir=\"" + backups.repositories() + "\"\nPruneSetting=\"--keep-daily 7\"\n[Borg.Server]\n" +
                    endpoint(Installed().server(), "b.lab") + "[[Servers]]\nName=\"web\"\nSourcePaths=[\"" + backups.source() +
                    "\"]\n[Servers.BorgTarget]\nSubDir=\"web\"\nPassphrase=\"" + std::string(kPassphrase) +
                    "\"\n[Servers.Connection]\n" + endpoint(Installed().target(), "t.lab");
  const auto ns = Cluster().NewNamespace("docker");
  const auto ended = Cluster().Kubectl({"run", "engine", "-n", ns, "--image=" + ImageOf("borg-engine"), "--restart=Never", "--rm",
                                        "-i", "--quiet", "--pod-running-timeout=1m", "--", "run"},
                                       toml);
  EXPECT_TRUE(ended.ok()) << ended.out << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("\"web\""));
  EXPECT_FALSE(backups.RunBorg("web", "list --short").empty());
}

}  // namespace
}  // namespace borgop::node_tests
