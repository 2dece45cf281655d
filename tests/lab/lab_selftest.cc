// That the lab is what the other suites take it for. Each "cannot" here has its "can" beside it, so that a probe that never works
// does not pass for isolation.
#include "tests/lab/lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace borgop::lab {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

enum class Answer { kOpen, kRefused, kSilent };

// A TCP connection from `host` to port 22 there.
Answer Probe(const LabHost& host, const std::string& address, int limit_seconds = 2) {
  const auto ended = host.Run("exec timeout " + std::to_string(limit_seconds) + " bash -c '</dev/tcp/" + address + "/22'");
  if (ended.ok()) return Answer::kOpen;
  return ended.exit_code == 124 ? Answer::kSilent : Answer::kRefused;
}

class LabTest : public testing::Test {
 protected:
  void TearDown() override { lab_.Restore(); }

  Ended Ssh(const LabHost& host, const std::string& address, const std::string& user, const std::string& key,
            const std::string& command, const std::vector<std::string>& options = {}) {
    const auto known = std::filesystem::path(testing::TempDir()) / ("known_hosts." + std::to_string(getpid()));
    std::ofstream(known) << host.KnownHosts({}, host.port() == 22 ? address : "");
    std::vector<std::string> argv{
        "ssh", "-F", "none", "-p", std::to_string(host.port()), "-i", (lab_.state() / "keys" / key).string()};
    for (const std::string option : {"IdentitiesOnly=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=10"}) {
      argv.insert(argv.end(), {"-o", option});
    }
    argv.insert(argv.end(), {"-o", "UserKnownHostsFile=" + known.string()});
    for (const auto& option : options) argv.insert(argv.end(), {"-o", option});
    argv.insert(argv.end(), {user + "@" + address, command});
    const auto ask = std::filesystem::path(testing::TempDir()) / ("askpass." + std::to_string(getpid()));
    std::ofstream(ask) << "#!/bin/sh\necho '" << kEncryptedKeyPassphrase << "'\n";
    std::filesystem::permissions(ask, std::filesystem::perms::owner_all);
    auto process = lab_.StartInClient(
        {.argv = argv, .env = {{"SSH_ASKPASS", ask.string()}, {"SSH_ASKPASS_REQUIRE", "force"}, {"SSH_AUTH_SOCK", ""}}});
    auto ended = process.Wait(seconds(20));
    std::filesystem::remove(known);
    std::filesystem::remove(ask);
    return ended.value_or(Ended{.err = "ssh did not end"});
  }

  Lab& lab_ = Lab::Shared();
  const LabHost& t_ = lab_.target();
  const LabHost& b_ = lab_.server();
  const LabHost& j_ = lab_.jump();
};

TEST_F(LabTest, EveryKeyTypeLogsInOnEveryMachine) {
  for (const auto* host : {&t_, &b_, &j_}) {
    for (const std::string key : {"ed25519", "ecdsa", "rsa", "encrypted"}) {
      SCOPED_TRACE(host->name() + " " + key);
      const auto ended = Ssh(*host, host->address(), host->user(), key, "id -un");
      EXPECT_EQ(ended.out, host->user() + "\n") << ended.err;
    }
  }
}

TEST_F(LabTest, ClientReachesAllMachinesOverBothProtocols) {
  BORGOP_NEEDS_ISOLATION();
  for (const auto* host : {&t_, &b_, &j_}) {
    for (const auto& address : {host->address(), host->address6()}) {
      SCOPED_TRACE(address);
      EXPECT_EQ(Ssh(*host, address, "root", "ed25519", "hostname").out, host->name() + ".lab\n");
    }
  }
}

TEST_F(LabTest, TargetAndServerDoNotReachEachOther) {
  BORGOP_NEEDS_ISOLATION();
  struct Row {
    const LabHost& from;
    std::vector<std::string> to;
  };
  const std::vector<Row> rows{{t_, {b_.address(), b_.address6(), b_.inner_address(), "10.231.2.1", "fd00:231:5::2"}},
                              {b_, {t_.address(), t_.address6(), t_.inner_address(), "10.231.1.1", "fd00:231:4::2"}}};
  const auto expect_none = [&] {
    for (const auto& [from, to] : rows) {
      EXPECT_EQ(Probe(from, "127.0.0.1"), Answer::kOpen);
      for (const auto& address : to) EXPECT_NE(Probe(from, address), Answer::kOpen) << from.name() << " to " << address;
    }
  };
  expect_none();
  // Not even with routes, should somebody set them on both sides: neither C nor J forwards anything.
  for (const std::string middle : {"C", "J"}) {
    SCOPED_TRACE("by way of " + middle);
    for (const auto* host : {&t_, &b_}) {
      const std::string net = middle == "C" ? (host == &t_ ? "1" : "2") : (host == &t_ ? "4" : "5");
      host->Output("ip route replace default via 10.231." + net + ".1; ip -6 route replace default via fd00:231:" + net + "::1");
    }
    expect_none();
    for (const auto* host : {&t_, &b_}) host->Output("ip route del default; ip -6 route del default");
  }
}

