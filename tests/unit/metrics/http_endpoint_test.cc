#include "controller/metrics/http_endpoint.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "engine/base/unique_fd.h"

namespace borgop::metrics {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string Ask(std::uint16_t port, const std::string& request) {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return "no connection";
  if (write(socket.get(), request.data(), request.size()) != static_cast<ssize_t>(request.size())) return "not sent";
  std::string answer;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = read(socket.get(), buffer.data(), buffer.size())) > 0;)
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  return answer;
}

std::string Get(std::uint16_t port, const std::string& path) { return Ask(port, "GET " + path + " HTTP/1.0\r\n\r\n"); }

class HttpEndpointTest : public testing::Test {
 protected:
  std::uint16_t Listen() {
    Result<std::unique_ptr<HttpEndpoint>> endpoint = HttpEndpoint::Listen("127.0.0.1:0", {.collect =
                                                                                              [] {
                                                                                                prometheus::MetricFamily family;
                                                                                                family.name = "answer";
                                                                                                family.type =
                                                                                                    prometheus::MetricType::Gauge;
                                                                                                family.metric.resize(1);
                                                                                                family.metric[0].gauge.value = 42;
                                                                                                return std::vector{family};
                                                                                              },
                                                                                          .healthy = [this] { return unhealthy_; },
                                                                                          .ready = [this] { return unready_; }});
    EXPECT_TRUE(endpoint.has_value());
    endpoint_ = std::move(*endpoint);
    return endpoint_->port();
  }
  std::string unhealthy_, unready_;
  std::unique_ptr<HttpEndpoint> endpoint_;
};

TEST_F(HttpEndpointTest, ServesMetrics) {
  const std::string answer = Get(Listen(), "/metrics");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(answer, HasSubstr("\nanswer 42\n"));
}

TEST_F(HttpEndpointTest, ChecksSayWhyNot) {
  const std::uint16_t port = Listen();
  EXPECT_THAT(Get(port, "/healthz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Get(port, "/readyz"), StartsWith("HTTP/1.1 200 "));
  unready_ = "the caches are not filled yet";
  EXPECT_THAT(Get(port, "/healthz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Get(port, "/readyz"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(Get(port, "/readyz"), HasSubstr("the caches are not filled yet"));
  unhealthy_ = "stuck";
  EXPECT_THAT(Get(port, "/healthz"), StartsWith("HTTP/1.1 503 "));
}

TEST_F(HttpEndpointTest, NothingElseIsServed) {
  const std::uint16_t port = Listen();
  EXPECT_THAT(Get(port, "/"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Get(port, "/metrics/../etc/passwd"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask(port, "POST /metrics HTTP/1.0\r\nContent-Length: 0\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  const std::string head = Ask(port, "HEAD /metrics HTTP/1.0\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(head, testing::EndsWith("\r\n\r\n"));
}

TEST(HttpEndpointAddressTest, WhatIsNoAddressIsRefused) {
  for (const char* address : {"", "8080", "localhost", ":", ":x", ":70000", ":80,81", "::1:80", "a b:80", "127.0.0.1:"}) {
    SCOPED_TRACE(address);
    const auto endpoint = HttpEndpoint::Listen(address, {});
    ASSERT_FALSE(endpoint.has_value());
    EXPECT_EQ(endpoint.error().reason, Reason::kInvalidConfig);
  }
}

TEST_F(HttpEndpointTest, APortThatIsTakenIsAnError) {
  const auto second = HttpEndpoint::Listen("127.0.0.1:" + std::to_string(Listen()), {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().reason, Reason::kInternal);
  EXPECT_THAT(second.error().message, HasSubstr("127.0.0.1:"));
}

}  // namespace
}  // namespace borgop::metrics
