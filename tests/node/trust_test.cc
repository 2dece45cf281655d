// A target that was taken over, and a server that is not what it was, as users of the operator meet them: the finding becomes a condition, an
// Event and a metric, holds every run back, and goes with the acknowledgement of that very finding.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "tests/node/operator_fixture.h"

namespace borgop::node_tests {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kLimit = seconds(120);

class Trust : public OperatorFixture {
 protected:
  // A namespace with a target "web" and two archives of it.
  static Backups WithTwoArchives(std::string_view name) {
    Backups backups(name);
    backups.AddPassphrase();
    backups.Add("web");
    for (const char* value : {"one", "two"}) {
      backups.RunNow("web", value);
      const auto status = backups.Ended("web", value);
      EXPECT_EQ(status.at("lastBackup").at("phase"), "Completed") << status.dump(1);
    }
    return backups;
  }
  // borg_operator_target_repository_trusted, as Prometheus would read it from the operator's pods.
  static std::string Trusted(const Backups& backups) {
    const auto metrics = Cluster().Output(
        {"get", "--raw",
         "/api/v1/namespaces/" + std::string(kOperatorNamespace) + "/services/borg-operator-metrics:metrics/proxy/metrics"});
    const auto series =
        "borg_operator_target_repository_trusted{namespace=\"" + backups.ns() + "\",name=\"web\",server=\"vault\"} ";
    const auto at = metrics.find(series);
    return at == std::string::npos ? "none" : metrics.substr(at + series.size(), 1);
  }
  static std::string Events(const Backups& backups) {
    return Cluster().Output({"get", "events", "-n", backups.ns(), "-o", "jsonpath={.items[*].reason}"});
  }
  // What everybody sees of it, and that nothing runs.
  static void ExpectFinding(const Backups& backups, const std::string& reason) {
    EXPECT_EQ(backups.Status("web").at("lastBackup").at("reason"), reason) << backups.Status("web").dump(1);
    EXPECT_EQ(backups.Condition("web", "RepositoryTrusted").at("status"), "False");
    EXPECT_EQ(backups.Condition("web", "Ready").at("status"), "False");
    EXPECT_THAT(Events(backups), HasSubstr(reason));
    EXPECT_EQ(Trusted(backups), "0");
    const auto pods = backups.Pods("web").size();
    backups.RunNow("web", "held-back");
    EXPECT_FALSE(Eventually([&] { return backups.Pods("web").size() > pods; }, seconds(10))) << "a run in spite of the finding";
  }
  // As the condition's message says.
  static void Acknowledge(const Backups& backups) {
    const auto told = backups.Condition("web", "RepositoryTrusted").at("message").get<std::string>();
    Cluster().Output({"annotate", "bbt", "web", "-n", backups.ns(), "--overwrite", told.substr(told.rfind(' ') + 1)});
  }
  // Then what was held back runs, and is good.
  static void AcknowledgeAndExpectBackup(const Backups& backups) {
    Acknowledge(backups);
    EXPECT_EQ(backups.Ended("web", "held-back").at("lastBackup").at("phase"), "Completed") << backups.Status("web").dump(1);
    EXPECT_EQ(backups.Condition("web", "RepositoryTrusted").at("status"), "True");
    EXPECT_THAT(Events(backups), HasSubstr("FindingAcknowledged"));
    EXPECT_TRUE(Eventually([&] { return Trusted(backups) == "1"; }, kLimit));
  }
};

TEST_F(Trust, ATargetThatDeletesArchivesIsCutOff) {
  const Backups backups = WithTwoArchives("evil-target");
  const auto before = backups.RunBorg("web", "list --format '{id} {name}{NL}'");
  const auto& host = Installed().target();
  for (const char* file : {"evil_borg.py", "trickle.py"}) {
    std::ifstream in(std::string(BORGOP_SOURCE_DIR) + "/tests/engine/trust/" + file);
    host.WriteFile(backups.repositories() + '/' + file, std::string(std::istreambuf_iterator<char>(in), {}));
  }
  const auto evil = backups.repositories() + "/evil";
  host.WriteFile(evil, "#!/bin/sh\nexec /usr/bin/python3 " + backups.repositories() + "/evil_borg.py delete-newest \"$@\"\n");
  host.Output("chmod 755 " + evil);
  backups.Add("web", {{"borg", evil}});
  backups.RunNow("web", "evil");
  backups.Ended("web", "evil");
  ExpectFinding(backups, "TargetMisbehaved");
  EXPECT_EQ(backups.RunBorg("web", "list --format '{id} {name}{NL}'"), before);

  backups.Add("web", {{"borg", "borg"}});
  AcknowledgeAndExpectBackup(backups);
  EXPECT_EQ(backups.RunBorg("web", "check --verify-data"), "");
  EXPECT_THAT(backups.RunBorg("web", "list --format '{id} {name}{NL}'"), HasSubstr(before));
}

TEST_F(Trust, AServerThatWasRolledBackIsNotWrittenTo) {
  const Backups backups = WithTwoArchives("rolled-back");
  const auto& host = Installed().server();
  const auto here = backups.repositories() + "/web", older = backups.repositories() + "/older";
  host.Output("cp -a " + here + ' ' + older);
  backups.RunNow("web", "three");
  ASSERT_EQ(backups.Ended("web", "three").at("lastBackup").at("phase"), "Completed");
  host.Output("rm -r " + here + " && mv " + older + ' ' + here);
  const auto digest = "cd " + here + " && find . -type f -exec sha256sum {} + | sort | sha256sum";
  const auto before = host.Output(digest);
  backups.RunNow("web", "four");
  backups.Ended("web", "four");
  ExpectFinding(backups, "RepositoryTampered");
  EXPECT_EQ(host.Output(digest), before);
  // What T's own borg remembers has to go as well, as RepositoryReplay would say; and that nonces would be used twice is another finding than that
  // an archive is gone.
  Installed().target().Output("rm -rf ~/.cache/borg ~/.config/borg/security/*/manifest-timestamp", {.user = "backup"});
  Acknowledge(backups);
  EXPECT_THAT(backups.Ended("web", "held-back").at("lastBackup").at("message"), HasSubstr("nonces"));
  EXPECT_EQ(host.Output(digest), before);
  backups.RunNow("web", "held-back-again");
  Acknowledge(backups);
  EXPECT_EQ(backups.Ended("web", "held-back-again").at("lastBackup").at("phase"), "Completed") << backups.Status("web").dump(1);
  EXPECT_EQ(backups.Condition("web", "RepositoryTrusted").at("status"), "True");
}

TEST_F(Trust, AnotherRepositoryInItsPlaceIsNotWrittenTo) {
  const Backups backups = WithTwoArchives("replaced");
  const auto here = backups.repositories() + "/web";
  Installed().server().Output("rm -r " + here);
  backups.RunBorg("web", "init --encryption repokey-blake2");
  backups.RunNow("web", "three");
  backups.Ended("web", "three");
  ExpectFinding(backups, "RepositoryTampered");
  EXPECT_THAT(backups.RunBorg("web", "list --short"), IsEmpty());
  AcknowledgeAndExpectBackup(backups);
}

}  // namespace
}  // namespace borgop::node_tests
