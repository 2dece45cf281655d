#include "controller/kube/reflector.h"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/fake_http.h"
#include "tests/fakes/manual_clock.h"

namespace borgop::kube {
namespace {

using namespace std::chrono_literals;
using Code = ApiError::Code;

std::string ObjectText(const std::string& name, int version) {
  return R"({"metadata":{"namespace":"n","name":")" + name + R"(","uid":"u","resourceVersion":")" + std::to_string(version) +
         "\"}}";
}
std::string Event(const std::string& type, const std::string& name, int version) {
  return R"({"type":")" + type + R"(","object":)" + ObjectText(name, version) + "}\n";
}
const std::string kGoneEvent = "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410}}\n";

// The server's answers in order; when they are used up the reflector is stopped.
class ReflectorTest : public testing::Test {
 protected:
  struct Step {
    Result<HttpResponse> list = HttpResponse{};
    std::string events{};
    Status ends{};
    std::chrono::milliseconds lasts{};
    bool is_watch = false;
  };
  void List(int version, const std::vector<std::string>& objects) {
    std::string items;
    for (const std::string& object : objects) items += (items.empty() ? "" : ",") + object;
    steps_.push_back({.list = HttpResponse{200, R"({"metadata":{"resourceVersion":")" + std::to_string(version) +
                                                    R"("},"items":[)" + items + "]}"}});
  }
  void ListFails(ApiError error) { steps_.push_back({.list = Fail(std::move(error))}); }
  void Watch(std::string events, Status ends = {}, std::chrono::milliseconds lasts = 5s) {
    steps_.push_back({.events = std::move(events), .ends = std::move(ends), .lasts = lasts, .is_watch = true});
  }

  // Runs until the steps are used up; what was asked: "L" or the version of a watch, and waits in brackets.
  std::string Run() {
    http_.on_send = [this](const HttpRequest&) -> Result<HttpResponse> {
      story_ += "L ";
      return Next(false).list;
    };
    http_.on_stream = [this](const HttpRequest& request, const HttpClient::OnBytes& on_bytes, const std::stop_token&) -> Status {
      const std::string key = "&resourceVersion=";
      const std::size_t at = request.target.find(key) + key.size();
      story_ += "W" + request.target.substr(at, request.target.find('&', at) - at) + " ";
      const Step step = Next(true);
      clock_.Advance(step.lasts);
      if (!step.events.empty() && !on_bytes(step.events)) return {};
      return step.ends;
    };
    const auto sleep = [this](MonotonicTime::duration time, const std::stop_token& stop) {
      story_ += "[" + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + "] ";
      clock_.Advance(time);
      return !stop.stop_requested();
    };
    Client client(http_, {.attempts = 1}, clock_, sleep);
    reflector_ = std::make_unique<Reflector>(client, Jobs(), selection_, Reflector::Options{}, clock_, sleep, [] { return 0.5; });
    reflector_->AddHandler([this](const Change& change) {
      told_ += change.key.name + (change.before ? ResourceVersionOf(*change.before) : "-") + ">" +
               (change.after ? ResourceVersionOf(*change.after) : "-") + " ";
    });
    reflector_->Run(stop_.get_token());
    return story_;
  }
  Step Next(bool is_watch) {
    if (steps_.empty() || steps_.front().is_watch != is_watch) {
      EXPECT_TRUE(steps_.empty()) << "after " << story_;
      stop_.request_stop();
      return {.list = Fail(Code::kCancelled, "over"), .ends = Fail(Code::kCancelled, "over")};
    }
    Step step = std::move(steps_.front());
    steps_.pop_front();
    return step;
  }

  FakeHttp http_;
  ManualClock clock_;
  std::stop_source stop_;
  Selection selection_;
  std::deque<Step> steps_;
  std::unique_ptr<Reflector> reflector_;
  std::string story_;
  std::string told_;
};

