// Sockets on this machine: unix, and TCP over loopback.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>

#include "engine/loop/resolver.h"
#include "engine/loop/tcp.h"
#include "engine/loop/unix_socket.h"
#include "tests/fakes/loop_fixture.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;

TEST(UnixListener, TakesOneConnectionAndIsGone) {
  RunReal([](Context context) -> Task<void> {
    const TemporaryDirectory directory;
    const std::string path = directory.At("s");
    Result<std::unique_ptr<UnixListener>> listener = UnixListener::Listen(*context.loop, path);
    EXPECT_TRUE(listener.has_value());
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    Result<UniqueFd> client = ConnectUnix(path);
    EXPECT_TRUE(client.has_value());
    const Result<UniqueFd> accepted = co_await (*listener)->Accept(context.WithTimeout(10s));
    EXPECT_TRUE(accepted.has_value());
    EXPECT_NE(stat(path.c_str(), &status), 0) << "the path is still there";
    EXPECT_FALSE(ConnectUnix(path).has_value());
  });
}

TEST(UnixListener, RemovesItsPathWhenNobodyCame) {
  RunReal([](Context context) -> Task<void> {
    const TemporaryDirectory directory;
    const std::string path = directory.At("s");
    {
      Result<std::unique_ptr<UnixListener>> listener = UnixListener::Listen(*context.loop, path);
      const Result<UniqueFd> accepted = co_await (*listener)->Accept(context.WithTimeout(10ms));
      EXPECT_FALSE(accepted.has_value());
    }
    struct stat status {};
    EXPECT_NE(stat(path.c_str(), &status), 0);
  });
}

TEST(UnixListener, RefusesAPathThatIsTooLong) {
  EventLoop loop;
  const Result<std::unique_ptr<UnixListener>> listener = UnixListener::Listen(loop, "/tmp/" + std::string(200, 'x'));
  ASSERT_FALSE(listener.has_value());
  EXPECT_NE(listener.error().message.find("too long"), std::string::npos);
}

// A listening TCP socket on loopback.
class Listening {
 public:
  explicit Listening(int family) : fd_(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage address{};
    socklen_t size = 0;
    if (family == AF_INET) {
      auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
      v4->sin_family = AF_INET;
      v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      size = sizeof *v4;
    } else {
      auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
      v6->sin6_family = AF_INET6;
      v6->sin6_addr = in6addr_loopback;
      size = sizeof *v6;
    }
    ok_ = fd_ && bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(fd_.get(), 5) == 0;
    socklen_t length = sizeof address;
    getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(family == AF_INET ? reinterpret_cast<sockaddr_in*>(&address)->sin_port
                                    : reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
  }
  bool ok() const { return ok_; }
  std::uint16_t port() const { return port_; }
  void Close() { fd_.reset(); }

 private:
  UniqueFd fd_;
  std::uint16_t port_ = 0;
  bool ok_ = false;
};

TEST(ConnectTcp, ReachesIPv4AndIPv6) {
  struct Row {
    int family;
    const char* host;
  };
  for (const Row& row : {Row{AF_INET, "127.0.0.1"}, Row{AF_INET6, "::1"}}) {
    SCOPED_TRACE(row.host);
    const Listening listening(row.family);
    if (!listening.ok() && row.family == AF_INET6) GTEST_SKIP() << "this machine has no IPv6 on loopback";
    RunReal([&](Context context) -> Task<void> {
      const Result<UniqueFd> fd = co_await ConnectTcp(context.WithTimeout(10s), row.host, listening.port());
      EXPECT_TRUE(fd.has_value());
    });
  }
}

TEST(ConnectTcp, SaysWhoRefused) {
  Listening listening(AF_INET);
  listening.Close();
  RunReal([&](Context context) -> Task<void> {
    const Result<UniqueFd> fd = co_await ConnectTcp(context.WithTimeout(10s), "127.0.0.1", listening.port());
    EXPECT_FALSE(fd.has_value());
    if (fd) co_return;
    EXPECT_EQ(fd.error().reason, Reason::kConnectFailed);
    EXPECT_NE(fd.error().message.find("127.0.0.1:" + std::to_string(listening.port())), std::string::npos) << fd.error().message;
    EXPECT_NE(fd.error().message.find("refused"), std::string::npos) << fd.error().message;
  });
}

TEST(Resolve, ANameThatDoesNotExistIsToldAsSuch) {
  RunReal([](Context context) -> Task<void> {
    const Result<std::vector<Address>> addresses = co_await Resolve(context.WithTimeout(60s), "no-such-host.invalid", 22);
    EXPECT_FALSE(addresses.has_value());
    if (!addresses) {
      EXPECT_EQ(addresses.error().reason, Reason::kNameNotResolved);
    }
  });
}

TEST(Resolve, NumericAddressesNeedNoNameService) {
  RunReal([](Context context) -> Task<void> {
    const Result<std::vector<Address>> addresses = co_await Resolve(context.WithTimeout(10s), "::1", 2222);
    EXPECT_TRUE(addresses.has_value());
    if (addresses) {
      EXPECT_EQ(addresses->at(0).text, "[::1]:2222");
    }
  });
}

}  // namespace
}  // namespace borgop
