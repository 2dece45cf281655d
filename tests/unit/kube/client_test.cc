#include "controller/kube/client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "controller/kube/bounded_json.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/manual_clock.h"

namespace borgop::kube {
namespace {

using namespace std::chrono_literals;
using Code = ApiError::Code;
using nlohmann::json;

const json kJob =
    json::parse(R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"namespace":"n","name":"j","resourceVersion":"5"}})");
const ObjectKey kKey{"n", "j"};

class ClientTest : public testing::Test {
 protected:
  Client Make(Client::Options options = {}) {
    return {http_, std::move(options), clock_, [this](MonotonicTime::duration time, const std::stop_token& stop) {
              waits_.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
              clock_.Advance(time);
              return !stop.stop_requested();
            }};
  }
  // Answers in this order; the last one stays.
  void Answer(std::vector<Result<HttpResponse>> answers) {
    http_.on_send = [answers = std::move(answers), at = std::size_t{0}](const HttpRequest&) mutable {
      return answers[std::min(at++, answers.size() - 1)];
    };
  }
  static Result<HttpResponse> Broken() { return Fail(Code::kUnreachable, "broken pipe"); }

  FakeHttp http_;
  ManualClock clock_;
  std::vector<std::int64_t> waits_;
};

struct ClientRow {
  const char* name;
  std::function<void(Client&)> call;
  const char* asked;
  const char* content_type;
  const char* body;
};

class ClientRequests : public ClientTest, public testing::WithParamInterface<ClientRow> {};

TEST_P(ClientRequests, AreAsTheApiWantsThem) {
  Client client = Make();
  GetParam().call(client);
  ASSERT_EQ(http_.Asked(), std::vector<std::string>{GetParam().asked});
  EXPECT_EQ(http_.Requests()[0].content_type, GetParam().content_type);
  EXPECT_EQ(http_.Requests()[0].body, GetParam().body);
  EXPECT_EQ(http_.Requests()[0].timeout, 30s);
}

const std::string kJobText = kJob.dump();
INSTANTIATE_TEST_SUITE_P(
    Table, ClientRequests,
    testing::Values(
        ClientRow{"get", [](Client& c) { EXPECT_TRUE(c.Get(Jobs(), kKey)); }, "GET /apis/batch/v1/namespaces/n/jobs/j", "", ""},
        ClientRow{"create", [](Client& c) { EXPECT_TRUE(c.Create(Jobs(), kJob)); },
                  "POST /apis/batch/v1/namespaces/n/jobs?fieldManager=borg-operator&fieldValidation=Strict", "application/json",
                  kJobText.c_str()},
        ClientRow{"update", [](Client& c) { EXPECT_TRUE(c.Update(Jobs(), kJob)); },
                  "PUT /apis/batch/v1/namespaces/n/jobs/j?fieldManager=borg-operator", "application/json", kJobText.c_str()},
        ClientRow{"apply", [](Client& c) { EXPECT_TRUE(c.Apply(Jobs(), kJob)); },
                  "PATCH /apis/batch/v1/namespaces/n/jobs/j?fieldManager=borg-operator&force=true", "application/apply-patch+yaml",
                  kJobText.c_str()},
        ClientRow{"apply_status", [](Client& c) { EXPECT_TRUE(c.ApplyStatus(Jobs(), kJob)); },
                  "PATCH /apis/batch/v1/namespaces/n/jobs/j/status?fieldManager=borg-operator&force=true",
                  "application/apply-patch+yaml", kJobText.c_str()},
        ClientRow{"merge_patch",
                  [](Client& c) {
                    EXPECT_TRUE(c.MergePatch(Jobs(), kKey, {{"a", 1}}));
                  },
                  "PATCH /apis/batch/v1/namespaces/n/jobs/j?fieldManager=borg-operator", "application/merge-patch+json",
                  R"({"a":1})"},
        ClientRow{"json_patch", [](Client& c) { EXPECT_TRUE(c.JsonPatch(Jobs(), kKey, json::array())); },
                  "PATCH /apis/batch/v1/namespaces/n/jobs/j?fieldManager=borg-operator", "application/json-patch+json", "[]"},
        ClientRow{"delete", [](Client& c) { EXPECT_TRUE(c.Delete(Jobs(), kKey, {})); }, "DELETE /apis/batch/v1/namespaces/n/jobs/j",
                  "application/json", R"({"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background"})"},
        ClientRow{
            "delete_with_preconditions",
            [](Client& c) {
              EXPECT_TRUE(c.Delete(Jobs(), kKey, {.uid = "u", .resource_version = "7", .propagation = Propagation::kForeground}));
            },
            "DELETE /apis/batch/v1/namespaces/n/jobs/j", "application/json",
            R"({"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"resourceVersion":"7","uid":"u"},"propagationPolicy":"Foreground"})"},
        ClientRow{"log",
                  [](Client& c) {
                    EXPECT_TRUE(c.PodLog({"n", "p"}, {.container = "engine", .tail_lines = 1, .limit_bytes = 9}));
                  },
                  "GET /api/v1/namespaces/n/pods/p/log?container=engine&tailLines=1&limitBytes=9", "", ""}),
    [](const auto& each) { return std::string(each.param.name); });

