// What only a real connection can show: limits of sshd, and a machine that falls silent.
#include <gtest/gtest.h>
#include <libssh2.h>

#include <array>
#include <fstream>
#include <random>
#include <string>
#include <thread>

#include "tests/conformance/machine.h"
#include "tests/fakes/loop_fixture.h"
#include "tests/lab/lab.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;

class Sessions : public testing::TestWithParam<MachineKind> {
 protected:
  void TearDown() override { lab::Lab::Shared().Restore(); }
};

class JumpSessions : public Sessions {};

SessionTimes Impatient() {
  SessionTimes times;
  times.keepalive = 2s;  // the shortest that libssh2 takes
  times.silence = 6s;
  return times;
}

TEST_P(Sessions, OneChannelTooManyIsRefusedAndTheOthersLiveOn) {
  BORGOP_NEEDS_ISOLATION();
  lab::Lab::Shared().target().RestartSshd({"MaxSessions=2"});
  RunReal([](Context unlimited) -> Task<void> {
    const Context context = unlimited.WithTimeout(60s);
    const Result<std::unique_ptr<Connection>> connection = co_await Reach(context, GetParam());
    EXPECT_TRUE(connection.has_value()) << connection.error().message;
    if (!connection) co_return;
    const Result<std::unique_ptr<Channel>> first = co_await (*connection)->Exec(context, commands::Cat(), 1 << 20);
    const Result<std::unique_ptr<Channel>> second = co_await (*connection)->Exec(context, commands::Cat(), 1 << 20);
    const Result<std::unique_ptr<Channel>> third = co_await (*connection)->Exec(context, commands::Cat(), 1 << 20);
    EXPECT_TRUE(first.has_value());
    EXPECT_TRUE(second.has_value());
    EXPECT_FALSE(third.has_value());
    if (!first || !second || third) co_return;
    EXPECT_EQ(third.error().reason, Reason::kChannelRefused) << third.error().message;
    for (const auto* channel : {&*first, &*second}) {
      co_await (*channel)->in().Write(context, std::string_view("alive"));
      co_await (*channel)->in().CloseWrite(context);
      const Result<std::string> out = co_await ReadAll(context, (*channel)->out(), 100);
      EXPECT_EQ(out.value_or("failed"), "alive");
      co_await (*channel)->Close(context);
    }
    const Result<std::unique_ptr<Channel>> again = co_await (*connection)->Exec(context, commands::Cat(), 1 << 20);
    EXPECT_TRUE(again.has_value()) << "a place that became free can be used";
    co_await (*connection)->Disconnect(context);
  });
}

// What TCP takes before it is "full", in this network. Restored at the end.
class SendBuffers {
 public:
  explicit SendBuffers(const std::string& bytes) {
    std::getline(std::ifstream(kSetting), before_);
    std::ofstream(kSetting) << bytes;
  }
  ~SendBuffers() { std::ofstream(kSetting) << before_; }
  SendBuffers(const SendBuffers&) = delete;
  SendBuffers& operator=(const SendBuffers&) = delete;

 private:
  static constexpr const char* kSetting = "/proc/sys/net/ipv4/tcp_wmem";
  std::string before_;
};

// Each renewal of keys may begin while a packet is half sent, which libssh2 1.11.1 does not survive if it knows (issue 2110). Small
// buffers make half-sent packets the rule.
TEST_P(Sessions, BulkInputCrossesManyRekeyings) {
  BORGOP_NEEDS_ISOLATION();
  const SendBuffers small("4096 16384 16384");
  lab::Lab::Shared().target().RestartSshd({"RekeyLimit=1M"});
  RunReal([](Context unlimited) -> Task<void> {
    const Context context = unlimited.WithTimeout(120s);
    const Result<std::unique_ptr<Connection>> connection = co_await Reach(context, GetParam());
    EXPECT_TRUE(connection.has_value()) << connection.error().message;
    if (!connection) co_return;
    const Result<std::unique_ptr<Channel>> channel = co_await (*connection)->Exec(context, commands::SwallowThenSay(), 1 << 20);
    EXPECT_TRUE(channel.has_value());
    if (!channel) co_return;
    // Who reads meanwhile takes in the other side's wish for new keys at any moment.
    std::string said;
    const auto read_it = [&](Context inner) -> Task<void> {
      const Result<std::string> all = co_await ReadAll(inner, (*channel)->out(), 100);
      said = all ? *all : all.error().message;
    };
    TaskGroup group(context);
    group.Spawn(read_it(group.context()));
    const std::string bytes(std::size_t{100} << 20, 'x');
    const Status written = co_await (*channel)->in().Write(context, bytes);
    EXPECT_TRUE(written.has_value()) << written.error().message;
    co_await (*channel)->in().CloseWrite(context);
    co_await group.Join();
    EXPECT_EQ(said, "got all");
    co_await (*connection)->Disconnect(context);
  });
}

