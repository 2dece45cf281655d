#include "controller/kube/client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "tests/kube_wire/http_fixture.h"

namespace borgop::kube {
namespace {

using namespace std::chrono_literals;

std::string StatusText(int status, const std::string& reason) {
  return R"({"kind":"Status","apiVersion":"v1","code":)" + std::to_string(status) + R"(,"reason":")" + reason + "\"}";
}

// What the server answers, one after the other; the last one stays.
struct Answered {
  int status;
  std::string body;
  std::string headers{};
};

struct WireCase {
  const char* name;
  std::vector<Answered> answers;
  const char* outcome;
  std::vector<std::chrono::milliseconds> waits;
};

class ClientOnTheWire : public HttpTest, public testing::WithParamInterface<WireCase> {};

const std::string kObject = R"({"metadata":{"namespace":"n","name":"a","resourceVersion":"1"}})";

const std::vector<WireCase> kCases = {
    {"ok", {{200, kObject}}, "a", {}},
    {"conflict", {{409, StatusText(409, "Conflict")}}, "Conflict", {}},
    {"already_exists", {{409, StatusText(409, "AlreadyExists")}}, "AlreadyExists", {}},
    {"gone", {{410, StatusText(410, "Expired")}}, "Gone", {}},
    {"forbidden", {{403, StatusText(403, "Forbidden")}}, "Forbidden", {}},
    {"unauthorized", {{401, StatusText(401, "Unauthorized")}}, "Unauthorized", {}},
    {"throttled_once", {{429, StatusText(429, "TooManyRequests"), "Retry-After: 3\r\n"}, {200, kObject}}, "a", {3s}},
    {"throttled_for_long", {{429, StatusText(429, "TooManyRequests"), "Retry-After: 600\r\n"}}, "Throttled", {}},
    {"server_error_twice", {{500, "oops"}, {503, "<html>", "Retry-After: 1\r\n"}, {200, kObject}}, "a", {250ms, 1s}},
    {"server_error_always", {{500, "oops"}}, "ServerError", {250ms, 500ms, 1s}},
    {"a_proxys_page", {{200, "<html>"}}, "Protocol", {}},
};

TEST_P(ClientOnTheWire, AnswersBecomeWhatTheyMean) {
  std::size_t asked = 0;
  Serve([&](const FakeRequest&, FakeAnswer& answer) {
    const Answered& next = GetParam().answers[std::min(asked++, GetParam().answers.size() - 1)];
    answer.Send(next.status, next.body, next.headers);
  });
  const auto http = HttpTest::Client();
  std::vector<std::chrono::milliseconds> waits;
  kube::Client client(*http, {}, Clock::Real(), [&](MonotonicTime::duration wait, const std::stop_token&) {
    waits.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(wait));
    return true;
  });
  const Result<nlohmann::json> got = client.Get(Jobs(), {"n", "a"});
  EXPECT_EQ(got ? KeyOf(*got).name : std::string(ToString(got.error().code)), GetParam().outcome);
  EXPECT_EQ(waits, GetParam().waits);
}

INSTANTIATE_TEST_SUITE_P(Table, ClientOnTheWire, testing::ValuesIn(kCases), [](const auto& test) { return test.param.name; });

using ClientWatch = HttpTest;

std::string EventText(const std::string& type, const std::string& name, int version) {
  return R"({"type":")" + type + R"(","object":{"metadata":{"namespace":"n","name":")" + name + R"(","resourceVersion":")" +
         std::to_string(version) + "\"}}}\n";
}

TEST_F(ClientWatch, EventsInChunksThatSplitAnywhereAndA410) {
  FakeRequest seen;
  Serve([&](const FakeRequest& request, FakeAnswer& answer) {
    seen = request;
    answer.BeginChunks();
    const std::string events = EventText("ADDED", "a", 5) + EventText("BOOKMARK", "", 7) +
                               "{\"type\":\"ERROR\",\"object\":" + StatusText(410, "Expired") + "}\n";
    for (std::size_t at = 0; at < events.size(); at += 7) answer.Chunk(std::string_view(events).substr(at, 7));
    answer.WaitForPeer();
    answer.Cut();
  });
  const auto http = HttpTest::Client();
  kube::Client client(*http, {});
  std::string got;
  const Status ended = client.Watch(Jobs(), {.label_selector = "app=x", .metadata_only = true}, "4", [&](const WatchEvent& event) {
    got += KeyOf(event.object).name + "@" + ResourceVersionOf(event.object) + " ";
    return true;
  });
  EXPECT_EQ(got, "a@5 @7 ");
  EXPECT_EQ(Outcome(ended), "Gone");
  EXPECT_EQ(seen.Parameter("resourceVersion"), "4");
  EXPECT_EQ(seen.Parameter("labelSelector"), "app=x");
  EXPECT_EQ(seen.Parameter("allowWatchBookmarks"), "true");
  EXPECT_EQ(seen.headers["accept"], "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
}

TEST_F(ClientWatch, AWatchThatEndsWithinAnEventIsAnError) {
  Serve([&](const FakeRequest&, FakeAnswer& answer) {
    const std::string events = EventText("ADDED", "a", 5) + EventText("ADDED", "b", 6);
    answer.BeginChunks();
    answer.Chunk(std::string_view(events).substr(0, events.size() - 5));
    answer.EndChunks();
  });
  const auto http = HttpTest::Client();
  kube::Client client(*http, {});
  int events = 0;
  EXPECT_EQ(Outcome(client.Watch(Jobs(), {}, "4", [&](const WatchEvent&) { return ++events > 0; })), "Protocol");
  EXPECT_EQ(events, 1);
}

}  // namespace
}  // namespace borgop::kube