HttpResponse Page(const std::string& names, const std::string& next, const std::string& version = "9") {
  json page = {{"kind", "JobList"}, {"metadata", {{"resourceVersion", version}}}, {"items", json::array()}};
  if (!next.empty()) page["metadata"]["continue"] = next;
  for (const char name : names) page["items"].push_back({{"metadata", {{"name", std::string(1, name)}}}});
  return {200, page.dump()};
}

std::string Names(const Result<ObjectList>& list) {
  if (!list) return std::string(ToString(list.error().code));
  std::string names;
  for (const json& item : list->items) names += TextAt(item, {"metadata", "name"});
  return names;
}

TEST_F(ClientTest, ListReadsAllPages) {
  Answer({Page("ab", "x/1"), Page("c", "x/2"), Page("", "", "12")});
  Client client = Make({.page_size = 2});
  const auto list = client.List(Jobs(), {.ns = "n", .label_selector = "a=b,c", .metadata_only = true});
  EXPECT_EQ(Names(list), "abc");
  EXPECT_EQ(list->resource_version, "12");
  EXPECT_EQ(http_.Asked(),
            (std::vector<std::string>{"GET /apis/batch/v1/namespaces/n/jobs?labelSelector=a%3Db%2Cc&limit=2",
                                      "GET /apis/batch/v1/namespaces/n/jobs?labelSelector=a%3Db%2Cc&limit=2&continue=x%2F1",
                                      "GET /apis/batch/v1/namespaces/n/jobs?labelSelector=a%3Db%2Cc&limit=2&continue=x%2F2"}));
  EXPECT_EQ(http_.Requests()[0].accept, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
}

TEST_F(ClientTest, ListBeginsAgainOnceWhenItsTokenExpires) {
  const HttpResponse gone{410, R"({"kind":"Status","reason":"Expired"})"};
  Answer({Page("ab", "x"), gone, Page("cd", "y"), Page("e", "")});
  Client client = Make();
  EXPECT_EQ(Names(client.List(Jobs(), {})), "cde") << "nothing of the first attempt is left";
  Answer({gone});
  EXPECT_EQ(Names(client.List(Jobs(), {})), "Gone");
}

TEST_F(ClientTest, ListRefusesWhatIsNone) {
  Client client = Make();
  for (const char* body :
       {"[]", "x", "{}", R"({"items":{}})", R"({"items":[]})", R"({"items":3,"metadata":{"resourceVersion":"1"}})"}) {
    Answer({HttpResponse{200, body}});
    EXPECT_EQ(Names(client.List(Jobs(), {})), "Protocol") << body;
  }
  Answer({HttpResponse{200, R"({"items":null,"metadata":{"resourceVersion":"1"}})"}});
  EXPECT_EQ(Names(client.List(Jobs(), {})), "");
  Answer({Page("a", "x"), Page("b", "x")});
  EXPECT_EQ(Names(client.List(Jobs(), {})), "Protocol") << "the same token again would go on for ever";
}

TEST_F(ClientTest, ThrottledRequestsWaitAsToldEvenCreate) {
  Answer({HttpResponse{429, "", 3s}, HttpResponse{429, "", 1s}, HttpResponse{201, "{}"}});
  EXPECT_TRUE(Make().Create(Jobs(), kJob));
  EXPECT_EQ(waits_, (std::vector<std::int64_t>{3000, 1000}));
}

TEST_F(ClientTest, WithoutRetryAfterTheWaitDoublesAndAttemptsAreBounded) {
  Answer({HttpResponse{500, ""}});
  const auto result = Make().Get(Jobs(), kKey);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kServerError);
  EXPECT_EQ(waits_, (std::vector<std::int64_t>{250, 500, 1000}));
  EXPECT_EQ(http_.Asked().size(), 4U);
}

