// What machines may lack, or have too much of, without a backup failing by it.
#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class ToleranceTest : public EngineTest {};

TEST_F(ToleranceTest, WithoutSocatTwoFifosDo) {
  AddData(20);
  t_.Mask("socat");
  ExpectCompleted(RunEngine(MakePlan()));
  ExpectNothingLeft();
  lab_.Restore();
  ExpectNextRunGood(MakePlan());
}

// Nothing of that is asked for.
TEST_F(ToleranceTest, AnSshdThatForwardsNothingAndGivesNoTerminal) {
  AddData(20);
  for (const auto* host : {&t_, &b_}) {
    host->RestartSshd({"AllowTcpForwarding=no", "AllowStreamLocalForwarding=no", "AllowAgentForwarding=no", "X11Forwarding=no",
                       "PermitTunnel=no", "PermitTTY=no", "DisableForwarding=yes"});
  }
  const auto result = RunEngine(MakePlan());
  ExpectCompleted(result);
  EXPECT_EQ(result.warnings(), "[]");
  ExpectNextRunGood(MakePlan());
}

// borg writes a list with one every half hour; here, every second. One that was cut leaves it for the next to begin with.
TEST_F(ToleranceTest, CheckpointsOfALongBackupPass) {
  ExpectCompleted(RunEngine(MakePlan()));
  AddData(6);
  Plan plan = MakePlan();
  plan.targets[0].borg = dir() + "/borg";
  plan.targets[0].limits.upload_rate_kib = 700;
  t_.WriteFile(plan.targets[0].borg,
               "#!/bin/sh\nshift\nexec borg create --checkpoint-interval 1 --chunker-params fixed,524288 \"$@\"\n");
  t_.Output("chmod 755 " + plan.targets[0].borg);
  auto cut = Start(plan);
  ASSERT_TRUE(cut.WaitUntil([&] { return b_.Run("test $(du -sm '" + repository() + "' | cut -f1) -ge 4").ok(); }, kLimit))
      << cut.Err();
  cut.Signal(SIGTERM);
  EXPECT_EQ(Finish(cut, seconds(10)).outcome(), "Cancelled");
  const std::string all = "borg list --short --consider-checkpoints '" + repository() + "'";
  ASSERT_THAT(OnServer(all), HasSubstr(".checkpoint"));
  plan.targets[0].retention.keep_last = 10;
  ExpectCompleted(RunEngine(plan, kLimit));
  EXPECT_THAT(OnServer(all), Not(HasSubstr(".checkpoint"))) << "prune drops what is unfinished";
  ExpectNextRunGood(MakePlan());
}

class ServerAccountTest : public EngineTest {};

TEST_F(ServerAccountTest, BorgServeAloneIsEnoughAndSaysWhatIsMissing) {
  const Plan plan = MakeForcedPlan("serveonly", "borg serve --restrict-to-path " + dir());
  for (int run = 0; run < 2; ++run) {  // with and without init
    const auto result = RunEngine(plan);
    EXPECT_EQ(result.exit_code(), 0) << result.All();
    EXPECT_EQ(result.outcome(), "CompletedWithWarnings") << result.All();
    EXPECT_THAT(result.warnings(), HasSubstr("dead man's switch"));
    EXPECT_THAT(result.warnings(), HasSubstr("ClientAliveInterval"));
    EXPECT_THAT(result.warnings(), HasSubstr("forced command"));
    ExpectNothingLeft();
  }
  ExpectRepositorySound(repository(), "serveonly");
}

// It is reached by a link that a script makes.
TEST_F(ServerAccountTest, BorgServeAloneIsNotEnoughForAPathThatIsNotUtf8) {
  Plan plan = MakeForcedPlan("serveonly8", "borg serve --restrict-to-path " + dir());
  plan.targets[0].repository.path = "\xe9";
  const auto result = RunEngine(plan);
  ExpectFailed(result, "ShellUnusable", "Terminal", 1);
  EXPECT_THAT(result.message(),
              HasSubstr("the path of the repository is not UTF-8, for which the account on the repository server"));
  ExpectNothingLeft();
}