TEST_P(Sessions, AMachineThatFallsSilentIsGivenUp) {
  BORGOP_NEEDS_ISOLATION();
  RunReal([](Context unlimited) -> Task<void> {
    const Context context = unlimited.WithTimeout(60s);
    const Result<std::unique_ptr<Connection>> connection = co_await Reach(context, GetParam(), Impatient());
    EXPECT_TRUE(connection.has_value()) << connection.error().message;
    if (!connection) co_return;
    const Result<std::unique_ptr<Channel>> channel = co_await (*connection)->Exec(context, commands::Deaf(), 1 << 20);
    EXPECT_TRUE(channel.has_value());
    if (!channel) co_return;
    // A machine that answers keepalives is not silent, however little happens.
    std::array<char, 10> buffer{};
    const Result<std::size_t> idle = co_await (*channel)->out().Read(context.WithTimeout(12s), buffer);
    EXPECT_FALSE(idle.has_value());
    if (!idle) {
      EXPECT_EQ(idle.error().reason, Reason::kDeadlineExceeded) << idle.error().message;
    }
    lab::Lab::Shared().target().DropPackets();
    if (GetParam() == MachineKind::kJump) lab::Lab::Shared().target().LinkDown();
    const Result<std::size_t> got = co_await (*channel)->out().Read(context, buffer);
    EXPECT_FALSE(got.has_value());
    if (!got) {
      EXPECT_EQ(got.error().reason, Reason::kNoProgress) << got.error().message;
    }
    EXPECT_TRUE((*connection)->failure().has_value());
    co_await (*connection)->Disconnect(unlimited.WithTimeout(5s));
  });
}

// NAT forgets a connection on which nothing is said, whether or not somebody here listens just then.
TEST_P(Sessions, AConnectionThatNobodyReadsFromIsKeptAlive) {
  BORGOP_NEEDS_ISOLATION();
  lab::Lab::Shared().target().RestartSshd({"LogLevel=DEBUG"});
  RunReal([](Context unlimited) -> Task<void> {
    const Context context = unlimited.WithTimeout(60s);
    const Result<std::unique_ptr<Connection>> connection = co_await Reach(context, GetParam(), Impatient());
    EXPECT_TRUE(connection.has_value()) << connection.error().message;
    if (!connection) co_return;
    co_await Sleep(context, 9s);
    EXPECT_FALSE((*connection)->failure().has_value());
    co_await (*connection)->Disconnect(context);
  });
  const std::string log = lab::Lab::Shared().target().SshdLog();
  std::size_t count = 0;
  for (std::size_t at = 0; (at = log.find("rtype keepalive@libssh2.org", at)) != std::string::npos; ++at) ++count;
  EXPECT_GE(count, 2U) << log;
}

// And not the machine behind it, of which nothing is known.
TEST_P(JumpSessions, AJumpHostThatFallsSilentIsNamed) {
  BORGOP_NEEDS_ISOLATION();
  RunReal([](Context unlimited) -> Task<void> {
    const Context context = unlimited.WithTimeout(60s);
    const Result<std::unique_ptr<Connection>> connection = co_await Reach(context, GetParam(), Impatient());
    EXPECT_TRUE(connection.has_value()) << connection.error().message;
    if (!connection) co_return;
    const Result<std::unique_ptr<Channel>> channel = co_await (*connection)->Exec(context, commands::Deaf(), 1 << 20);
    EXPECT_TRUE(channel.has_value());
    if (!channel) co_return;
    lab::Lab::Shared().jump().DropPackets();
    std::array<char, 10> buffer{};
    const Result<std::size_t> got = co_await (*channel)->out().Read(context, buffer);
    EXPECT_FALSE(got.has_value());
    if (!got) {
      EXPECT_EQ(got.error().reason, Reason::kNoProgress) << got.error().message;
      EXPECT_NE(got.error().message.find("the jump host"), std::string::npos) << got.error().message;
    }
    co_await (*connection)->Disconnect(unlimited.WithTimeout(5s));
  });
}

// A suspended laptop, SIGSTOP, a starved node: the machines were not silent, this process was deaf.
TEST_P(JumpSessions, TimeInWhichThisProcessDidNotRunIsNobodysSilence) {
  RunReal([](Context unlimited) -> Task<void> {
    const Context context = unlimited.WithTimeout(60s);
    const Result<std::unique_ptr<Connection>> connection = co_await Reach(context, GetParam(), Impatient());
    EXPECT_TRUE(connection.has_value()) << connection.error().message;
    if (!connection) co_return;
    const Result<std::unique_ptr<Channel>> channel = co_await (*connection)->Exec(context, commands::Cat(), 1 << 20);
    EXPECT_TRUE(channel.has_value());
    if (!channel) co_return;
    Result<std::string> said = Fail(Reason::kInternal, "not run");
    const auto read_it = [&](Context inner) -> Task<void> { said = co_await ReadAll(inner, (*channel)->out(), 100); };
    TaskGroup group(context);
    group.Spawn(read_it(group.context()));
    co_await Sleep(context, 100ms);  // it listens
    std::this_thread::sleep_for(7s);
    co_await Sleep(context, 1s);
    const Status written = co_await (*channel)->in().Write(context, std::string_view("alive"));
    EXPECT_TRUE(written.has_value()) << written.error().message;
    co_await (*channel)->in().CloseWrite(context);
    co_await group.Join();
    EXPECT_EQ(said.value_or("failed"), "alive");
    co_await (*connection)->Disconnect(unlimited.WithTimeout(5s));
  });
}