TEST_F(LabTest, OnlyTheJumpHostReachesInnerAddresses) {
  BORGOP_NEEDS_ISOLATION();
  for (const auto* host : {&t_, &b_}) {
    EXPECT_NE(Probe(lab_.client(), host->inner_address()), Answer::kOpen);
    EXPECT_EQ(Probe(j_, host->inner_address()), Answer::kOpen);
  }
}

TEST_F(LabTest, NamesOfTheClientResolve) {
  BORGOP_NEEDS_ISOLATION();
  EXPECT_THAT(lab_.client().Output("getent ahosts t-several.lab"), testing::StartsWith("fd00:231:9::9"));
  EXPECT_THAT(lab_.client().Output("getent ahosts t-several.lab"), HasSubstr(t_.address()));
  EXPECT_EQ(Probe(lab_.client(), "t.lab"), Answer::kOpen);
  EXPECT_EQ(Probe(lab_.client(), "b6.lab"), Answer::kOpen);
  // Longer than the kernel looks for a neighbour before it says that there is none.
  EXPECT_EQ(Probe(lab_.client(), "10.231.9.9", 5), Answer::kSilent);
  EXPECT_EQ(Probe(lab_.client(), "fd00:231:9::9", 5), Answer::kSilent);
}

TEST_F(LabTest, DroppedPacketsAreSilentAndStoppedSshdIsNot) {
  BORGOP_NEEDS_ISOLATION();
  for (const auto* host : {&t_, &b_}) {
    ASSERT_EQ(Probe(lab_.client(), host->address()), Answer::kOpen);
    host->DropPackets();
    EXPECT_EQ(Probe(lab_.client(), host->address()), Answer::kSilent);
    EXPECT_EQ(Probe(lab_.client(), host->address6()), Answer::kSilent);
    EXPECT_EQ(Probe(lab_.client(), j_.address()), Answer::kOpen);
    host->PassPackets();
    EXPECT_EQ(Probe(lab_.client(), host->address()), Answer::kOpen);
    host->LinkDown();
    EXPECT_EQ(Probe(lab_.client(), host->address(), 5), Answer::kSilent);
    EXPECT_EQ(Probe(lab_.client(), host->address6(), 5), Answer::kSilent);
    EXPECT_EQ(Probe(j_, host->inner_address(), 5), Answer::kSilent);
    host->LinkUp();
    EXPECT_EQ(Probe(j_, host->inner_address()), Answer::kOpen);
    EXPECT_EQ(Probe(lab_.client(), host->address()), Answer::kOpen);
    EXPECT_EQ(Probe(lab_.client(), host->address6()), Answer::kOpen);
    host->StopSshd();
    EXPECT_EQ(Probe(lab_.client(), host->address()), Answer::kRefused);
    host->RestartSshd();
    EXPECT_EQ(Probe(lab_.client(), host->address()), Answer::kOpen);
  }
}

TEST_F(LabTest, MaskedProgramsAreGoneThereAndNowhereElse) {
  BORGOP_NEEDS_ISOLATION();
  for (const std::string program : {"socat", "borg", "mkfifo"}) {
    SCOPED_TRACE(program);
    const auto find = "command -v " + program + "; test -e /usr/bin/" + program + " && echo there";
    const auto everywhere = "/usr/bin/" + program + "\nthere\n";
    ASSERT_EQ(t_.Run(find).out, everywhere);
    t_.Mask(program);
    EXPECT_EQ(t_.Run(find).out, "");
    EXPECT_EQ(t_.Run("/usr/bin/" + program + " --version").exit_code, 127);
    EXPECT_EQ(b_.Run(find).out, everywhere);
    EXPECT_EQ(lab_.client().Run(find).out, everywhere);
    lab_.client().Mask(program);
    EXPECT_EQ(lab_.client().Run(find).out, "");
    EXPECT_TRUE(std::filesystem::exists("/usr/bin/" + program)) << "masked outside of the lab";
    t_.Unmask(program);
    lab_.client().Unmask(program);
    EXPECT_EQ(t_.Run(find).out, everywhere);
    EXPECT_EQ(lab_.client().Run(find).out, everywhere);
  }
}

