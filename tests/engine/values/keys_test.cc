// Keys, host keys, addresses and jump hosts: what logs in, over how many connections, and that nothing listens.
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>

#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

std::size_t Count(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size()) ++count;
  return count;
}

class KeysTest : public EngineTest {
 protected:
  void TearDown() override {
    for (const std::filesystem::path& file : files_) std::filesystem::remove(file);
    EngineTest::TearDown();
  }

  // `text` after ssh-keygen has been at it with `options`.
  std::string Converted(const std::string& text, std::vector<std::string> options) {
    std::string path = std::filesystem::temp_directory_path() / "borgop-keys-test.XXXXXX";
    const int fd = mkstemp(path.data());  // mode 0600, as ssh-keygen asks for
    if (fd < 0) throw std::runtime_error("mkstemp failed");
    close(fd);
    files_.insert(files_.end(), {path, path + ".old"});
    std::ofstream(path, std::ios::binary) << text;
    options.insert(options.begin(), "ssh-keygen");
    options.insert(options.end(), {"-f", path});
    const auto ended = RunToEnd({.argv = options});
    EXPECT_TRUE(ended.ok()) << ended.err;
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  void ExpectGood(const Plan& plan) const {
    const auto result = RunEngine(plan, kLimit);
    ExpectCompleted(result);
  }

  static SshEndpoint& OnTarget(Plan& plan) { return plan.targets[0].connection; }
  static SshEndpoint& OnServer(Plan& plan) { return plan.server.connection; }

  void ClearLogs() const {
    for (const auto* host : {&t_, &b_, &j_}) host->Run(": >/var/log/sshd.log");
  }

  struct Look {
    std::string listening;        // on any machine, and is not sshd
    std::set<std::string> peers;  // of C's connections, "10.231.1.2:22"
  };
  // A whole run, slow enough to look at it meanwhile.
  Look LookDuringRun(Plan plan) const {
    AddData(30);
    plan.targets[0].maintenance.check = CheckMode::kFull;
    plan.targets[0].maintenance.compact = true;
    plan.targets[0].retention.keep_last = 1;
    plan.targets[0].limits.upload_rate_kib = 10'000;
    auto process = Start(plan);
    Look look;
    EXPECT_TRUE(WaitForPhase(process, "create")) << process.Err();
    int looks = 0;
    while (process.Running()) {
      for (const auto* host : {&t_, &b_, &j_}) look.listening += host->Output("ss -Hltnp | grep -v '\"sshd\"' || true");
      look.listening += c_.Output("ss -Hltn");
      std::istringstream peers(c_.Output("ss -Htn state established | awk '{print $NF}'"));
      for (std::string peer; peers >> peer;) look.peers.insert(peer);
      ++looks;
    }
    EXPECT_GT(looks, 2);
    ExpectCompleted(Finish(process, kLimit));
    return look;
  }

  static void ExpectOneConnectionWithoutForwarding(const LabHost& host) {
    const std::string log = host.SshdLog();
    EXPECT_EQ(Count(log, "Connection from "), 1U) << host.name() << "\n" << log;
    for (const char* never : {"forwarding request", "auth-agent-req", "tcpip-forward", "streamlocal-forward"})
      EXPECT_EQ(Count(log, never), 0U) << host.name() << ": " << never;
  }

 private:
  std::vector<std::filesystem::path> files_;
};

TEST_F(KeysTest, ClientKeysOfEveryType) {
  const std::string pem_rsa = Converted(lab_.ClientKey("rsa"), {"-q", "-p", "-N", "", "-m", "PEM"});
  const std::string pem_ecdsa = Converted(lab_.ClientKey("ecdsa"), {"-q", "-p", "-N", "", "-m", "PEM"});
  ASSERT_NE(pem_rsa.find("BEGIN RSA PRIVATE KEY"), std::string::npos);
  ASSERT_NE(pem_ecdsa.find("BEGIN EC PRIVATE KEY"), std::string::npos);
  const std::pair<const char*, const char*> pairs[] = {
      {"ed25519", "rsa"}, {"ecdsa", "encrypted"}, {"rsa", "ed25519"}, {"encrypted", "ecdsa"}};
  for (const auto& [on_t, on_b] : pairs) {
    SCOPED_TRACE(std::string(on_t) + " on T, " + on_b + " on B");
    Plan plan = MakePlan();
    OnTarget(plan) = lab_.Endpoint(t_, on_t);
    OnServer(plan) = lab_.Endpoint(b_, on_b);
    ExpectGood(plan);
  }
  SCOPED_TRACE("PEM");
  Plan plan = MakePlan();
  OnTarget(plan).private_key = Secret(pem_rsa);
  OnServer(plan).private_key = Secret(pem_ecdsa);
  ExpectGood(plan);
  // As `openssl ecparam -name prime256v1 -genkey` writes it.
  OnServer(plan).private_key = Secret("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + pem_ecdsa);
  ExpectGood(plan);
}

TEST_F(KeysTest, EachHostKeyAlone) {
  for (const char* type : {"ed25519", "ecdsa", "rsa"}) {
    SCOPED_TRACE(type);
    Plan plan = MakePlan();
    OnTarget(plan).known_hosts = "# a comment\n\n" + t_.KnownHosts(type);
    OnServer(plan).known_hosts = b_.KnownHosts(type);
    ExpectGood(plan);
  }
}

TEST_F(KeysTest, HashedNamesAndCommentsAndAnotherPort) {
  const std::string hashed = Converted(t_.KnownHosts(), {"-H"});
  ASSERT_EQ(hashed.find(t_.address()), std::string::npos);
  b_.RestartSshd({"Port=2222"});
  Plan plan = MakePlan();
  OnTarget(plan).known_hosts = hashed;
  std::string lines = b_.KnownHosts({}, "[" + b_.address() + "]:2222");
  lines.insert(lines.find('\n'), " somebody@somewhere, two words");
  OnServer(plan).port = 2222;
  OnServer(plan).known_hosts = "# " + b_.address() + ":2222 SSH-2.0-OpenSSH\n" + lines;
  ExpectGood(plan);
}

TEST_F(KeysTest, AServerWithOneHostKeyAlgorithm) {
  for (const char* algorithm : {"rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"}) {
    SCOPED_TRACE(algorithm);
    t_.RestartSshd({std::string("HostKeyAlgorithms=") + algorithm});
    ExpectGood(MakePlan());
  }
  SCOPED_TRACE("one that is not pinned");
  Plan plan = MakePlan();
  OnTarget(plan).known_hosts = t_.KnownHosts("ecdsa");
  const auto result = RunEngine(plan, kLimit);
  EXPECT_EQ(result.outcome(), "Failed") << result.All();
  EXPECT_TRUE(result.reason() == "HostKeyMismatch" || result.reason() == "NoCommonAlgorithm") << result.All();
}

TEST_F(KeysTest, Ipv6AndANameWhoseFirstAddressIsSilent) {
  Plan plan = MakePlan();
  OnTarget(plan).host = t_.address6();
  OnTarget(plan).known_hosts = t_.KnownHosts({}, t_.address6());
  OnServer(plan).host = b_.address6();
  OnServer(plan).known_hosts = b_.KnownHosts({}, b_.address6());
  ExpectGood(plan);
  OnTarget(plan).host = "t-several.lab";
  OnTarget(plan).known_hosts = t_.KnownHosts({}, "t-several.lab");
  OnServer(plan).host = "b-several.lab";
  OnServer(plan).known_hosts = b_.KnownHosts({}, "b-several.lab");
  ExpectGood(plan);
}

TEST_F(KeysTest, JumpHostsHaveTheirOwnUserKeyAndHostKey) {
  j_.AddUser("jumper", "/bin/sh");
  ClearLogs();
  Plan plan = MakePlan();
  const std::pair<SshEndpoint*, const LabHost*> ends[] = {{&OnTarget(plan), &t_}, {&OnServer(plan), &b_}};
  for (const auto& [endpoint, host] : ends) {
    endpoint->host = host->inner_address();
    endpoint->known_hosts = host->KnownHosts({}, host->inner_address());
    endpoint->jump_host = std::make_unique<SshEndpoint>(lab_.Endpoint(j_, host == &t_ ? "rsa" : "encrypted"));
    endpoint->jump_host->user = "jumper";
    endpoint->jump_host->known_hosts = j_.KnownHosts("ed25519");
  }
  ExpectGood(plan);
  EXPECT_EQ(Count(j_.SshdLog(), "Accepted publickey for jumper from 10.231.3.1"), 2U) << j_.SshdLog();
  EXPECT_EQ(Count(t_.SshdLog(), "Accepted publickey for backup from 10.231.4.1"), 1U) << t_.SshdLog();
  EXPECT_EQ(Count(b_.SshdLog(), "Accepted publickey for backup from 10.231.5.1"), 1U) << b_.SshdLog();
  ExpectNothingLeft();
  // A wrong host key of the jump host is refused like any other.
  OnTarget(plan).jump_host->known_hosts = t_.KnownHosts({}, j_.address());
  ExpectFailed(RunEngine(plan, kLimit), "HostKeyMismatch", "Terminal", 1);
}

TEST_F(KeysTest, TomlProxyJumpHost) {
  ClearLogs();
  const auto multi = [](const std::string& text) { return "'''\n" + text + "'''\n"; };
  const std::string toml = "[Borg]\nRootDir = '" + dir() + "'\nPruneSetting = '--keep-daily 7'\n[Borg.Server]\nHost = '" +
                           b_.address() + "'\nUserName = 'backup'\nKnownHost = " + multi(b_.KnownHosts()) +
                           "PrivateKey = " + multi(lab_.ClientKey("rsa")) + "[[Servers]]\nName = 'behind J'\nSourcePaths = ['" +
                           source() + "']\n[Servers.BorgTarget]\nSubDir = 'toml'\n" + "Passphrase = '" + std::string(kPassphrase) +
                           "'\n[Servers.Connection]\nHost = '" + t_.inner_address() +
                           "'\nUserName = 'backup'\nKnownHost = " + multi(t_.KnownHosts({}, t_.inner_address())) +
                           "PrivateKey = " + multi(lab_.ClientKey()) + "ProxyJumpHost = '" + j_.address() +
                           "'\nProxyJumpKnownHost = " + multi(j_.KnownHosts());
  auto process = lab_.RunEngine({"run", "--log-format", "json"}, toml);
  const auto result = Finish(process, kLimit);
  ExpectCompleted(result);
  // Which TOML asks for by PruneSetting, and always.
  std::vector<std::string> phases;
  for (const Json& phase : result.target().value("phases", Json::array())) {
    EXPECT_TRUE(phase.value("ok", false)) << phase.dump();
    phases.push_back(phase.value("name", ""));
  }
  EXPECT_THAT(phases, testing::IsSupersetOf({"create", "list", "prune", "check", "compact"})) << result.All();
  EXPECT_EQ(Count(j_.SshdLog(), "Accepted publickey for backup"), 1U);
  EXPECT_EQ(Count(t_.SshdLog(), "Accepted publickey for backup from 10.231.4.1"), 1U) << t_.SshdLog();
  ExpectRepositorySound(dir() + "/toml");
}

TEST_F(KeysTest, OneConnectionToEachMachineAndNothingListens) {
  for (const auto* host : {&t_, &b_}) host->RestartSshd({"LogLevel=DEBUG1"});
  ClearLogs();
  const Look look = LookDuringRun(MakePlan());
  EXPECT_EQ(look.listening, "");
  EXPECT_THAT(look.peers, testing::ElementsAre(t_.address() + ":22", b_.address() + ":22"));
  for (const auto* host : {&t_, &b_}) ExpectOneConnectionWithoutForwarding(*host);
}

// The session with T is in a channel of the one with J, and comes out nowhere on C.
TEST_F(KeysTest, ThroughAJumpHostNothingListensEither) {
  for (const auto* host : {&t_, &b_, &j_}) host->RestartSshd({"LogLevel=DEBUG1"});
  ClearLogs();
  Plan plan = MakePlan();
  OnTarget(plan).host = t_.inner_address();
  OnTarget(plan).known_hosts = t_.KnownHosts({}, t_.inner_address());
  OnTarget(plan).jump_host = std::make_unique<SshEndpoint>(lab_.Endpoint(j_));
  const Look look = LookDuringRun(std::move(plan));
  EXPECT_EQ(look.listening, "");
  EXPECT_THAT(look.peers, testing::ElementsAre(b_.address() + ":22", j_.address() + ":22"));
  for (const auto* host : {&t_, &b_, &j_}) ExpectOneConnectionWithoutForwarding(*host);
  EXPECT_EQ(Count(t_.SshdLog(), "Connection from 10.231.4.1 "), 1U) << t_.SshdLog();
  EXPECT_EQ(Count(j_.SshdLog(), "Connection from 10.231.3.1 "), 1U) << j_.SshdLog();
  EXPECT_EQ(Count(j_.SshdLog(), "server_request_direct_tcpip: "), 1U) << j_.SshdLog();
}

// What the look above sees when something does listen.
TEST_F(KeysTest, AListenerWouldBeSeen) {
  auto listener = t_.Start({"socat", "TCP-LISTEN:4567", "STDIO"});
  EXPECT_TRUE(
      listener.WaitUntil([&] { return t_.Output("ss -Hltnp | grep -v '\"sshd\"' || true").find(":4567") != std::string::npos; },
                         std::chrono::seconds(10)));
}

}  // namespace
}  // namespace borgop::lab