TEST_F(ToleranceTest, ServerWithoutRoomForTheKeeperDoesAndSaysWhatIsMissing) {
  for (const char* path : {"/tmp", "/var/tmp"}) b_.Output("mount -t tmpfs -o ro nothing " + std::string(path));
  const auto result = RunEngine(MakePlan());
  for (const char* path : {"/tmp", "/var/tmp"}) b_.Output("umount " + std::string(path));
  EXPECT_EQ(result.outcome(), "CompletedWithWarnings") << result.All();
  EXPECT_THAT(result.warnings(), HasSubstr("no private directory can be made in /tmp or /var/tmp"));
  EXPECT_THAT(result.warnings(), HasSubstr("dead man's switch"));
  ExpectNextRunGood(MakePlan());
}

TEST_F(ToleranceTest, MissingSourcePathIsAWarning) {
  Plan plan = MakePlan();
  plan.targets[0].source.paths.emplace_back("/nonexistent/path");
  const auto result = RunEngine(plan);
  EXPECT_EQ(result.exit_code(), 0) << result.All();
  EXPECT_EQ(result.outcome(), "CompletedWithWarnings") << result.All();
  EXPECT_THAT(result.warnings(), HasSubstr("/nonexistent/path"));
  EXPECT_TRUE(result.target().contains("archive"));
  ExpectNextRunGood(MakePlan());
}

TEST_F(ToleranceTest, NoisyLoginShellsDoNoHarm) {
  for (const auto* host : {&t_, &b_}) {
    host->AddUser("noisy", "/bin/bash");
    host->WriteFile("/home/noisy/.bashrc", "echo Welcome to this machine; printf 'no newline at its end'; echo also here >&2\n");
    host->Output("chmod 777 " + dir());
    ASSERT_THAT(host->Output("su noisy -c 'bash -c \". ~/.bashrc\"' 2>&1"), HasSubstr("Welcome"));
  }
  Plan plan = MakePlan();
  plan.server.connection.user = plan.targets[0].connection.user = "noisy";
  const auto result = RunEngine(plan);
  ExpectCompleted(result);
  EXPECT_EQ(result.warnings(), "[]");
  ExpectNextRunGood(plan);
}

TEST_F(ToleranceTest, AnAccountOnTargetWithoutAHomeIsToldSo) {
  t_.AddUser("homeless", "/bin/bash");
  t_.Output("chmod 777 " + dir() +
            " && mkdir -p /etc/ssh/keys && mv /home/homeless/.ssh/authorized_keys /etc/ssh/keys/homeless && "
            "chown root: /etc/ssh/keys/homeless && chmod 644 /etc/ssh/keys/homeless && rm -r /home/homeless");
  t_.RestartSshd({"AuthorizedKeysFile=/etc/ssh/keys/%u"});
  Plan plan = MakePlan();
  plan.targets[0].connection.user = "homeless";
  const auto result = RunEngine(plan);
  EXPECT_EQ(result.reason(), "CreateFailed") << result.All();
  EXPECT_THAT(result.message(), HasSubstr("Permission denied: '/home/homeless'"));
  EXPECT_THAT(result.action(), HasSubstr("the account's home directory: see that it exists"));
  ExpectNothingLeft();
}

TEST_F(ToleranceTest, WhatLoginShellsLeaveInTheBackgroundIsNotWaitedFor) {
  for (const auto* host : {&t_, &b_}) {
    host->AddUser("lingering", "/bin/bash");
    host->WriteFile("/home/lingering/.bashrc", "sleep 987654 &\n");  // holds the streams of every session open
    host->Output("chmod 777 " + dir());
  }
  Plan plan = MakePlan();
  plan.server.connection.user = plan.targets[0].connection.user = "lingering";
  ExpectCompleted(RunEngine(plan, std::chrono::seconds(120)));
  // Failures are told from each other, too.
  plan.targets[0].borg = "/nowhere/borg";
  EXPECT_EQ(RunEngine(plan, std::chrono::seconds(120)).reason(), "BorgMissing");
  for (const auto* host : {&t_, &b_}) host->Output("pkill -u lingering sleep; true");
  ExpectNothingLeft();
}

}  // namespace
}  // namespace borgop::lab