TEST_F(ClientTest, PagesThatWouldBeTooLargeBecomeSmaller) {
  // Two large objects after five small ones; an answer holds one large one.
  const auto size = [](int at) { return at < 5 ? 1 : 6; };
  http_.on_send = [&](const HttpRequest& request) -> Result<HttpResponse> {
    const auto number = [&](const std::string& key) {
      const std::size_t at = request.target.find(key + "=");
      return at == std::string::npos ? 0 : std::stoi(request.target.substr(at + key.size() + 1));
    };
    const int from = number("continue"), until = std::min(from + number("limit"), 7);
    int sum = 0;
    std::string items;
    for (int i = from; i < until; ++i) {
      sum += size(i);
      items += (items.empty() ? "" : ",") + std::string(R"({"metadata":{"name":"j)") + std::to_string(i) + "\"}}";
    }
    if (sum > 6) return Fail(Code::kTooLarge, "the answer is too large");
    return HttpResponse{200, R"({"metadata":{"resourceVersion":"9","continue":")" + (until < 7 ? std::to_string(until) : "") +
                                 R"("},"items":[)" + items + "]}"};
  };
  const Result<ObjectList> list = Make().List(Jobs(), {});
  ASSERT_TRUE(list) << list.error().message;
  ASSERT_EQ(list->items.size(), 7U);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(KeyOf(list->items[i]).name, "j" + std::to_string(i));
}

TEST_F(ClientTest, AnObjectThatIsTooLargeIsAnError) {
  Answer({Fail(Code::kTooLarge, "the answer is too large")});
  const Result<ObjectList> list = Make({.page_size = 3}).List(Jobs(), {});
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code, Code::kTooLarge);
  EXPECT_EQ(http_.Asked().size(), 2U) << "3, then 1";
}

TEST_F(ClientTest, ALongRetryAfterIsTheCallers) {
  Answer({HttpResponse{429, "", 31s}});
  const auto result = Make().Get(Jobs(), kKey);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().retry_after, 31s);
  EXPECT_TRUE(waits_.empty());
}

struct Repeat {
  const char* name;
  std::function<bool(Client&)> call;
  bool repeated;
};

class BrokenConnections : public ClientTest, public testing::WithParamInterface<Repeat> {};

