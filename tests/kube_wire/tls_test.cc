#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "tests/kube_wire/http_fixture.h"

namespace borgop::kube {
namespace {

using namespace std::chrono_literals;
using Code = ApiError::Code;

TEST_F(HttpTest, AnotherAuthorityIsRefused) {
  Serve([](const FakeRequest&, FakeAnswer& answer) { answer.Send(200, "x"); });
  ClusterConfig config = Config();
  config.authority_pem = TestAuthority().pem();
  EXPECT_EQ(Outcome(Client(config)->Send(Get(), {})), "Unreachable");
  config.authority_pem.clear();  // the system's do not know it either
  EXPECT_EQ(Outcome(Client(config)->Send(Get(), {})), "Unreachable");
  config.authority_pem = TestAuthority().pem() + authority_.pem();
  EXPECT_EQ(Outcome(Client(config)->Send(Get(), {})), "200 x");
  EXPECT_EQ(server_->Requests().size(), 1U) << "no request, and so no token, reaches a server that was not verified";
}

TEST_F(HttpTest, AnotherNameIsRefusedUnlessItIsTheOneAskedFor) {
  Serve([](const FakeRequest&, FakeAnswer& answer) { answer.Send(200, "x"); }, {.names = "DNS:api.example.org"});
  ClusterConfig config = Config();
  EXPECT_EQ(Outcome(Client(config)->Send(Get(), {})), "Unreachable");
  config.tls_server_name = "other.example.org";
  EXPECT_EQ(Outcome(Client(config)->Send(Get(), {})), "Unreachable");
  EXPECT_TRUE(server_->Requests().empty());
  config.tls_server_name = "api.example.org";
  EXPECT_EQ(Outcome(Client(config)->Send(Get(), {})), "200 x");
}

TEST_F(HttpTest, ACommonNameIsNoName) {
  const auto answering = [](const FakeRequest&, FakeAnswer& answer) { answer.Send(200, "x"); };
  for (const char* names : {"", "DNS:other.example.org"}) {
    Serve(answering, {.common_name = "localhost", .names = names});
    ClusterConfig config = Config();
    config.server = server_->url("localhost");
    EXPECT_EQ(Outcome(Client(config)->Send(Get(), {})), "Unreachable") << names;
    EXPECT_TRUE(server_->Requests().empty()) << names;
  }
  Serve(answering, {.names = "DNS:localhost"});
  ClusterConfig config = Config();
  config.server = server_->url("localhost");
  EXPECT_EQ(Outcome(Client(config)->Send(Get(), {})), "200 x");
}

TEST_F(HttpTest, AnExpiredCertificateIsRefused) {
  Serve([](const FakeRequest&, FakeAnswer& answer) { answer.Send(200, "x"); }, {.certificate_ends_in = -1h});
  EXPECT_EQ(Outcome(Client()->Send(Get(), {})), "Unreachable");
  EXPECT_TRUE(server_->Requests().empty());
}

TEST_F(HttpTest, ARefusalNamesItsCause) {
  const auto message = [&](const ClusterConfig& config) {
    const auto answer = Client(config)->Send(Get(), {});
    return answer ? answer->body : answer.error().message;
  };
  const auto answering = [](const FakeRequest&, FakeAnswer& answer) { answer.Send(200, "x"); };
  const std::string refused = "the server's certificate is refused: ";
  Serve(answering);
  ClusterConfig other = Config();
  other.authority_pem = TestAuthority().pem();
  EXPECT_EQ(message(other), refused + "an unknown authority signed it (certificate-authority)");
  Serve(answering, {.names = "DNS:api.example.org"});
  EXPECT_EQ(message(Config()), refused + "it is for another name than the one that was asked for (tls-server-name)");
  Serve(answering, {.certificate_ends_in = -1h});
  EXPECT_EQ(message(Config()), refused + "it has expired");
  Serve(answering, {.certificate_ends_in = 72h});
  EXPECT_EQ(message(Config()), refused + "it is not valid yet (is a clock wrong?)");
}

TEST_F(HttpTest, AnIntermediateAuthorityIsTrusted) {
  const TestAuthority intermediate(authority_);
  server_ = std::make_unique<FakeApiServer>(intermediate, [](const FakeRequest&, FakeAnswer& answer) { answer.Send(200, "x"); });
  ClusterConfig config = Config();
  config.authority_pem = intermediate.pem();
  EXPECT_EQ(Outcome(Client(config)->Send(Get(), {})), "200 x");
  config.authority_pem = TestAuthority(authority_).pem();
  EXPECT_EQ(Outcome(Client(config)->Send(Get(), {})), "Unreachable");
}

TEST_F(HttpTest, AnIpv6AddressIsVerified) {
  const auto answering = [](const FakeRequest&, FakeAnswer& answer) { answer.Send(200, "x"); };
  Serve(answering, {.names = "IP:::1", .ipv6 = true});
  ClusterConfig config = Config();
  config.server = server_->url("[::1]");
  EXPECT_EQ(Outcome(Client(config)->Send(Get(), {})), "200 x");
  Serve(answering, {.names = "IP:::2", .ipv6 = true});
  config.server = server_->url("[::1]");
  EXPECT_EQ(Outcome(Client(config)->Send(Get(), {})), "Unreachable");
}

TEST_F(HttpTest, PresentsItsClientCertificateAndANewOneWhenItChanges) {
  const TestAuthority clients;
  Serve([](const FakeRequest& request, FakeAnswer& answer) { answer.Send(200, request.peer_name); },
        {.client_authority = &clients});
  const auto client = Client();
  EXPECT_EQ(Outcome(client->Send(Get(), {})), "200 ");
  credentials_->Present(clients.Issue("one", ""));
  EXPECT_EQ(Outcome(client->Send(Get(), {})), "200 one");
  EXPECT_EQ(Outcome(client->Send(Get(), {})), "200 one");
  credentials_->Present(clients.Issue("two", ""));
  EXPECT_EQ(Outcome(client->Send(Get(), {})), "200 two");
  credentials_->Present({clients.Issue("a", "").certificate_pem, clients.Issue("b", "").key_pem});
  EXPECT_EQ(Outcome(client->Send(Get(), {})), "Config");
}

TEST_F(HttpTest, AServerThatNeverFinishesTlsEndsInATimeout) {
  Serve([](const FakeRequest&, FakeAnswer&) {}, {.silent_tls = true});
  HttpRequest request = Get();
  request.timeout = 100ms;
  EXPECT_EQ(Outcome(Client()->Send(request, {})), "Timeout");
}

struct BadConfig {
  const char* name;
  std::string server;
  std::string authority;
};

TEST(CpprestHttp, RefusesConfigurationsThatCannotBeUsed) {
  const std::string authority = TestAuthority().pem();
  for (const BadConfig& bad : {BadConfig{"http", "http://h", authority}, BadConfig{"no_host", "https://", authority},
                               BadConfig{"no_url", "https://a b", authority}, BadConfig{"no_pem", "https://h", "CA"},
                               BadConfig{"cut_pem", "https://h", authority.substr(0, authority.size() / 2)}}) {
    const auto client = CpprestHttp::Make({bad.server, bad.authority, {}, {}, std::make_shared<FixedCredentials>(Credential{})});
    ASSERT_FALSE(client) << bad.name;
    EXPECT_EQ(client.error().code, Code::kConfig) << bad.name;
  }
}

}  // namespace
}  // namespace borgop::kube
