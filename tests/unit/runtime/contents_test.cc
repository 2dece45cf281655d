#include "controller/runtime/contents.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/fakes/fake_http.h"

namespace borgop::runtime {
namespace {

using kube::HttpResponse;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const kube::ObjectKey kKey{"n", "x"};

constexpr const char* kSecret2 = R"({"metadata":{"name":"x","resourceVersion":"2"},"data":{"k":"YQ=="}})";

class ContentsTest : public testing::Test {
 protected:
  void Answer(int status, std::string body) {
    http_.on_send = [status, body = std::move(body)](const kube::HttpRequest&) { return HttpResponse{status, body}; };
  }
  std::string MapValue(const std::string& version) {
    const auto map = contents_.ConfigMap(kKey, version, {});
    return map && map->is_object() ? map->at("data").at("k").get<std::string>() : "none";
  }
  std::set<std::string> Keys(const std::string& version) {
    const auto facts = contents_.Secret(kKey, version, {});
    return facts && *facts ? (*facts)->keys : std::set<std::string>{"none"};
  }

  kube::FakeHttp http_;
  kube::Client client_{http_, [] {
                         kube::Client::Options options;
                         options.attempts = 1;
                         return options;
                       }()};
  Contents contents_{client_};
};

constexpr const char* kMap1 = R"({"metadata":{"name":"x","resourceVersion":"1"},"data":{"k":"one"}})";
constexpr const char* kMap2 = R"({"metadata":{"name":"x","resourceVersion":"2"},"data":{"k":"two"}})";

TEST_F(ContentsTest, AConfigMapIsReadWhereItIsNew) {
  Answer(200, kMap1);
  EXPECT_EQ(MapValue("1"), "one");
  EXPECT_EQ(MapValue("1"), "one");
  EXPECT_THAT(http_.Asked(), ElementsAre("GET /api/v1/namespaces/n/configmaps/x"));
  Answer(200, kMap2);
  EXPECT_EQ(MapValue("2"), "two");
  EXPECT_EQ(MapValue("2"), "two");
  EXPECT_THAT(http_.Asked(), SizeIs(2));
  contents_.ForgetConfigMap(kKey);
  EXPECT_EQ(MapValue("2"), "two");
  EXPECT_THAT(http_.Asked(), SizeIs(3));
}

TEST_F(ContentsTest, AConfigMapThatIsGoneIsNoErrorAndOtherAnswersAre) {
  Answer(404, R"({"kind":"Status","message":"not found"})");
  const auto map = contents_.ConfigMap(kKey, "1", {});
  ASSERT_TRUE(map);
  EXPECT_TRUE(map->is_null());
  Answer(403, R"({"kind":"Status","message":"no"})");
  EXPECT_FALSE(contents_.ConfigMap(kKey, "1", {}));
  Answer(200, kMap1);
  EXPECT_EQ(MapValue("1"), "one");
}

TEST_F(ContentsTest, WhatIsAheadOfTheMetadataIsReadUntilThatFollows) {
  Answer(200, kSecret2);
  EXPECT_THAT(Keys("1"), ElementsAre("k"));
  EXPECT_THAT(Keys("1"), ElementsAre("k"));
  EXPECT_THAT(http_.Asked(), SizeIs(2));
  EXPECT_THAT(Keys("2"), ElementsAre("k"));
  EXPECT_THAT(http_.Asked(), SizeIs(2));
}

TEST_F(ContentsTest, WhatTwoAskForAtATimeIsReadOnce) {
  std::atomic<int> asked = 0;
  std::set<std::string> keys;
  std::jthread second;
  http_.on_send = [&](const kube::HttpRequest&) {
    if (asked++ == 0) {
      second = std::jthread([&] { keys = Keys("2"); });
      // A second request would come at once; there is none to wait for.
      for (int look = 0; look < 50 && http_.Asked().size() == 1; ++look) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return HttpResponse{200, kSecret2};
  };
  EXPECT_THAT(Keys("2"), ElementsAre("k"));
  second.join();
  EXPECT_THAT(keys, ElementsAre("k"));
  EXPECT_THAT(http_.Asked(), SizeIs(1));
}

TEST_F(ContentsTest, WhoeverWaitsForAnotherIsStopped) {
  std::stop_source stop;
  stop.request_stop();
  http_.on_send = [&](const kube::HttpRequest&) {
    const auto facts = contents_.Secret(kKey, "2", stop.get_token());
    EXPECT_FALSE(facts);
    return HttpResponse{200, kSecret2};
  };
  EXPECT_THAT(Keys("2"), ElementsAre("k"));
}

TEST_F(ContentsTest, OfASecretOnlyTheNamesOfKeysThatHoldSomethingAreKept) {
  Answer(200, R"({"metadata":{"name":"x","resourceVersion":"1"},"data":{"a":"cGFzcw==","b":"YQ==","empty":"","odd":3}})");
  EXPECT_THAT(Keys("1"), ElementsAre("a", "b"));
  EXPECT_THAT(Keys("1"), ElementsAre("a", "b"));
  EXPECT_THAT(http_.Asked(), ElementsAre("GET /api/v1/namespaces/n/secrets/x"));
  Answer(200, R"({"metadata":{"name":"x","resourceVersion":"2"}})");
  EXPECT_THAT(Keys("2"), IsEmpty());
}

TEST_F(ContentsTest, WhatIsGoneIsNoError) {
  Answer(404, R"({"kind":"Status","message":"not found"})");
  const auto secret = contents_.Secret(kKey, "1", {});
  ASSERT_TRUE(secret);
  EXPECT_FALSE(*secret);
  // And is asked for again: the name may be used anew.
  (void)contents_.Secret(kKey, "1", {});
  EXPECT_THAT(http_.Asked(), SizeIs(2));
}

TEST_F(ContentsTest, OtherAnswersAreErrorsAndNothingIsKept) {
  Answer(403, R"({"kind":"Status","message":"no"})");
  const auto secret = contents_.Secret(kKey, "1", {});
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().code, kube::ApiError::Code::kForbidden);
  Answer(200, kSecret2);
  EXPECT_THAT(Keys("2"), ElementsAre("k"));
}

TEST_F(ContentsTest, WhatIsForgottenIsReadAgain) {
  Answer(200, kSecret2);
  (void)Keys("2");
  contents_.ForgetSecret(kKey);
  (void)Keys("2");
  EXPECT_THAT(http_.Asked(), SizeIs(2));
}

}  // namespace
}  // namespace borgop::runtime