TEST_F(LabTest, BorgVersionsSwitch) {
  BORGOP_NEEDS_ISOLATION();
  const auto system = RunToEnd({.argv = {"borg", "--version"}}).out;
  for (const auto* host : {&t_, &b_, &lab_.client()}) {
    for (const std::string version : {"1.2", "1.4"}) {
      SCOPED_TRACE(host->name() + " " + version);
      if (!host->UseBorg(version)) GTEST_SKIP() << "borg " << version << " is not installed (./dev setup)";
      EXPECT_THAT(host->Output("borg --version"), HasSubstr("borg " + version + "."));
      if (host != &lab_.client()) {
        EXPECT_THAT(host->Output("borg --version", {.user = "backup"}), HasSubstr("borg " + version + "."));
      }
    }
    ASSERT_TRUE(host->UseBorg("system"));
    EXPECT_EQ(host->Output("borg --version"), system);
  }
}

TEST_F(LabTest, MachinesShareNoFiles) {
  BORGOP_NEEDS_ISOLATION();
  for (const std::string folder : {"/tmp/", "/var/tmp/", "/home/backup/", "/run/", "/etc/", "/usr/bin/", "/data/", "/dev/shm/"}) {
    const auto path = folder + "lab selftest";
    SCOPED_TRACE(path);
    t_.WriteFile(path, std::string_view("a\0b\n", 4));
    EXPECT_EQ(t_.ReadFile(path), std::string("a\0b\n", 4));
    EXPECT_FALSE(b_.Exists(path));
    EXPECT_FALSE(j_.Exists(path));
    EXPECT_FALSE(lab_.client().Exists(path));
    EXPECT_FALSE(std::filesystem::exists(path));
  }
}

TEST_F(LabTest, UsersLogInWithTheirShell) {
  BORGOP_NEEDS_ISOLATION();
  for (const std::string shell : {"sh", "bash", "dash", "zsh", "fish", "tcsh", "csh", "mksh", "ksh", "yash", "rc"}) {
    SCOPED_TRACE(shell);
    const auto path = RunToEnd({.argv = {"/bin/sh", "-c", "command -v " + shell}}).out;
    if (path.empty()) continue;
    t_.AddUser("u" + shell, path.substr(0, path.size() - 1));
    EXPECT_EQ(Ssh(t_, t_.address(), "u" + shell, "ed25519", "id -un").out, "u" + shell + "\n");
    EXPECT_FALSE(b_.Run("id u" + shell).ok());
  }
}

TEST_F(LabTest, ProcessesAreListedWithArgumentsEnvironmentAndUser) {
  BORGOP_NEEDS_ISOLATION();
  const auto mine = [](const ProcessInfo& info) {
    return info.cmdline == std::string(
                               "sleep\0"
                               "4711\0",
                               11);
  };
  {
    auto process = t_.Start({"env", "-i", "LAB=yes", "setpriv", "--reuid", "65534", "sleep", "4711"});
    ASSERT_TRUE(process.WaitUntil([&] { return testing::Matches(Contains(testing::Truly(mine)))(t_.Processes()); }, seconds(10)));
    for (const auto& info : t_.Processes()) {
      if (!mine(info)) continue;
      EXPECT_EQ(info.uid, 65534U);
      EXPECT_EQ(info.environ, std::string("LAB=yes\0", 8));
    }
    EXPECT_THAT(b_.Processes(), Not(Contains(testing::Truly(mine))));
  }
}

TEST_F(LabTest, OrphansAreReaped) {
  BORGOP_NEEDS_ISOLATION();
  // The orphan has a name of its own, and ps shows it until somebody has reaped it.
  t_.Output("cp /bin/sleep /tmp/orphan; (sh -c '/tmp/orphan 0.2 & exit 0') >/dev/null 2>&1; ps -e -o comm= | grep -q orphan");
  EXPECT_TRUE(t_.Run("for i in $(seq 200); do ps -e -o comm= | grep -q orphan || exit 0; sleep 0.05; done; exit 1").ok());
}

TEST_F(LabTest, SmallDiskFillsAndIsFreed) {
  BORGOP_NEEDS_ISOLATION();
  b_.FillDisk();
  EXPECT_FALSE(b_.Run("echo more >/small/file").ok());
  b_.FreeDisk();
  EXPECT_TRUE(b_.Run("echo more >/small/file && rm /small/file").ok());
}