TEST_F(ReflectorTest, ListsThenWatchesFromThereAndResumesFromTheLastVersion) {
  List(10, {ObjectText("a", 3), ObjectText("b", 4)});
  Watch(Event("ADDED", "c", 11) + Event("MODIFIED", "a", 12) + Event("DELETED", "b", 13));
  Watch("");
  Watch(Event("BOOKMARK", "", 20));
  EXPECT_EQ(Run(), "L W10 W13 W13 W20 [150] ");
  EXPECT_EQ(told_, "a->3 b->4 c->11 a3>12 b4>- ");
  EXPECT_TRUE(reflector_->HasSynced());
  EXPECT_EQ(reflector_->store().size(), 2U);
}

TEST_F(ReflectorTest, AGoneVersionMeansListingAgainAndChangesAreTold) {
  List(10, {ObjectText("a", 3), ObjectText("b", 4)});
  Watch(Event("ADDED", "c", 11) + kGoneEvent);
  List(30, {ObjectText("a", 3), ObjectText("c", 25)});
  EXPECT_EQ(Run(), "L W10 L W30 [150] ");
  EXPECT_EQ(told_, "a->3 b->4 c->11 b4>- c11>25 ");
}

TEST_F(ReflectorTest, AServerThatIsAlwaysTooNewIsAskedSeldomer) {
  for (int i = 0; i < 4; ++i) {
    List(10, {});
    Watch("", Fail(ErrorFromAnswer(410, "")), 0s);
  }
  EXPECT_EQ(Run(), "L W10 [150] L W10 [300] L W10 [600] L W10 [1200] L [2400] ");
}

TEST_F(ReflectorTest, ABrokenConnectionIsResumedWithoutAListAndWaitsGrow) {
  List(10, {});
  Watch(Event("ADDED", "a", 11), Fail(Code::kUnreachable, "cut"));
  Watch("", Fail(Code::kUnreachable, "refused"), 0s);
  Watch("", Fail(Code::kTimeout, "silent"), 0s);
  Watch(Event("ADDED", "b", 12), Fail(Code::kUnreachable, "cut"));
  EXPECT_EQ(Run(), "L W10 [150] W11 [300] W11 [600] W11 [150] W12 [300] ");
  EXPECT_EQ(told_, "a->11 b->12 ");
}

TEST_F(ReflectorTest, WhatCannotBeReadMeansListingAgain) {
  List(10, {ObjectText("a", 3)});
  Watch(Event("MODIFIED", "a", 11) + "garbage\n");
  List(12, {ObjectText("a", 11)});
  EXPECT_EQ(Run(), "L W10 [150] L W12 [300] ");
  EXPECT_EQ(told_, "a->3 a3>11 ");
}

TEST_F(ReflectorTest, WatchesThatEndAtOnceWait) {
  List(10, {});
  Watch("", {}, 0s);
  Watch("", {}, 0s);
  Watch("", {}, 1s);
  EXPECT_EQ(Run(), "L W10 [150] W10 [300] W10 W10 [150] ");
}

TEST_F(ReflectorTest, AListThatFailsIsTriedAgainAndNothingIsSynced) {
  ListFails({Code::kForbidden, 403, "Forbidden", "no"});
  ListFails({Code::kUnreachable, 0, "", "no"});
  EXPECT_EQ(Run(), "L [150] L [300] L [600] ");
  EXPECT_FALSE(reflector_->HasSynced());
  EXPECT_EQ(reflector_->LastError()->code, Code::kUnreachable);
  EXPECT_FALSE(reflector_->WaitForSync({}, 1ms));
}

TEST_F(ReflectorTest, AServerThatAsksToBeLeftAloneIs) {
  ListFails({Code::kThrottled, 429, "", "", 45s});
  ListFails({Code::kServerError, 503, "", "", 1h});
  List(10, {});
  Watch("", Fail({Code::kThrottled, 429, "", "", 20s}), 0s);
  Watch("", Fail({Code::kServerError, 503, "", "", 20s}), 0s);
  EXPECT_EQ(Run(), "L [45000] L [600000] L W10 [20000] W10 [20000] L [2400] ") << "an hour is too long to believe";
}

