// Logs: whose end a decision waits for, and whose it does without.
#include "controller/runtime/observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_http.h"

namespace borgop::runtime {
namespace {

using namespace std::chrono_literals;

using Code = kube::ApiError::Code;
using controller::LogRequest;
using kube::HttpRequest;
using kube::HttpResponse;

class ObserverLogs : public testing::Test {
 protected:
  kube::Result<std::map<std::string, std::string>> Ask(bool best_effort, const std::stop_token& stop = {}) {
    return observer_.Logs("backups", {LogRequest{"run-1", {5, 1000}, best_effort}}, false, stop);
  }

  kube::FakeHttp http_;
  kube::Client client_{http_, kube::Client::Options{}, kube::Clock::Real(),
                       [](kube::MonotonicTime::duration, const std::stop_token& stop) { return !stop.stop_requested(); }};
  Caches caches_{client_, {}};
  Contents contents_{client_};
  Observer observer_{client_, caches_, contents_};
};

TEST_F(ObserverLogs, AreReadEitherWay) {
  http_.on_send = [](const HttpRequest&) { return HttpResponse{200, "the end"}; };
  for (const bool best_effort : {false, true}) {
    const auto logs = Ask(best_effort);
    ASSERT_TRUE(logs);
    EXPECT_EQ(logs->at("run-1"), "the end");
  }
  const std::vector<HttpRequest> requests = http_.Requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].target, requests[1].target);
  EXPECT_EQ(requests[0].timeout, kube::Client::Options{}.timeout);
  EXPECT_LE(requests[1].timeout, 2s);
}

// The kubelet counts the pieces in which a runtime keeps a long line, and cuts at the limit from where the last of them begin.
TEST_F(ObserverLogs, OfAReportAreAsLongAsTheLargestThatIsRead) {
  http_.on_send = [](const HttpRequest&) { return HttpResponse{200, "the end"}; };
  ASSERT_TRUE(observer_.Logs("backups", {{"run-1", controller::kReportTail}}, false, {}));
  EXPECT_THAT(http_.Requests().at(0).target, testing::HasSubstr("tailLines=400&limitBytes=8388608"));
  constexpr std::size_t kPiece = std::size_t{16} << 10U;
  const std::size_t pieces = static_cast<std::size_t>(controller::kReportTail.lines) * kPiece;
  EXPECT_GT(pieces, ReportLimits{}.max_bytes + kPiece);
  EXPECT_GE(static_cast<std::size_t>(controller::kReportTail.bytes), pieces);
}

// A kubelet that cannot be reached is a 500 of the API server's, or no answer in time.
TEST_F(ObserverLogs, BestEffortIsOneAttemptWithoutAnError) {
  using Answer = kube::Result<HttpResponse>;
  for (const Answer& answer : {Answer(HttpResponse{500, ""}), Answer(HttpResponse{503, "", 20s}), Answer(HttpResponse{403, ""}),
                               Answer(kube::Fail(Code::kTimeout, "no answer"))}) {
    http_.on_send = [&](const HttpRequest&) { return answer; };
    const std::size_t before = http_.Requests().size();
    const auto logs = Ask(true);
    ASSERT_TRUE(logs);
    EXPECT_EQ(logs->at("run-1"), "");
    EXPECT_EQ(http_.Requests().size() - before, 1U);
    EXPECT_FALSE(Ask(false)) << "a result is waited for";
  }
  http_.on_send = [](const HttpRequest&) { return HttpResponse{500, ""}; };
  const std::size_t before = http_.Requests().size();
  EXPECT_FALSE(Ask(false));
  EXPECT_EQ(http_.Requests().size() - before, 4U);
}

TEST_F(ObserverLogs, AStopIsNoAnswer) {
  http_.on_send = [](const HttpRequest&) { return kube::Fail(Code::kCancelled, "stopped"); };
  EXPECT_FALSE(Ask(true));
}

}  // namespace
}  // namespace borgop::runtime
