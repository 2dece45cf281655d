// What becomes of a peer that says nothing, and of many logins at once. Real sockets on loopback and real time: the name service
// answers from a thread of its own.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "engine/loop/fd_stream.h"
#include "engine/ssh/dial.h"
#include "tests/fakes/loop_fixture.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;

constexpr char kPin[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

// Listens on loopback; the kernel completes connections whether or not anybody accepts them.
class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd_.get(), 16) != 0 ||
        getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      ADD_FAILURE() << "cannot listen";
    }
    port_ = ntohs(address.sin_port);
  }
  std::uint16_t port() const { return port_; }
  UniqueFd Take() { return std::move(fd_); }

 private:
  UniqueFd fd_;
  std::uint16_t port_ = 0;
};

SshEndpoint EndpointAt(std::uint16_t port) {
  SshEndpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = port;
  endpoint.user = "backup";
  endpoint.known_hosts = kPin;
  return endpoint;
}

TEST(SilentPeer, ALoginThatGetsNoAnswerEndsInTime) {
  RunReal([](Context context) -> Task<void> {
    const Listener listener;
    const SshEndpoint endpoint = EndpointAt(listener.port());
    DialOptions options;
    options.login_timeout = 1s;
    const Result<std::unique_ptr<Session>> session = co_await Dial(context, endpoint, "the target", options);
    EXPECT_FALSE(session.has_value());
    if (session) co_return;
    EXPECT_EQ(session.error().reason, Reason::kConnectTimeout) << session.error().message;
    EXPECT_NE(session.error().message.find("the target"), std::string::npos);
  });
}

TEST(SilentPeer, AStopEndsTheLogin) {
  RunReal([](Context context) -> Task<void> {
    const Listener listener;
    const SshEndpoint endpoint = EndpointAt(listener.port());
    StopSource stop;
    Result<std::unique_ptr<Session>> session = Fail(Reason::kInternal, "not run");
    TaskGroup group(context);
    const auto dial = [&](Context inner) -> Task<void> { session = co_await Dial(inner, endpoint, "the target", {}); };
    group.Spawn(dial(context.WithStop(stop)));
    co_await Sleep(context, 300ms);
    stop.Stop();
    co_await group.Join();
    EXPECT_FALSE(session.has_value());
    if (!session) {
      EXPECT_EQ(session.error().reason, Reason::kCancelled) << session.error().message;
    }
  });
}

TEST(SilentPeer, AHostThatHangsUpIsAskedFourTimes) {
  RunReal([](Context context) -> Task<void> {
    Listener listener;
    const SshEndpoint endpoint = EndpointAt(listener.port());
    FdStream accepting(*context.loop, listener.Take(), "the listener");
    int taken = 0;
    const auto hang_up = [&](Context inner) -> Task<void> {
      while (true) {
        const Status ready = co_await accepting.WaitReadable(inner);
        if (!ready) co_return;
        const UniqueFd peer(accept4(accepting.fd(), nullptr, nullptr, SOCK_CLOEXEC));
        if (peer) ++taken;
      }
    };
    TaskGroup group(context);
    group.Spawn(hang_up(group.context()));
    const Result<std::unique_ptr<Session>> session = co_await Dial(context, endpoint, "the target", {});
    group.Stop();
    co_await group.Join();
    EXPECT_EQ(taken, 4);
    EXPECT_FALSE(session.has_value());
    if (!session) {
      EXPECT_EQ(session.error().reason, Reason::kConnectionLost) << session.error().message;
    }
  });
}

TEST(SilentPeer, APortWhereNobodyListensIsRefused) {
  RunReal([](Context context) -> Task<void> {
    std::uint16_t port = 0;
    {
      const Listener listener;
      port = listener.port();
    }
    const SshEndpoint endpoint = EndpointAt(port);
    const Result<std::unique_ptr<Session>> session = co_await Dial(context, endpoint, "the target", {});
    EXPECT_FALSE(session.has_value());
    if (!session) {
      EXPECT_EQ(session.error().reason, Reason::kConnectFailed) << session.error().message;
    }
  });
}

TEST(LoginLimiter, LetsFiveInAtOnceAndCountsEachHostForItself) {
  RunJumping([](Context context) -> Task<void> {
    LoginLimiter limiter;
    const SshEndpoint one = EndpointAt(22);
    const SshEndpoint other = EndpointAt(2222);
    std::vector<AsyncLock::Guard> turns;
    for (int i = 0; i < 5; ++i) {
      Result<AsyncLock::Guard> turn = co_await limiter.For(one).Acquire(context.WithTimeout(1s), "test");
      EXPECT_TRUE(turn.has_value());
      if (turn) turns.push_back(std::move(*turn));
    }
    const Result<AsyncLock::Guard> sixth = co_await limiter.For(one).Acquire(context.WithTimeout(1s), "test");
    EXPECT_FALSE(sixth.has_value());
    const Result<AsyncLock::Guard> elsewhere = co_await limiter.For(other).Acquire(context.WithTimeout(1s), "test");
    EXPECT_TRUE(elsewhere.has_value());
    turns.pop_back();
    const Result<AsyncLock::Guard> next = co_await limiter.For(one).Acquire(context.WithTimeout(1s), "test");
    EXPECT_TRUE(next.has_value());
  });
}

}  // namespace
}  // namespace borgop