// sshd as it comes has all of them, so the engine's order decides.
TEST_P(JumpSessions, TheCipherThatCostsLeastIsInUse) {
  BORGOP_NEEDS_ISOLATION();
#ifdef LIBSSH2_WHOLE_PACKETS
  const std::string least = "aes128-gcm@openssh.com";
#else
  const std::string least = "aes128-ctr";
#endif
  lab::Lab::Shared().target().RestartSshd({"LogLevel=DEBUG"});
  RunReal([](Context unlimited) -> Task<void> {
    const Context context = unlimited.WithTimeout(60s);
    const Result<std::unique_ptr<Connection>> connection = co_await Reach(context, GetParam());
    EXPECT_TRUE(connection.has_value()) << connection.error().message;
    if (connection) co_await (*connection)->Disconnect(context);
  });
  const std::string log = lab::Lab::Shared().target().SshdLog();
  EXPECT_NE(log.find("client->server cipher: " + least + " "), std::string::npos) << log;
  EXPECT_NE(log.find("server->client cipher: " + least + " "), std::string::npos) << log;
}

// Every cipher that the engine offers carries bytes both ways across new keys, and is really the one in use: sshd has no other.
struct Offered {
  const char* cipher;
  const char* mac;
};

class OfferedCiphers : public Sessions {
 protected:
  static Task<void> EchoThrough(Context context, Connection& connection, const std::string& bytes) {
    const Result<std::unique_ptr<Channel>> channel = co_await connection.Exec(context, commands::Cat(), 1 << 20);
    EXPECT_TRUE(channel.has_value());
    if (!channel) co_return;
    std::string got;
    const auto read_it = [&](Context inner) -> Task<void> {
      const Result<std::string> all = co_await ReadAll(inner, (*channel)->out(), std::size_t{1} << 30U);
      got = all ? *all : all.error().message;
    };
    TaskGroup group(context);
    group.Spawn(read_it(group.context()));
    const Status written = co_await (*channel)->in().Write(context, bytes);
    EXPECT_TRUE(written.has_value()) << written.error().message;
    co_await (*channel)->in().CloseWrite(context);
    co_await group.Join();
    EXPECT_EQ(got.size(), bytes.size()) << got.substr(0, 200);
    EXPECT_TRUE(got == bytes) << "not what was sent";
    co_await (*channel)->Close(context);
  }
};

TEST_P(OfferedCiphers, CarryBytesBothWaysAcrossNewKeys) {
  BORGOP_NEEDS_ISOLATION();
  std::string bytes(std::size_t{6} << 20U, '\0');
  std::mt19937 random(1);
  for (char& byte : bytes) byte = static_cast<char>(random());
  for (const auto& [cipher, mac] :
       {Offered{"aes128-gcm@openssh.com", nullptr}, Offered{"aes256-gcm@openssh.com", nullptr},
        Offered{"chacha20-poly1305@openssh.com", nullptr}, Offered{"aes128-ctr", "hmac-sha2-256-etm@openssh.com"},
        Offered{"aes128-ctr", "hmac-sha2-256"}, Offered{"aes192-ctr", "hmac-sha2-512-etm@openssh.com"},
        Offered{"aes256-ctr", "hmac-sha2-512"}}) {
    SCOPED_TRACE(cipher);
    lab::Lab::Shared().target().RestartSshd(
        {"Ciphers=" + std::string(cipher), "MACs=" + std::string(mac != nullptr ? mac : "hmac-sha2-256"), "RekeyLimit=1M"});
    RunReal([&bytes](Context unlimited) -> Task<void> {
      const Context context = unlimited.WithTimeout(60s);
      // No keepalive: its answer would set going again what had stopped with bytes at hand.
      SessionTimes times;
      times.keepalive = times.silence = 1h;
      const Result<std::unique_ptr<Connection>> connection = co_await Reach(context, GetParam(), times);
      EXPECT_TRUE(connection.has_value()) << connection.error().message;
      if (!connection) co_return;
      co_await EchoThrough(context, **connection, bytes);
      co_await (*connection)->Disconnect(context);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(All, JumpSessions, testing::Values(MachineKind::kJump),
                         [](const auto& kind) { return ToString(kind.param); });
INSTANTIATE_TEST_SUITE_P(All, OfferedCiphers, testing::Values(MachineKind::kDirect, MachineKind::kJump),
                         [](const auto& kind) { return ToString(kind.param); });
INSTANTIATE_TEST_SUITE_P(All, Sessions, testing::Values(MachineKind::kDirect, MachineKind::kJump),
                         [](const auto& kind) { return ToString(kind.param); });

class Lab final : public testing::Environment {
 public:
  void SetUp() override { StandAtClient(); }
};
const testing::Environment* const kLab = testing::AddGlobalTestEnvironment(new Lab);

}  // namespace
}  // namespace borgop