TEST_P(BrokenConnections, AreTriedAgainOnlyWhereThatIsHarmless) {
  Answer({Broken(), HttpResponse{200, "{}"}});
  Client client = Make();
  EXPECT_EQ(GetParam().call(client), GetParam().repeated);
  EXPECT_EQ(http_.Asked().size(), GetParam().repeated ? 2U : 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenConnections,
    testing::Values(Repeat{"get", [](Client& c) { return c.Get(Jobs(), kKey).has_value(); }, true},
                    Repeat{"apply", [](Client& c) { return c.Apply(Jobs(), kJob).has_value(); }, true},
                    Repeat{"delete", [](Client& c) { return c.Delete(Jobs(), kKey, {}).has_value(); }, true},
                    Repeat{"create", [](Client& c) { return c.Create(Jobs(), kJob).has_value(); }, false},
                    Repeat{"update", [](Client& c) { return c.Update(Jobs(), kJob).has_value(); }, false},
                    Repeat{"json_patch", [](Client& c) { return c.JsonPatch(Jobs(), kKey, json::array()).has_value(); }, false},
                    Repeat{"merge_patch",
                           [](Client& c) {
                             return c.MergePatch(Jobs(), kKey, {{"a", 1}}).has_value();
                           },
                           true},
                    Repeat{"conditional_merge_patch", [](Client& c) { return c.MergePatch(Jobs(), kKey, kJob).has_value(); },
                           false}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_F(ClientTest, ConflictsAndRefusalsAreNotRepeated) {
  for (const int status : {400, 401, 403, 404, 409, 410, 422}) {
    Answer({HttpResponse{status, R"({"kind":"Status","message":"no"})"}});
    const std::size_t before = http_.Asked().size();
    const auto result = Make().Apply(Jobs(), kJob);
    ASSERT_FALSE(result) << status;
    EXPECT_EQ(result.error().status, status);
    EXPECT_EQ(http_.Asked().size(), before + 1) << status;
  }
}

TEST_F(ClientTest, RequestsKeepToTheRate) {
  Client client = Make({.rate = 10, .burst = 2});
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(client.Get(Jobs(), kKey));
  EXPECT_EQ(waits_, (std::vector<std::int64_t>{100, 100}));
}

TEST_F(ClientTest, AStopEndsWaiting) {
  std::stop_source stop;
  http_.on_send = [&](const HttpRequest&) {
    stop.request_stop();
    return HttpResponse{500, ""};
  };
  const auto result = Make().Get(Jobs(), kKey, stop.get_token());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kCancelled);
  EXPECT_EQ(http_.Asked().size(), 1U);
}

std::string Event(const std::string& type, const std::string& name) {
  return R"({"type":")" + type + R"(","object":{"metadata":{"name":")" + name + R"(","resourceVersion":"8"}}})" + "\n";
}

class WatchTest : public ClientTest {
 protected:
  Status Watch(std::vector<std::string> chunks, Status then = {}, std::size_t at_most = 100) {
    http_.on_stream = [chunks = std::move(chunks), then = std::move(then)](const HttpRequest&, const HttpClient::OnBytes& on_bytes,
                                                                           const std::stop_token&) -> Status {
      for (const std::string& chunk : chunks)
        if (!on_bytes(chunk)) return {};
      return then;
    };
    return Make().Watch(Jobs(), {.label_selector = "x"}, "7", [&](WatchEvent event) {
      seen_ += TextAt(event.object, {"metadata", "name"});
      return seen_.size() < at_most;
    });
  }
  std::string seen_;
};

TEST_F(WatchTest, AsksForEventsAndBookmarksAndHandsThemOn) {
  EXPECT_TRUE(Watch({Event("ADDED", "a").substr(0, 20), Event("ADDED", "a").substr(20) + Event("DELETED", "b")}));
  EXPECT_EQ(seen_, "ab");
  EXPECT_EQ(http_.Asked(), std::vector<std::string>{"GET /apis/batch/v1/jobs?labelSelector=x&watch=true&allowWatchBookmarks=true"
                                                    "&resourceVersion=7&timeoutSeconds=300"});
  EXPECT_EQ(http_.Requests()[0].timeout, 330s);
}

TEST_F(WatchTest, ErrorsAreTheServersTheDecodersOrTheConnections) {
  EXPECT_EQ(Watch({Event("ADDED", "a"), R"({"type":"ERROR","object":{"kind":"Status","code":410}})"
                                        "\n"})
                .error()
                .code,
            Code::kGone);
  EXPECT_EQ(seen_, "a");
  EXPECT_EQ(Watch({"x\n"}).error().code, Code::kProtocol);
  EXPECT_EQ(Watch({R"({"type":)"}).error().code, Code::kProtocol) << "an end within an event";
  EXPECT_EQ(Watch({R"({"type":)"}, Fail(Code::kUnreachable, "cut")).error().code, Code::kUnreachable);
}

TEST_F(WatchTest, TheReaderMayEndIt) {
  EXPECT_TRUE(Watch({Event("ADDED", "a") + Event("ADDED", "b"), Event("ADDED", "c")}, Fail(Code::kUnreachable, "never"), 1));
  EXPECT_EQ(seen_, "a");
}

}  // namespace
}  // namespace borgop::kube
