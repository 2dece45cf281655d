// Each fault that a run can meet ends with the reason and the kind that say what it was, leaves nothing behind, and is no obstacle
// to the next run.
#include <functional>
#include <ostream>

#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

struct Fault;

class FaultTest : public EngineTest, public testing::WithParamInterface<Fault> {
 public:
  using EngineTest::AddData, EngineTest::b_, EngineTest::c_, EngineTest::dir, EngineTest::j_, EngineTest::lab_,
      EngineTest::repository, EngineTest::source, EngineTest::t_;

  // A key that nobody lets in.
  Secret StrangeKey() const {
    return Secret(c_.Output("d=$(mktemp -d) && ssh-keygen -q -t ed25519 -N '' -f $d/key && cat $d/key && rm -r $d"));
  }
  // The way to T leads over J.
  void GoThroughJumpHost(Plan& plan) const {
    SshEndpoint& endpoint = plan.targets[0].connection;
    endpoint.host = t_.inner_address();
    endpoint.known_hosts = t_.KnownHosts({}, endpoint.host);
    endpoint.jump_host = std::make_unique<SshEndpoint>(lab_.Endpoint(j_));
  }
  void MakeRepository() const { ExpectCompleted(RunEngine(MakePlan())); }
  // A borg on T or B that does this instead of connecting, or answering.
  void GiveIdleBorg(Plan& plan, const std::string& does, bool to_server = false) const {
    const LabHost& host = to_server ? b_ : t_;
    std::string& borg = to_server ? plan.server.borg : plan.targets[0].borg;
    borg = dir() + "/borg";
    plan.targets[0].limits.socket_timeout = seconds(2);
    host.WriteFile(borg, "#!/bin/sh\n" + does + "\n");
    host.Output("chmod 755 " + borg);
  }
  // A program on T that takes longer than anybody waits for it.
  void MakeHang(const std::string& program) const {
    t_.WriteFile(dir() + "/" + program, "#!/bin/sh\nexec sleep 36\n");
    t_.Output("chmod 755 " + dir() + "/" + program);
    t_.RestartSshd({"SetEnv=PATH=" + dir() + ":/usr/bin:/bin"});
  }
  void GiveServerShell(Plan& plan, const std::string& shell) const {
    plan.server.connection.user = "served" + shell.substr(shell.rfind('/') + 1);
    b_.AddUser(plan.server.connection.user, shell);
  }
};