TEST_F(ReflectorTest, WaitsHaveALimit) {
  for (int i = 0; i < 40; ++i) ListFails({Code::kUnreachable, 0, "", "no"});
  EXPECT_TRUE(Run().ends_with("L [22500] L [22500] ")) << story_;
}

TEST_F(ReflectorTest, ARestoredServerWithOlderVersionsIsBelieved) {
  List(100, {ObjectText("a", 90), ObjectText("b", 95)});
  Watch(kGoneEvent);
  List(50, {ObjectText("a", 40)});
  EXPECT_EQ(Run(), "L W100 [150] L W50 [300] ");
  EXPECT_EQ(told_, "a->90 b->95 b95>- a90>40 ");
}

TEST_F(ReflectorTest, AWatchWithoutEvenABookmarkIsNotBelieved) {
  List(100, {ObjectText("a", 90)});
  Watch("", {}, 149s);
  Watch("", {}, 150s);  // the server's data was restored, and its version is 50 now: it has nothing to say about 101
  List(50, {ObjectText("a", 40)});
  Watch("", Fail(Code::kTimeout, "silent"), 330s);
  List(50, {ObjectText("a", 40)});
  EXPECT_EQ(Run(), "L W100 W100 L W50 [150] L W50 [300] ");
  EXPECT_EQ(told_, "a->90 a90>40 ");
}

TEST_F(ReflectorTest, MetadataOnlyAndTheSelectionAreAskedForByBoth) {
  selection_ = {.ns = "n", .label_selector = "app=x", .metadata_only = true};
  List(10, {});
  Watch("");
  Run();
  const std::vector<HttpRequest> asked = http_.Requests();
  ASSERT_GE(asked.size(), 2U);
  for (const HttpRequest& request : asked) {
    EXPECT_TRUE(request.target.starts_with("/apis/batch/v1/namespaces/n/jobs?labelSelector=app%3Dx")) << request.target;
    EXPECT_TRUE(request.accept.starts_with("application/json;as=PartialObjectMetadata")) << request.accept;
  }
}

struct After {
  const char* name;
  Status ended;
  WatchCourse course;
  bool list_again;
  bool wait;
};

class DecideAfterWatchTest : public testing::TestWithParam<After> {};

TEST_P(DecideAfterWatchTest, Decides) {
  const AfterWatch after = DecideAfterWatch(GetParam().ended, GetParam().course);
  EXPECT_EQ(after.list_again, GetParam().list_again);
  EXPECT_EQ(after.wait, GetParam().wait);
}

Status Failed(Code code, int status = 0) { return Fail(ApiError{code, status, "", "x"}); }

INSTANTIATE_TEST_SUITE_P(Table, DecideAfterWatchTest,
                         testing::Values(After{"ended_after_events", {}, WatchCourse::kHeard, false, false},
                                         After{"ended_quietly", {}, WatchCourse::kQuiet, false, false},
                                         After{"ended_at_once", {}, WatchCourse::kShort, false, true},
                                         After{"ended_silently", {}, WatchCourse::kSilent, true, false},
                                         After{"gone_after_events", Failed(Code::kGone, 410), WatchCourse::kHeard, true, false},
                                         After{"gone_at_once", Failed(Code::kGone, 410), WatchCourse::kShort, true, true},
                                         After{"broken", Failed(Code::kUnreachable), WatchCourse::kHeard, false, true},
                                         After{"broken_silently", Failed(Code::kUnreachable), WatchCourse::kSilent, true, true},
                                         After{"our_timeout", Failed(Code::kTimeout), WatchCourse::kHeard, false, true},
                                         After{"the_servers_timeout", Failed(Code::kTimeout, 504), WatchCourse::kShort, true, true},
                                         After{"throttled", Failed(Code::kThrottled, 429), WatchCourse::kShort, false, true},
                                         After{"forbidden", Failed(Code::kForbidden, 403), WatchCourse::kShort, true, true},
                                         After{"server_error", Failed(Code::kServerError, 500), WatchCourse::kHeard, true, true},
                                         After{"unreadable", Failed(Code::kProtocol), WatchCourse::kHeard, true, true}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace borgop::kube
