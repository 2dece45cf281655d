#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <string_view>
#include <thread>

#include "tests/fakes/temporary_directory.h"
#include "tests/kube_wire/http_fixture.h"

namespace borgop::kube {
namespace {

using namespace std::chrono_literals;

TEST_F(HttpTest, SendsWhatWasAskedAndReturnsTheAnswer) {
  FakeRequest seen;
  Serve([&](const FakeRequest& request, FakeAnswer& answer) {
    seen = request;
    answer.Send(201, "made", "Retry-After: 7\r\n");
  });
  HttpRequest request = Get("/api/v1/x%2Fy?labelSelector=a%3Db%2Cc&limit=5");
  request.method = "PATCH";
  request.content_type = "application/merge-patch+json";
  request.body = R"({"a":"ü"})";
  request.accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
  const auto response = Client()->Send(request, {});
  EXPECT_EQ(Outcome(response), "201 made");
  EXPECT_EQ(response->retry_after, 7s);
  EXPECT_EQ(seen.method, "PATCH");
  EXPECT_EQ(seen.path, "/api/v1/x%2Fy");
  EXPECT_EQ(seen.query, "labelSelector=a%3Db%2Cc&limit=5");
  EXPECT_EQ(seen.headers["content-type"], "application/merge-patch+json");
  EXPECT_EQ(seen.headers["accept"], "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
  EXPECT_EQ(seen.headers["authorization"], "Bearer token-0");
  EXPECT_EQ(seen.headers["user-agent"], "borg-operator");
  EXPECT_EQ(seen.body, R"({"a":"ü"})");
}

TEST_F(HttpTest, ConnectionsAreUsedAgain) {
  Serve([](const FakeRequest&, FakeAnswer& answer) { answer.Send(200, "x"); });
  const auto client = Client();
  // A connection comes back a moment after its answer: the next request may be ahead of it, but not always.
  constexpr int kRequests = 50;
  for (int i = 0; i < kRequests; ++i) ASSERT_EQ(Outcome(client->Send(Get(), {})), "200 x");
  EXPECT_LT(server_->Connections(), kRequests);
}

TEST_F(HttpTest, AConnectionThatTheServerClosedIsMadeAnew) {
  Serve([](const FakeRequest&, FakeAnswer& answer) {
    answer.Send(200, "x");
    answer.Cut();
  });
  const auto client = Client();
  for (int i = 0; i < 5; ++i) ASSERT_EQ(Outcome(client->Send(Get(), {})), "200 x");
  EXPECT_EQ(server_->Connections(), 5);
}

TEST_F(HttpTest, APathInTheServersAddressStandsBeforeTheTarget) {
  Serve([](const FakeRequest& request, FakeAnswer& answer) { answer.Send(200, request.path); });
  ClusterConfig config = Config();
  config.server += "/clusters/one";
  EXPECT_EQ(Outcome(Client(config)->Send(Get("/api"), {})), "200 /clusters/one/api");
}

TEST_F(HttpTest, ARefusedTokenIsAskedForAgainOnce) {
  Serve([](const FakeRequest& request, FakeAnswer& answer) {
    const bool good = request.headers.at("authorization") == "Bearer token-1";
    answer.Send(good ? 200 : 401, good ? "welcome" : "no");
  });
  const auto client = Client();
  EXPECT_EQ(Outcome(client->Send(Get(), {})), "200 welcome");
  EXPECT_EQ(Outcome(client->Send(Get(), {})), "200 welcome");
  EXPECT_EQ(server_->Requests().size(), 3U);
  Serve([](const FakeRequest&, FakeAnswer& answer) { answer.Send(401, "no"); });
  EXPECT_EQ(Outcome(Client()->Send(Get(), {})), "401 no");
  EXPECT_EQ(server_->Requests().size(), 2U);
}

TEST_F(HttpTest, ATokenFileIsReadAgainAfterARefusal) {
  const TemporaryDirectory directory;
  std::string good = "old";
  Serve([&](const FakeRequest& request, FakeAnswer& answer) {
    answer.Send(request.headers.at("authorization") == "Bearer " + good ? 200 : 401, "");
  });
  ClusterConfig config = Config();
  config.credentials = std::make_shared<TokenFileCredentials>(directory.Write("token", good), Clock::Real());
  const auto client = Client(config);
  EXPECT_EQ(Outcome(client->Send(Get(), {})), "200 ");
  good = "new";
  directory.Write("token", good);
  EXPECT_EQ(Outcome(client->Send(Get(), {})), "200 ");
  EXPECT_EQ(server_->Requests().size(), 3U) << "the second request went with the old token first";
}

TEST_F(HttpTest, RedirectsAreNotFollowed) {
  FakeApiServer other(authority_, [](const FakeRequest&, FakeAnswer& answer) { answer.Send(200, "stolen"); });
  Serve([&](const FakeRequest& request, FakeAnswer& answer) {
    answer.Send(std::stoi(request.path.substr(1)), "away", "Location: " + other.url() + "/other\r\n");
  });
  const auto client = Client();
  for (const char* status : {"301", "302", "303", "307", "308"}) {
    EXPECT_EQ(Outcome(client->Send(Get(std::string("/") + status), {})), std::string(status) + " away");
    EXPECT_FALSE(client->Stream(Get(std::string("/") + status), [](std::string_view) { return true; }, {})) << status;
  }
  EXPECT_EQ(other.Connections(), 0);
}

TEST_F(HttpTest, ChunkedAndEmptyBodiesAreRead) {
  Serve([](const FakeRequest& request, FakeAnswer& answer) {
    if (request.path == "/empty") return answer.Send(200, "");
    answer.BeginChunks();
    for (int i = 0; i < 300; ++i) answer.Chunk(std::string(1000, static_cast<char>('a' + i % 26)));
    answer.EndChunks();
  });
  const auto client = Client();
  EXPECT_EQ(Outcome(client->Send(Get("/empty"), {})), "200 ");
  const auto response = client->Send(Get(), {});
  ASSERT_TRUE(response) << response.error().message;
  ASSERT_EQ(response->body.size(), 300'000U);
  EXPECT_EQ(response->body[299'999], static_cast<char>('a' + 299 % 26));
}

TEST_F(HttpTest, AnAnswerBeyondTheLimitIsCutOff) {
  std::promise<bool> closed;
  Serve([&](const FakeRequest&, FakeAnswer& answer) {
    answer.BeginChunks();
    answer.Chunk(std::string(3000, 'x'));
    closed.set_value(answer.WaitForPeer());
    answer.Cut();
  });
  HttpRequest request = Get();
  request.max_response = 2999;
  EXPECT_EQ(Outcome(Client()->Send(request, {})), "TooLarge");
  auto future = closed.get_future();
  ASSERT_EQ(future.wait_for(60s), std::future_status::ready);
  EXPECT_TRUE(future.get());
}

TEST_F(HttpTest, ABodyThatIsCutIsAnError) {
  Serve([](const FakeRequest& request, FakeAnswer& answer) {
    if (request.path == "/length") answer.Raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    if (request.path == "/chunks") {
      answer.BeginChunks();
      answer.Chunk("whole");
      answer.Raw("10\r\nhalf");
    }
    answer.Cut();
  });
  const auto client = Client();
  for (const char* target : {"/length", "/chunks", "/nothing"})
    EXPECT_EQ(Outcome(client->Send(Get(target), {})), "Unreachable") << target;
}

TEST_F(HttpTest, SilenceEndsInATimeout) {
  Serve([](const FakeRequest& request, FakeAnswer& answer) {
    if (request.path == "/half") answer.Raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    answer.WaitForPeer();
    answer.Cut();
  });
  const auto client = Client();
  for (const char* target : {"/none", "/half"}) {
    HttpRequest request = Get(target);
    request.timeout = 500ms;
    EXPECT_EQ(Outcome(client->Send(request, {})), "Timeout") << target;
  }
}

TEST_F(HttpTest, DripsDoNotStretchTheTimeout) {
  Serve([](const FakeRequest&, FakeAnswer& answer) {
    answer.BeginChunks();
    while (true) {
      answer.Chunk("x");
      std::this_thread::sleep_for(5ms);
    }
  });
  HttpRequest request = Get();
  request.timeout = 200ms;
  EXPECT_EQ(Outcome(Client()->Send(request, {})), "Timeout");
}

TEST_F(HttpTest, NobodyListening) {
  Serve([](const FakeRequest&, FakeAnswer&) {});
  const ClusterConfig config = Config();
  server_.reset();
  EXPECT_EQ(Outcome(Client(config)->Send(Get(), {})), "Unreachable");
}

TEST_F(HttpTest, AStopEndsARequest) {
  std::stop_source stop;
  const std::jthread stopping = StopWhenAsked(stop);
  EXPECT_EQ(Outcome(Client()->Send(Get(), stop.get_token())), "Cancelled");
  EXPECT_EQ(Outcome(Client()->Send(Get(), stop.get_token())), "Cancelled") << "a stop before the beginning counts as well";
}

}  // namespace
}  // namespace borgop::kube