struct Fault {
  std::string name;
  std::function<void(FaultTest&, Plan&)> cause;
  std::string reason, kind;
  std::string last_phase = "connect";  // what comes before cleanup in the report
  std::string message{};               // part of it
  std::string action{};
  std::function<void(FaultTest&)> mend = [](FaultTest&) {};  // beyond Lab::Restore
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

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
  ExpectFailed(result, fault.reason, fault.kind, fault.kind == "Terminal" ? 1 : 75);
  EXPECT_EQ(result.last_phase(), fault.last_phase) << result.All();
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
     .message = "the target"},
    {.name = "KeyThatTargetRefuses",
     .cause = [](FaultTest& test, Plan& plan) { plan.targets[0].connection.private_key = test.StrangeKey(); },
     .reason = "AuthenticationFailed",
     .kind = "Terminal",
     .message = "the target"},
    {.name = "KeyThatServerRefuses",
     .cause = [](FaultTest& test, Plan& plan) { plan.server.connection.private_key = test.StrangeKey(); },
     .reason = "AuthenticationFailed",
     .kind = "Terminal",
     .message = "the repository server"},
    {.name = "EncryptedKeyWithWrongPassphrase",
     .cause =
         [](FaultTest& test, Plan& plan) {
           plan.targets[0].connection = test.lab_.Endpoint(test.t_, "encrypted");
           plan.targets[0].connection.key_passphrase = Secret("not that");
         },
     .reason = "KeyUnusable",
     .kind = "Terminal",
     .message = "the target"},
    {.name = "UnknownName",
     .cause =
         [](FaultTest& test, Plan& plan) {
           plan.targets[0].connection.host = "nowhere.lab";
           plan.targets[0].connection.known_hosts = test.t_.KnownHosts({}, "nowhere.lab");
         },
     .reason = "NameNotResolved",
     .kind = "Transient",
     .message = "nowhere.lab"},
    {.name = "ClosedPort",
     .cause =
         [](FaultTest& test, Plan& plan) {
           plan.targets[0].connection.port = 9;
           plan.targets[0].connection.known_hosts = test.t_.KnownHosts({}, "[" + test.t_.address() + "]:9");
         },
     .reason = "ConnectFailed",
     .kind = "Transient",
     .message = "port 9"},
    {.name = "ServerDown",
     .cause = [](FaultTest& test, Plan&) { test.b_.StopSshd(); },
     .reason = "ConnectFailed",
     .kind = "Transient",
     .message = "the repository server"},
    {.name = "SilentTarget",
     .cause =
         [](FaultTest& test, Plan& plan) {
           test.t_.DropPackets();
           plan.targets[0].limits.connect_timeout = seconds(2);
         },
     .reason = "ConnectTimeout",
     .kind = "Transient",
     .message = "the target"},
    {.name = "TooFewSessionsOnTarget",
     .cause = [](FaultTest& test, Plan&) { test.t_.RestartSshd({"MaxSessions=2"}); },
     .reason = "ChannelRefused",
     .kind = "Terminal",
     .last_phase = "create",
     .message = "the target",
     .action = "MaxSessions"},
    {.name = "TooFewSessionsOnServer",
     .cause = [](FaultTest& test, Plan&) { test.b_.RestartSshd({"MaxSessions=1"}); },
     .reason = "ChannelRefused",
     .kind = "Terminal",
     .last_phase = "inspect",
     .message = "the repository server",
     .action = "MaxSessions"},
    {.name = "JumpHostThatForwardsNothing",
     .cause =
         [](FaultTest& test, Plan& plan) {
           test.GoThroughJumpHost(plan);
           test.j_.RestartSshd({"AllowTcpForwarding=no"});
         },
     .reason = "ChannelRefused",
     .kind = "Terminal",
     .message = "the jump host",
     .action = "AllowTcpForwarding"},
    {.name = "TargetDownBehindJumpHost",
     .cause =
         [](FaultTest& test, Plan& plan) {
           test.GoThroughJumpHost(plan);
           test.t_.StopSshd();
         },
     .reason = "ConnectFailed",
     .kind = "Transient",
     .message = "the jump host"},
    {.name = "SilentTargetBehindJumpHost",
     .cause =
         [](FaultTest& test, Plan& plan) {
           test.GoThroughJumpHost(plan);
           test.t_.Change({"drop", "eth1"});
           plan.targets[0].limits.connect_timeout = seconds(2);
         },
     .reason = "ConnectTimeout",
     .kind = "Transient",
     .message = "the jump host"},
    {.name = "TargetThatHangs",
     .cause = [](FaultTest& test, Plan&) { test.MakeHang("mktemp"); },
     .reason = "NoProgress",
     .kind = "Transient",
     .last_phase = "inspect",
     .message = "the target",
     .action = "hangs"},
    {.name = "NoBorgOnTarget",
     .cause = [](FaultTest& test, Plan&) { test.t_.Mask("borg"); },
     .reason = "BorgMissing",
     .kind = "Terminal",
     .last_phase = "inspect",
     .message = "the target",
     .action = "Install borg"},
    {.name = "NoBorgOnServer",
     .cause = [](FaultTest& test, Plan&) { test.b_.Mask("borg"); },
     .reason = "BorgMissing",
     .kind = "Terminal",
     .last_phase = "inspect",
     .message = "the repository server",
     .action = "Install borg"},
    {.name = "NoBorgHere",
     .cause = [](FaultTest& test, Plan&) { test.c_.Mask("borg"); },
     .reason = "BorgMissing",
     .kind = "Terminal",
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
     .last_phase = "create",
     .action = "Install socat"},
    {.name = "BorgThatNeverConnects",
     .cause = [](FaultTest& test, Plan& plan) { test.GiveIdleBorg(plan, "exec sleep 4711"); },
     .reason = "SocketUnused",
     .kind = "Transient",
     .last_phase = "create"},
    {.name = "BorgThatNeverConnectsAndDoesNotEnd",
     .cause = [](FaultTest& test, Plan& plan) { test.GiveIdleBorg(plan, "trap '' TERM\nwhile :; do sleep 1; done"); },
     .reason = "SocketUnused",
     .kind = "Transient",
     .last_phase = "create"},
    {.name = "BorgThatNeverConnectsToFifos",
     .cause =
         [](FaultTest& test, Plan& plan) {
           test.t_.Mask("socat");
           test.GiveIdleBorg(plan, "exec sleep 4711");
         },
     .reason = "SocketUnused",
     .kind = "Transient",
     .last_phase = "create"},
    {.name = "TargetThatTalksWithoutEnd",
     .cause = [](FaultTest& test, Plan& plan) { test.GiveIdleBorg(plan, "exec yes >&2"); },
     .reason = "SocketUnused",
     .kind = "Transient",
     .last_phase = "create"},
    {.name = "ServerThatNeverAnswers",
     .cause = [](FaultTest& test, Plan& plan) { test.GiveIdleBorg(plan, "exec sleep 4711", true); },
     .reason = "NoProgress",
     .kind = "Transient",
     .last_phase = "inspect",
     .message = "did not answer"},
    {.name = "ServerThatIsStopped",
     .cause = [](FaultTest& test, Plan& plan) { test.GiveIdleBorg(plan, "kill -STOP $$", true); },
     .reason = "NoProgress",
     .kind = "Transient",
     .last_phase = "inspect",
     .message = "did not answer"},
    {.name = "ServerThatTalksWithoutEnd",
     .cause = [](FaultTest& test, Plan& plan) { test.GiveIdleBorg(plan, "exec yes >&2", true); },
     .reason = "NoProgress",
     .kind = "Transient",
     .last_phase = "inspect",
     .message = "did not answer"},
    {.name = "ServerThatSpeaksAnotherLanguage",
     .cause = [](FaultTest& test, Plan& plan) { test.GiveIdleBorg(plan, "echo good day; exec cat >/dev/null", true); },
     .reason = "BorgOutputInvalid",
     .kind = "Terminal",
     .last_phase = "inspect",
     .message = "good day"},
    {.name = "ServerAccountWithoutShell",
     .cause = [](FaultTest& test, Plan& plan) { test.GiveServerShell(plan, "/usr/sbin/nologin"); },
     .reason = "ShellUnusable",
     .kind = "Terminal",
     .last_phase = "inspect",
     .message = "not available"},
    {.name = "ServerAccountThatDoesNothing",
     .cause = [](FaultTest& test, Plan& plan) { test.GiveServerShell(plan, "/bin/true"); },
     .reason = "ShellUnusable",
     .kind = "Terminal",
     .last_phase = "inspect",
     .message = "the repository server"},
    {.name = "WrongPassphrase",
     .cause =
         [](FaultTest& test, Plan& plan) {
           test.MakeRepository();
           plan.targets[0].repository.passphrase = Secret("not that");
         },
     .reason = "PassphraseWrong",
     .kind = "Terminal",
     .last_phase = "inspect"},
    {.name = "NoRepositoryButSomethingElse",
     .cause =
         [](FaultTest& test, Plan&) {
           test.b_.Output("mkdir " + test.repository() + " && echo mine >" + test.repository() + "/file", {.user = "backup"});
         },
     .reason = "RepositoryInvalid",
     .kind = "Terminal",
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
     .last_phase = "inspect"},
    {.name = "TargetAccountWithForcedCommand",
     .cause = [](FaultTest& test, Plan&) { test.t_.RestartSshd({"ForceCommand=echo not for you"}); },
     .reason = "ShellUnusable",
     .kind = "Terminal",
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
    EXPECT_EQ(result.last_phase(), "connect");
    EXPECT_EQ(Logins(host), logins) << "the engine logged in to a host that it must not trust";
    ExpectNothingLeft();
  }
  const std::size_t logins = Logins(t_);
  ExpectNextRunGood(MakePlan());
  EXPECT_EQ(Logins(t_), logins + 1) << "one connection to the target, and the count of logins counts";
}

// Made beforehand by whoever cares for B: for borg that is no repository yet.
TEST_F(FaultsTest, AnEmptyDirectoryIsAPlaceForARepository) {
  b_.Output("mkdir -p " + repository(), {.user = "backup"});
  const auto result = RunEngine(MakePlan());
  ExpectCompleted(result);
  EXPECT_TRUE(result.target()["repository"].value("initialized", false));
  ExpectRepositorySound(repository());
}

}  // namespace
}  // namespace borgop::lab
