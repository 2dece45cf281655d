#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/kube_wire/http_fixture.h"

namespace borgop::kube {
namespace {

using namespace std::chrono_literals;

TEST_F(HttpTest, AStreamIsHandedOnAsItComes) {
  std::promise<void> first_seen;
  Serve([&](const FakeRequest&, FakeAnswer& answer) {
    answer.BeginChunks();
    answer.Chunk("one ");
    first_seen.get_future().wait_for(60s);  // the second is sent only when the first has arrived
    answer.Chunk("two");
    answer.EndChunks();
  });
  std::string got;
  const Status status = Client()->Stream(Get(),
                                         [&](std::string_view bytes) {
                                           if (got.empty()) first_seen.set_value();
                                           got += bytes;
                                           return true;
                                         },
                                         {});
  EXPECT_EQ(Outcome(status), "ended");
  EXPECT_EQ(got, "one two");
}

TEST_F(HttpTest, AStreamEndsWithItsReaderAndItsConnectionCloses) {
  std::promise<bool> closed;
  Serve([&](const FakeRequest&, FakeAnswer& answer) {
    answer.BeginChunks();
    answer.Chunk("one");
    closed.set_value(answer.WaitForPeer());
    answer.Cut();
  });
  const auto client = Client();
  EXPECT_EQ(Outcome(client->Stream(Get(), [](std::string_view) { return false; }, {})), "ended");
  auto future = closed.get_future();
  ASSERT_EQ(future.wait_for(60s), std::future_status::ready);
  EXPECT_TRUE(future.get());
}

TEST_F(HttpTest, AStreamIsStopped) {
  Serve([&](const FakeRequest&, FakeAnswer& answer) {
    answer.BeginChunks();
    answer.Chunk("one");
    answer.WaitForPeer();
    answer.Cut();
  });
  std::stop_source stop;
  std::jthread stopping;
  const Status status = Client()->Stream(
      Get(),
      [&](std::string_view) {
        stopping = std::jthread([&] { stop.request_stop(); });
        return true;
      },
      stop.get_token());
  EXPECT_EQ(Outcome(status), "Cancelled");
}

TEST_F(HttpTest, AStreamIsStoppedBeforeItsAnswer) {
  std::stop_source stop;
  const std::jthread stopping = StopWhenAsked(stop);
  EXPECT_EQ(Outcome(Client()->Stream(
                Get(), [](std::string_view) { return true; }, stop.get_token())),
            "Cancelled");
}

TEST_F(HttpTest, StreamsHaveConnectionsOfTheirOwn) {
  Serve([](const FakeRequest& request, FakeAnswer& answer) { answer.Send(200, std::to_string(request.connection)); });
  const auto client = Client();
  for (int i = 0; i < 3; ++i) {
    std::string stream;
    ASSERT_EQ(Outcome(client->Stream(Get(),
                                     [&](std::string_view bytes) {
                                       stream += bytes;
                                       return true;
                                     },
                                     {})),
              "ended");
    EXPECT_NE(Outcome(client->Send(Get(), {})), "200 " + stream);
  }
}

TEST_F(HttpTest, AStreamThatFallsSilentOrIsCutIsAnError) {
  Serve([&](const FakeRequest& request, FakeAnswer& answer) {
    answer.BeginChunks();
    answer.Chunk("whole");
    answer.Raw("10\r\nhalf");
    if (request.path == "/silent") answer.WaitForPeer();
    answer.Cut();
  });
  const auto client = Client();
  HttpRequest request = Get("/silent");
  std::string got;
  const auto take = [&](std::string_view bytes) {
    got += bytes;
    return true;
  };
  // Until it is long enough for the connection as well.
  for (request.timeout = 250ms; got.empty() && request.timeout < 60s; request.timeout *= 2)
    EXPECT_EQ(Outcome(client->Stream(request, take, {})), "Timeout");
  EXPECT_EQ(got, "whole");
  EXPECT_EQ(Outcome(client->Stream(Get("/cut"), take, {})), "Unreachable");
}

TEST_F(HttpTest, AStreamsErrorAnswerIsTheError) {
  Serve([&](const FakeRequest&, FakeAnswer& answer) {
    answer.Send(429, R"({"kind":"Status","reason":"TooManyRequests","message":"later"})", "Retry-After: 3\r\n");
  });
  const Status status = Client()->Stream(Get(), [](std::string_view) { return true; }, {});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ApiError::Code::kThrottled);
  EXPECT_EQ(status.error().message, "later");
  EXPECT_EQ(status.error().retry_after, 3s);
}

TEST_F(HttpTest, ManyStreamsAndRequestsAtOnce) {
  constexpr int kStreams = 20;
  std::atomic<int> open = 0;
  std::promise<void> all_open;
  Serve([&](const FakeRequest& request, FakeAnswer& answer) {
    if (request.path == "/request") return answer.Send(200, "x");
    answer.BeginChunks();
    answer.Chunk("one");
    answer.WaitForPeer();
    answer.Cut();
  });
  const auto client = Client();
  std::stop_source stop;
  std::atomic<int> cancelled = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(kStreams);
    for (int i = 0; i < kStreams; ++i) {
      threads.emplace_back([&] {
        HttpRequest request = Get();
        request.timeout = 60s;
        const Status status = client->Stream(
            request,
            [&](std::string_view) {
              if (++open == kStreams) all_open.set_value();
              return true;
            },
            stop.get_token());
        if (Outcome(status) == "Cancelled") ++cancelled;
      });
    }
    ASSERT_EQ(all_open.get_future().wait_for(60s), std::future_status::ready);
    EXPECT_EQ(Outcome(client->Send(Get("/request"), {})), "200 x");
    stop.request_stop();
  }
  EXPECT_EQ(cancelled, kStreams);
}

}  // namespace
}  // namespace borgop::kube