TEST_F(LabTest, SshdTakesOptionsAndGivesThemUp) {
  BORGOP_NEEDS_ISOLATION();
  t_.RestartSshd({"ForceCommand=echo forced", "RekeyLimit=16M", "LogLevel=DEBUG"});
  EXPECT_EQ(Ssh(t_, t_.address(), "backup", "ed25519", "echo mine").out, "forced\n");
  EXPECT_THAT(t_.SshdLog(), HasSubstr("forced"));
  t_.Change({"restore"});
  EXPECT_EQ(Ssh(t_, t_.address(), "backup", "ed25519", "echo mine").out, "mine\n");
}

TEST_F(LabTest, RestoreUndoesEverything) {
  BORGOP_NEEDS_ISOLATION();
  t_.Mask("socat");
  t_.DropPackets();
  t_.LinkDown();
  b_.FillDisk();
  b_.StopSshd();
  b_.UseBorg("1.4");
  lab_.client().Mask("borg");
  j_.RestartSshd({"ForceCommand=echo forced"});
  ASSERT_NE(Probe(lab_.client(), t_.address()), Answer::kOpen);
  lab_.Restore();
  EXPECT_TRUE(t_.Exists("/usr/bin/socat"));
  EXPECT_TRUE(lab_.client().Exists("/usr/bin/borg"));
  EXPECT_TRUE(b_.Run("echo more >/small/file").ok());
  EXPECT_EQ(b_.Output("borg --version"), lab_.client().Output("borg --version"));
  for (const auto* host : {&t_, &b_, &j_}) {
    EXPECT_EQ(Ssh(*host, host->address(), "backup", "ed25519", "echo mine").out, "mine\n");
    EXPECT_EQ(Probe(lab_.client(), host->address6()), Answer::kOpen);
  }
}

TEST_F(LabTest, SshdIsAsDebianConfiguresIt) {
  BORGOP_NEEDS_ISOLATION();
  const auto config = t_.Output("/usr/sbin/sshd -T");
  for (const std::string line : {"maxsessions 10\n", "allowtcpforwarding yes\n", "usepam yes\n",
                                 "permitrootlogin without-password\n", "clientaliveinterval 0\n", "maxstartups 10:30:100\n"}) {
    EXPECT_THAT(config, HasSubstr(line));
  }
}

// What a lab must not leave behind: its processes, and anything to be seen in this machine's mounts and network.
struct Traces {
  std::vector<std::string> pids;
  explicit Traces(const std::filesystem::path& state) {
    for (const std::string name : {"serve", "T/pid", "B/pid", "J/pid", "C/pid"}) {
      std::string pid;
      if (std::ifstream(state / name) >> pid) pids.push_back(pid);
    }
  }
  bool Gone() const {
    for (int tries = 0; tries < 500; ++tries) {
      bool any = false;
      for (const auto& pid : pids) any = any || std::filesystem::exists("/proc/" + pid);
      if (!any) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }
};

std::string MountsAndLinks() {
  return RunToEnd({.argv = {"/bin/sh", "-c",
                            "cut -d' ' -f5 /proc/self/mountinfo; PATH=$PATH:/sbin ip -o link | grep -o '^[0-9]*: [^@:]*'"}})
      .out;
}

TEST_F(LabTest, EndsWithoutATrace) {
  BORGOP_NEEDS_ISOLATION();
  const auto before = MountsAndLinks();
  std::filesystem::path state;
  std::vector<Traces> traces;
  {
    const Lab second;  // beside the shared one
    state = second.state();
    traces.emplace_back(state);
    ASSERT_EQ(traces[0].pids.size(), 5U);
    EXPECT_EQ(Probe(second.client(), second.target().address()), Answer::kOpen);
    EXPECT_EQ(MountsAndLinks(), before);
  }
  EXPECT_TRUE(traces[0].Gone());
  EXPECT_FALSE(std::filesystem::exists(state));
  EXPECT_EQ(MountsAndLinks(), before);
  EXPECT_EQ(Probe(lab_.client(), t_.address()), Answer::kOpen) << "the other lab took this one down";
}

TEST_F(LabTest, EndsWhenTheTestIsKilled) {
  BORGOP_NEEDS_ISOLATION();
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const Lab doomed;
    const auto path = doomed.state().string() + "\n";
    if (write(ends[1], path.data(), path.size()) < 0) _exit(1);
    pause();
    _exit(1);
  }
  close(ends[1]);
  std::string state;
  std::array<char, 256> buffer{};
  for (ssize_t n = 0; (n = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    state.append(buffer.data(), static_cast<std::size_t>(n));
    if (state.ends_with('\n')) break;
  }
  close(ends[0]);
  if (state.ends_with('\n')) state.pop_back();
  const Traces traces(state);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(traces.pids.size(), 5U);
  EXPECT_TRUE(traces.Gone());
  std::filesystem::remove_all(state);
}

}  // namespace
}  // namespace borgop::lab
