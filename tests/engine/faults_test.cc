// Each fault that a run can meet ends with the reason and the kind that say what it was, leaves nothing behind, and is no obstacle
// to the next run.
#include <functional>
#include <ostream>

#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

struct Fault;

class FaultTest : public EngineTest, public testing::WithParamInterface<Fault> {
 public:
  using EngineTest::AddData, EngineTest::b_, EngineTest::c_, EngineTest::dir, EngineTest::lab_, EngineTest::repository,
      EngineTest::source, EngineTest::t_;

  // A key that nobody lets in.
  Secret StrangeKey() const {
    return Secret(c_.Output("d=$(mktemp -d) && ssh-keygen -q -t ed25519 -N '' -f $d/key && cat $d/key && rm -r $d"));
  }
  void MakeRepository() const { ExpectCompleted(RunEngine(MakePlan())); }
};

struct Fault {
  std::string name;
  std::function<void(FaultTest&, Plan&)> cause;
  std::string reason, kind;
  int exit_code;
  std::string last_phase = "connect";  // what comes before cleanup in the report
  std::string message = "";            // part of it
  std::string action = "";
  std::function<void(FaultTest&)> mend = [](FaultTest&) {};  // beyond Lab::Restore
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

std::string LastPhase(const RunResult& result) {
  const Json phases = result.target().value("phases", Json::array());
  return phases.size() < 2 ? "" : phases[phases.size() - 2].value("name", "");
}

std::size_t Logins(const LabHost& host) {
  const auto log = host.SshdLog();
  std::size_t count = 0;
  for (std::size_t at = 0; (at = log.find("Accepted publickey", at)) != std::string::npos; ++at) ++count;
  return count;
}

TEST_P(FaultTest, EndsWithItsReasonAndTheNextRunIsGood) {
  const Fault& fault = GetParam();
  Plan plan = MakePlan();
  fault.cause(*this, plan);
  ASSERT_FALSE(HasFailure());
  const auto result = RunEngine(plan, seconds(45));
  ExpectFailed(result, fault.reason, fault.kind, fault.exit_code);
  EXPECT_EQ(LastPhase(result), fault.last_phase) << result.All();
  EXPECT_THAT(result.message(), HasSubstr(fault.message));
  EXPECT_THAT(result.action(), HasSubstr(fault.action));
  ExpectNothingLeft();
  lab_.Restore();
  fault.mend(*this);
  ExpectNextRunGood(MakePlan());
}

const std::vector<Fault> kFaults = {
    {.name = "PinnedHostKeyThatTargetLacks",
     .cause =
         [](FaultTest& test, Plan& plan) {
           test.t_.RestartSshd({"HostKey=/etc/ssh/ssh_host_rsa_key"});
           plan.targets[0].connection.known_hosts = test.t_.KnownHosts("ed25519");
         },
     .reason = "NoCommonAlgorithm",
     .kind = "Terminal",
     .exit_code = 1,
     .message = "the target"},
    {.name = "KeyThatTargetRefuses",
     .cause = [](FaultTest& test, Plan& plan) { plan.targets[0].connection.private_key = test.StrangeKey(); },
     .reason = "AuthenticationFailed",
     .kind = "Terminal",
     .exit_code = 1,
     .message = "the target"},
    {.name = "KeyThatServerRefuses",
     .cause = [](FaultTest& test, Plan& plan) { plan.server.connection.private_key = test.StrangeKey(); },
     .reason = "AuthenticationFailed",
     .kind = "Terminal",
     .exit_code = 1,
     .message = "the repository server"},
    {.name = "EncryptedKeyWithWrongPassphrase",
     .cause =
         [](FaultTest& test, Plan& plan) {
           plan.targets[0].connection = test.lab_.Endpoint(test.t_, "encrypted");
           plan.targets[0].connection.key_passphrase = Secret("not that");
         },
     .reason = "KeyUnusable",
     .kind = "Terminal",
     .exit_code = 1,
     .message = "the target"},
    {.name = "UnknownName",
     .cause =
         [](FaultTest& test, Plan& plan) {
           plan.targets[0].connection.host = "nowhere.lab";
           plan.targets[0].connection.known_hosts = test.t_.KnownHosts({}, "nowhere.lab");
         },
     .reason = "NameNotResolved",
     .kind = "Transient",
     .exit_code = 75,
     .message = "nowhere.lab"},
    {.name = "ClosedPort",
     .cause =
         [](FaultTest& test, Plan& plan) {
           plan.targets[0].connection.port = 9;
           plan.targets[0].connection.known_hosts = test.t_.KnownHosts({}, "[" + test.t_.address() + "]:9");
         },
     .reason = "ConnectFailed",
     .kind = "Transient",
     .exit_code = 75,
     .message = "port 9"},
    {.name = "ServerDown",
     .cause = [](FaultTest& test, Plan&) { test.b_.StopSshd(); },
     .reason = "ConnectFailed",
     .kind = "Transient",
     .exit_code = 75,
     .message = "the repository server"},
    {.name = "SilentTarget",
     .cause =
         [](FaultTest& test, Plan& plan) {
           test.t_.DropPackets();
           plan.targets[0].limits.connect_timeout = seconds(2);
         },
     .reason = "ConnectTimeout",
     .kind = "Transient",
     .exit_code = 75,
     .message = "the target"},
    {.name = "NoBorgOnTarget",
     .cause = [](FaultTest& test, Plan&) { test.t_.Mask("borg"); },
     .reason = "BorgMissing",
     .kind = "Terminal",
     .exit_code = 1,
     .last_phase = "inspect",
     .message = "the target",
     .action = "Install borg"},
    {.name = "NoBorgOnServer",
     .cause = [](FaultTest& test, Plan&) { test.b_.Mask("borg"); },
     .reason = "BorgMissing",
     .kind = "Terminal",
     .exit_code = 1,
     .last_phase = "inspect",
     .message = "the repository server",
     .action = "Install borg"},
    {.name = "NoBorgHere",
     .cause = [](FaultTest& test, Plan&) { test.c_.Mask("borg"); },
     .reason = "BorgMissing",
     .kind = "Terminal",
     .exit_code = 1,
     .last_phase = "inspect",
     .action = "Install borg"},
    {.name = "NeitherSocatNorFifo",
     .cause =
         [](FaultTest& test, Plan&) {
           test.t_.Mask("socat");
           test.t_.Mask("mkfifo");
         },
     .reason = "SocketToolMissing",
     .kind = "Terminal",
     .exit_code = 1,
     .last_phase = "create",
     .action = "Install socat"},
    {.name = "BorgThatNeverConnects",
     .cause =
         [](FaultTest& test, Plan& plan) {
           test.t_.WriteFile(test.dir() + "/borg", "#!/bin/sh\nexec sleep 4711\n");
           test.t_.Output("chmod 755 " + test.dir() + "/borg");
           plan.targets[0].borg = test.dir() + "/borg";
           plan.targets[0].limits.socket_timeout = seconds(2);
         },
     .reason = "SocketUnused",
     .kind = "Transient",
     .exit_code = 75,
     .last_phase = "create"},
    {.name = "BorgThatNeverConnectsAndDoesNotEnd",
     .cause =
         [](FaultTest& test, Plan& plan) {
           test.t_.WriteFile(test.dir() + "/borg", "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n");
           test.t_.Output("chmod 755 " + test.dir() + "/borg");
           plan.targets[0].borg = test.dir() + "/borg";
           plan.targets[0].limits.socket_timeout = seconds(2);
         },
     .reason = "SocketUnused",
     .kind = "Transient",
     .exit_code = 75,
     .last_phase = "create"},
    {.name = "BorgThatNeverConnectsToFifos",
     .cause =
         [](FaultTest& test, Plan& plan) {
           test.t_.Mask("socat");
           test.t_.WriteFile(test.dir() + "/borg", "#!/bin/sh\nexec sleep 4711\n");
           test.t_.Output("chmod 755 " + test.dir() + "/borg");
           plan.targets[0].borg = test.dir() + "/borg";
           plan.targets[0].limits.socket_timeout = seconds(2);
         },
     .reason = "SocketUnused",
     .kind = "Transient",
     .exit_code = 75,
     .last_phase = "create"},
    {.name = "WrongPassphrase",
     .cause =
         [](FaultTest& test, Plan& plan) {
           test.MakeRepository();
           plan.targets[0].repository.passphrase = Secret("not that");
         },
     .reason = "PassphraseWrong",
     .kind = "Terminal",
     .exit_code = 1,
     .last_phase = "inspect"},
    {.name = "NoRepositoryButSomethingElse",
     .cause =
         [](FaultTest& test, Plan&) {
           test.b_.Output("mkdir " + test.repository() + " && echo mine >" + test.repository() + "/file", {.user = "backup"});
         },
     .reason = "RepositoryInvalid",
     .kind = "Terminal",
     .exit_code = 1,
     .last_phase = "inspect",
     .mend =
         [](FaultTest& test) {
           EXPECT_EQ(test.b_.ReadFile(test.repository() + "/file"), "mine\n");
           test.b_.Output("rm -r " + test.repository());
         }},
    {.name = "ServerAccountForAnotherPath",
     .cause = [](FaultTest& test, Plan&) { test.b_.RestartSshd({"ForceCommand=borg serve --restrict-to-path /elsewhere"}); },
     .reason = "RepositoryNotAllowed",
     .kind = "Terminal",
     .exit_code = 1,
     .last_phase = "inspect"},
    {.name = "TargetAccountWithForcedCommand",
     .cause = [](FaultTest& test, Plan&) { test.t_.RestartSshd({"ForceCommand=echo not for you"}); },
     .reason = "ShellUnusable",
     .kind = "Terminal",
     .exit_code = 1,
     .last_phase = "inspect",
     .message = "not for you"},
};

INSTANTIATE_TEST_SUITE_P(All, FaultTest, testing::ValuesIn(kFaults), [](const auto& row) { return row.param.name; });

class FaultsTest : public EngineTest {};

TEST_F(FaultsTest, HostWithAnotherKeyIsGivenNothing) {
  for (const bool of_target : {true, false}) {
    SCOPED_TRACE(of_target ? "target" : "server");
    Plan plan = MakePlan();
    const LabHost& host = of_target ? t_ : b_;
    SshEndpoint& endpoint = of_target ? plan.targets[0].connection : plan.server.connection;
    // The other machine's keys: of each type that is negotiated there is one, and it is the wrong one.
    endpoint.known_hosts = (of_target ? b_ : t_).KnownHosts({}, host.address());
    const std::size_t logins = Logins(host);
    const auto result = RunEngine(plan);
    ExpectFailed(result, "HostKeyMismatch", "Terminal", 1);
    EXPECT_THAT(result.message(), HasSubstr(of_target ? "the target" : "the repository server"));
    EXPECT_THAT(result.message(), HasSubstr("SHA256:"));
    EXPECT_EQ(LastPhase(result), "connect");
    EXPECT_EQ(Logins(host), logins) << "the engine logged in to a host that it must not trust";
    ExpectNothingLeft();
  }
  const std::size_t logins = Logins(t_);
  ExpectNextRunGood(MakePlan());
  EXPECT_EQ(Logins(t_), logins + 1) << "one connection to the target, and the count of logins counts";
}

TEST_F(FaultsTest, WithoutSocatTwoFifosDo) {
  AddData(20);
  t_.Mask("socat");
  ExpectCompleted(RunEngine(MakePlan()));
  ExpectNothingLeft();
  lab_.Restore();
  ExpectNextRunGood(MakePlan());
}

TEST_F(FaultsTest, FullDiskIsWaitedForAndThenPasses) {
  Plan plan = MakePlan();
  plan.server.root_dir = "/small";
  plan.targets[0].repository.path = "repo";
  ExpectCompleted(RunEngine(plan));

  b_.FillDisk();  // nothing can be written from the beginning
  ExpectFailed(RunEngine(plan), "DiskFull", "Waiting", 75);
  ExpectNothingLeft();
  b_.FreeDisk();
  ExpectNextRunGood(plan);

  AddData(40);
  b_.Output("dd if=/dev/zero of=/small/.filler bs=1M count=40 2>/dev/null");  // full in mid-transfer
  const auto result = RunEngine(plan);
  ExpectFailed(result, "DiskFull", "Waiting", 75);
  EXPECT_EQ(LastPhase(result), "create") << result.All();
  EXPECT_THAT(result.message(), HasSubstr("on the repository server"));
  ExpectNothingLeft();
  b_.FreeDisk();
  ExpectNextRunGood(plan);
  b_.Output("rm -r /small/repo");
}

TEST_F(FaultsTest, RepositoryLockedByALiveBorgIsWaitedFor) {
  Plan plan = MakePlan();
  ExpectCompleted(RunEngine(plan));
  plan.targets[0].limits.lock_wait = seconds(1);
  {
    auto holder = b_.Start({"setpriv", "--reuid", "backup", "--regid", "backup", "--init-groups", "--reset-env", "env",
                            "BORG_PASSPHRASE=" + std::string(kPassphrase), "borg", "with-lock", repository(), "sleep", "4711"});
    // borg starts the program once it holds the lock.
    ASSERT_TRUE(holder.WaitUntil([&] { return b_.Run("pgrep -x sleep").ok(); }, seconds(30))) << holder.Err();
    const auto result = RunEngine(plan);
    ExpectFailed(result, "RepositoryLocked", "Waiting", 75);
    b_.Output("pkill -x sleep");
    EXPECT_TRUE(holder.Wait(seconds(20)).has_value());
  }
  ExpectNextRunGood(plan);
}

class ServerAccountTest : public EngineTest {
 protected:
  // An account on B that runs nothing but what authorized_keys says.
  Plan PlanFor(const std::string& user, const std::string& forced) {
    b_.AddUser(user, "/bin/bash");
    const std::string file = "/home/" + user + "/.ssh/authorized_keys";
    b_.Output("sed -i 's|^|command=\"" + forced + "\",restrict |' " + file + " && chmod 777 " + dir());
    Plan plan = MakePlan();
    plan.server.connection.user = user;
    return plan;
  }
};

TEST_F(ServerAccountTest, BorgServeAloneIsEnoughAndSaysWhatIsMissing) {
  const Plan plan = PlanFor("serveonly", "borg serve --restrict-to-path " + dir());
  for (int run = 0; run < 2; ++run) {  // with and without init
    const auto result = RunEngine(plan);
    EXPECT_EQ(result.exit_code(), 0) << result.All();
    EXPECT_EQ(result.outcome(), "CompletedWithWarnings") << result.All();
    EXPECT_THAT(result.warnings(), HasSubstr("dead man's switch"));
    EXPECT_THAT(result.warnings(), HasSubstr("ClientAliveInterval"));
    ExpectNothingLeft();
  }
  ExpectRepositorySound(repository(), "serveonly");
}

TEST_F(FaultsTest, MissingSourcePathIsAWarning) {
  Plan plan = MakePlan();
  plan.targets[0].source.paths.push_back("/nonexistent/path");
  const auto result = RunEngine(plan);
  EXPECT_EQ(result.exit_code(), 0) << result.All();
  EXPECT_EQ(result.outcome(), "CompletedWithWarnings") << result.All();
  EXPECT_THAT(result.warnings(), HasSubstr("/nonexistent/path"));
  EXPECT_TRUE(result.target().contains("archive"));
  ExpectNextRunGood(MakePlan());
}

TEST_F(FaultsTest, NoisyLoginShellsDoNoHarm) {
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

TEST_F(FaultsTest, OneTargetsFailureIsNotTheOthers) {
  Plan plan = MakePlan(4);
  plan.targets[1].connection.known_hosts = b_.KnownHosts({}, t_.address());
  plan.targets[3].borg = "/nowhere/borg";
  const auto result = RunEngine(plan);
  EXPECT_EQ(result.exit_code(), 1);
  EXPECT_EQ(result.outcome(0), "Completed") << result.All();
  EXPECT_EQ(result.reason(1), "HostKeyMismatch");
  EXPECT_EQ(result.outcome(2), "Completed") << result.All();
  EXPECT_EQ(result.reason(3), "BorgMissing");
  EXPECT_EQ(result.report["counts"],
            (Json{{"targets", 4}, {"completed", 2}, {"completedWithWarnings", 0}, {"failed", 2}, {"cancelled", 0}}));
  ExpectNextRunGood(MakePlan());
}

TEST_F(FaultsTest, FailuresThatMayAllPassByThemselvesAskForARetry) {
  Plan plan = MakePlan(3);
  plan.targets[1].connection.port = 9;
  plan.targets[1].connection.known_hosts = t_.KnownHosts({}, "[" + t_.address() + "]:9");
  plan.targets[2].connection.host = "nowhere.lab";
  plan.targets[2].connection.known_hosts = t_.KnownHosts({}, "nowhere.lab");
  const auto result = RunEngine(plan);
  EXPECT_EQ(result.outcome(0), "Completed") << result.All();
  EXPECT_EQ(result.reason(1), "ConnectFailed");
  EXPECT_EQ(result.reason(2), "NameNotResolved");
  EXPECT_EQ(result.exit_code(), 75);
  // One that will not pass, and nobody should wait for a retry.
  plan.targets[1].borg = "/nowhere/borg";
  plan.targets[1].connection = lab_.Endpoint(t_);
  EXPECT_EQ(RunEngine(plan).exit_code(), 1);
  ExpectNextRunGood(MakePlan());
}

TEST_F(FaultsTest, TwoRunsAgainstOneTargetDoNotDisturbEachOther) {
  AddData(30);
  Plan one = MakePlan(), two = MakePlan();
  two.targets[0].repository.path = "other";
  auto first = Start(one), second = Start(two);
  const auto results = {Finish(first, seconds(90)), Finish(second, seconds(90))};
  for (const auto& result : results) ExpectCompleted(result);
  EXPECT_NE(results.begin()->target()["repository"]["id"], (results.begin() + 1)->target()["repository"]["id"]);
  ExpectNextRunGood(two);
  ExpectRepositorySound(repository());
}

}  // namespace
}  // namespace borgop::lab
