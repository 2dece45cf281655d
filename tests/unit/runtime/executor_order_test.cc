// In which order changes are made, and what ends them.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/runtime/executor_fixture.h"

namespace borgop::runtime {
namespace {

using kube::HttpResponse;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

using ExecutorOrder = ExecutorFixture;

std::vector<std::string> First(const std::vector<std::string>& all, std::size_t count) {
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)};
}

constexpr std::size_t kEvent = 10;  // of EverythingAsked: nothing hangs on it

TEST_F(ExecutorOrder, IsThatOfTheDecisions) {
  EXPECT_TRUE(CarryOut(Everything()));
  EXPECT_THAT(http_.Asked(), ElementsAreArray(EverythingAsked()));
}

TEST_F(ExecutorOrder, EndsAtTheFirstFailure) {
  for (std::size_t bad = 0; bad < EverythingAsked().size(); ++bad) {
    SCOPED_TRACE(EverythingAsked()[bad]);
    const std::size_t before = http_.Asked().size();
    std::size_t number = 0;
    http_.on_send = [&](const kube::HttpRequest&) { return number++ == bad ? HttpResponse{422, ""} : HttpResponse{200, "{}"}; };
    const kube::Status done = CarryOut(Everything());
    EXPECT_EQ(done.has_value(), bad == kEvent);
    if (!done) {
      EXPECT_EQ(done.error().status, 422);
    }
    EXPECT_EQ(http_.Asked().size() - before, bad == kEvent ? EverythingAsked().size() : bad + 1);
  }
}

TEST_F(ExecutorOrder, EndsWhereThisProcessDoesNotLeadAnyMore) {
  for (std::size_t lost = 0; lost < EverythingAsked().size(); ++lost) {
    SCOPED_TRACE(EverythingAsked()[lost]);
    const std::size_t before = http_.Asked().size();
    std::size_t number = 0;
    may_act_ = lost != 0;
    http_.on_send = [&](const kube::HttpRequest&) {
      if (++number == lost) may_act_ = false;
      return HttpResponse{200, "{}"};
    };
    controller::Decisions decisions = Everything();
    decisions.events[0].message += std::to_string(lost);  // told anew each time
    const kube::Status done = CarryOut(decisions);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, kube::ApiError::Code::kCancelled);
    const std::vector<std::string> asked = http_.Asked();
    EXPECT_THAT(std::vector<std::string>(asked.begin() + static_cast<std::ptrdiff_t>(before), asked.end()),
                ElementsAreArray(First(EverythingAsked(), lost)));
  }
}

TEST_F(ExecutorOrder, AStopEndsTheRepetitionsOfARequestToo) {
  std::stop_source stop;
  http_.on_send = [&](const kube::HttpRequest&) {
    stop.request_stop();
    return HttpResponse{500, ""};
  };
  controller::Decisions decisions;
  decisions.apply = {Object("CronJob", "cron")};
  const kube::Status done = CarryOut(decisions, stop.get_token());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, kube::ApiError::Code::kCancelled);
  EXPECT_EQ(http_.Asked().size(), 1U);
}

TEST_F(ExecutorOrder, OfAServerReleasesComeBeforeItsStatus) {
  controller::ServerDecisions decisions;
  decisions.release = {Ref("b"), Ref("a")};
  decisions.status = api::ServerStatus();
  const std::string job = "PATCH /apis/batch/v1/namespaces/backups/jobs/";
  const std::string status =
      "PATCH /apis/borg-operator.dev/v1alpha1/namespaces/backups/borgservers/vault/status?fieldManager=borg-operator&force=true";
  EXPECT_TRUE(CarryOut(decisions));
  EXPECT_THAT(http_.Asked(), ElementsAre(job + "b?fieldManager=borg-operator", job + "a?fieldManager=borg-operator", status));

  http_.on_send = [&](const kube::HttpRequest& request) {
    may_act_ = request.target.find("jobs/a") == std::string::npos;
    return HttpResponse{200, "{}"};
  };
  EXPECT_FALSE(CarryOut(decisions));
  EXPECT_EQ(http_.Asked().size(), 5U);
  EXPECT_FALSE(CarryOut(decisions));
  EXPECT_EQ(http_.Asked().size(), 5U);
}

TEST_F(ExecutorOrder, NothingToDoIsDone) {
  EXPECT_TRUE(CarryOut(controller::Decisions()));
  EXPECT_TRUE(CarryOut(controller::ServerDecisions()));
  EXPECT_THAT(http_.Asked(), IsEmpty());
}

}  // namespace
}  // namespace borgop::runtime
