#include "controller/kube/leader_elector.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/kube/bounded_json.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/manual_clock.h"

namespace borgop::kube {
namespace {

using namespace std::chrono_literals;
using Code = ApiError::Code;

// One Lease behind the API, with conflicts as the real one has them.
class LeaseServer {
 public:
  LeaseServer() { http.on_send = Answering(); }
  std::function<Result<HttpResponse>(const HttpRequest&)> Answering() {
    return [this](const HttpRequest& request) -> Result<HttpResponse> {
      if (down) return Fail(Code::kUnreachable, "down");
      if (request.method == "GET") return lease ? Answer(200, *lease) : Failure(404, "NotFound");
      if (writes_fail) return Failure(500, "InternalError");
      nlohmann::json wanted = nlohmann::json::parse(request.body);
      if (request.method == "POST" && lease) return Failure(409, "AlreadyExists");
      if (request.method == "PUT" && !lease) return Failure(404, "NotFound");
      if (request.method == "PUT" && ResourceVersionOf(wanted) != ResourceVersionOf(*lease)) return Failure(409, "Conflict");
      Write(std::move(wanted));
      return Answer(200, *lease);
    };
  }
  void Write(nlohmann::json object) {
    object["metadata"]["resourceVersion"] = std::to_string(++version);
    lease = std::move(object);
  }
  // As another process would.
  void TakeFor(const std::string& holder) {
    Write({{"metadata", {{"namespace", "n"}, {"name", "lock"}}},
           {"spec", {{"holderIdentity", holder}, {"leaseDurationSeconds", 15}, {"renewTime", "x" + std::to_string(version)}}}});
  }
  std::string Holder() const { return lease ? TextAt(*lease, {"spec", "holderIdentity"}) : "none"; }

  FakeHttp http;
  std::optional<nlohmann::json> lease;
  int version = 0;
  bool down = false;
  bool writes_fail = false;

 private:
  static HttpResponse Answer(int status, const nlohmann::json& object) { return {status, object.dump()}; }
  static HttpResponse Failure(int status, const std::string& reason) {
    return {status, R"({"kind":"Status","reason":")" + reason + "\"}"};
  }
};

class LeaderElectorTest : public testing::Test {
 protected:
  // Runs, calling `at` before each sleep with the seconds passed so far; stops when that returns false.
  LeaderElector::Outcome Run(const std::function<bool(double)>& at, const std::string& identity = "me") {
    const MonotonicTime began = clock_.Now();
    const auto sleep = [&](MonotonicTime::duration time, const std::stop_token&) {
      waits_.push_back(time);
      if (!at(std::chrono::duration<double>(clock_.Now() - began).count())) {
        stop_.request_stop();
        return false;
      }
      clock_.Advance(time);
      return true;
    };
    Client client(server_.http, {.rate = 1e6, .burst = 1e6, .attempts = 1}, clock_);
    elector_ = std::make_unique<LeaderElector>(
        client, LeaderElector::Options{{"n", "lock"}, identity, kTimes},
        LeaderElector::Callbacks{[this] { story_ += "leading "; }, [this](const std::string& why) { story_ += "lost: " + why; },
                                 [this](const ApiError& error) {
                                   errors_.push_back(error.code);
                                   attempts_ += '-';
                                 },
                                 [this] { attempts_ += '+'; }},
        clock_, sleep);
    return elector_->Run(stop_.get_token());
  }

  static constexpr LeaseTimes kTimes{.duration = 15s, .margin = 5s, .retry = 2s};
  ManualClock clock_;
  LeaseServer server_;
  std::stop_source stop_;
  std::unique_ptr<LeaderElector> elector_;
  std::string story_;
  std::vector<Code> errors_;
  std::string attempts_;  // how they ended
  std::vector<MonotonicTime::duration> waits_;
};

TEST_F(LeaderElectorTest, CreatesRenewsAndGivesAwayAtAStop) {
  std::vector<std::string> renewals;
  const auto outcome = Run([&](double passed) {
    EXPECT_TRUE(elector_->IsLeader());
    EXPECT_EQ(server_.Holder(), "me");
    renewals.push_back(TextAt(*server_.lease, {"spec", "renewTime"}));
    return passed < 30;
  });
  EXPECT_EQ(outcome, LeaderElector::Outcome::kStopped);
  EXPECT_EQ(story_, "leading ");
  EXPECT_GT(renewals.back(), renewals.front());
  EXPECT_FALSE(elector_->IsLeader());
  EXPECT_EQ(server_.Holder(), "") << "another takes over at once";
  EXPECT_TRUE(errors_.empty());
}

TEST_F(LeaderElectorTest, GivesAwayWhatItTookWithoutHearingOfIt) {
  // The stop cuts off the answer to a write that was done: the very first one, or a renewal.
  for (const char* method : {"POST", "PUT"}) {
    server_.lease.reset();
    stop_ = std::stop_source();
    server_.http.on_send = [this, method, answer = server_.Answering(), cut = false](const HttpRequest& request) mutable {
      Result<HttpResponse> answered = answer(request);
      if (request.method != method || std::exchange(cut, true)) return answered;
      EXPECT_EQ(server_.Holder(), "me");
      stop_.request_stop();
      return Result<HttpResponse>(Fail(Code::kCancelled, "stopped"));
    };
    EXPECT_EQ(Run([](double passed) { return passed < 100; }), LeaderElector::Outcome::kStopped) << method;
    EXPECT_EQ(server_.Holder(), "") << method;
  }
  EXPECT_TRUE(errors_.empty());
}

TEST_F(LeaderElectorTest, DoesNotGiveAwayWhatAnotherHolds) {
  Run([&](double passed) {
    if (passed < 4) return true;
    server_.TakeFor("other");
    return false;
  });
  EXPECT_EQ(server_.Holder(), "other");
  EXPECT_TRUE(errors_.empty());
}

TEST_F(LeaderElectorTest, WaitsForAnotherThatRenewsAndTakesOverWhenItFallsSilent) {
  server_.TakeFor("other");
  double led_at = 0;
  Run([&](double passed) {
    if (passed < 10) server_.TakeFor("other");  // renews
    if (!story_.empty()) led_at = passed;
    return story_.empty() && passed < 100;
  });
  EXPECT_EQ(story_, "leading ");
  // The last renewal is seen at 10 s; a whole duration later, within one more look.
  EXPECT_GE(led_at, 25);
  EXPECT_LE(led_at, 27);
}

TEST_F(LeaderElectorTest, TakesAReleasedLeaseAtOnce) {
  server_.TakeFor("");
  Run([](double) { return false; });
  EXPECT_EQ(story_, "leading ");
}

TEST_F(LeaderElectorTest, AFollowerThatStopsWritesNothing) {
  server_.TakeFor("other");
  const int before = server_.version;
  Run([](double passed) { return passed < 10; });
  EXPECT_EQ(server_.version, before);
  EXPECT_EQ(story_, "");
}

TEST_F(LeaderElectorTest, IsNoLeaderBeforeAnotherCouldTakeTheLease) {
  double no_leader_since = 0;
  const auto outcome = Run([&](double passed) {
    if (passed == 0) server_.down = true;
    if (elector_->IsLeader()) no_leader_since = passed;
    return passed < 100;
  });
  EXPECT_EQ(outcome, LeaderElector::Outcome::kLost);
  EXPECT_EQ(story_, "leading lost: the lease could not be renewed in time");
  EXPECT_LT(no_leader_since, 10);
  EXPECT_LE(std::chrono::duration<double>(waits_.back()).count(), 2);
  EXPECT_EQ(server_.Holder(), "me") << "it is not known whose it is now, so it is left alone";
}

TEST_F(LeaderElectorTest, IsLeaderIsTheClocksWhateverItsThreadDoes) {
  Run([&](double) {
    EXPECT_TRUE(elector_->IsLeader());
    clock_.Advance(10s - 1ns);
    EXPECT_TRUE(elector_->IsLeader());
    clock_.Advance(1ns);
    EXPECT_FALSE(elector_->IsLeader());
    clock_.JumpWall(-3600s);
    EXPECT_FALSE(elector_->IsLeader());
    return false;
  });
}

TEST_F(LeaderElectorTest, ShortFailuresAreRiddenOut) {
  Run([&](double passed) {
    server_.down = passed >= 4 && passed < 8;
    server_.writes_fail = passed >= 12 && passed < 16;
    EXPECT_TRUE(elector_->IsLeader()) << passed;
    return passed < 40;
  });
  EXPECT_EQ(story_, "leading ");
  EXPECT_FALSE(errors_.empty());
}

TEST_F(LeaderElectorTest, TellsOfEachAttemptThatSucceedsWhoeverLeads) {
  const auto run = [&](const std::string& holder) {
    server_.TakeFor(holder);
    attempts_.clear();
    stop_ = std::stop_source();
    Run([&](double passed) {
      server_.down = passed == 2;
      server_.writes_fail = passed == 6;
      return passed < 10;
    });
    return attempts_;
  };
  EXPECT_EQ(run(""), "++-+-+") << "leading";
  EXPECT_EQ(run("other"), "++-+++") << "waiting, and so reading only";
}

TEST_F(LeaderElectorTest, AnotherHolderEndsLeadingAtOnce) {
  const auto outcome = Run([&](double passed) {
    if (passed >= 4) server_.TakeFor("other");
    return passed < 100;
  });
  EXPECT_EQ(outcome, LeaderElector::Outcome::kLost);
  EXPECT_EQ(story_, "leading lost: another holds the lease");
  EXPECT_EQ(server_.Holder(), "other");
}

TEST_F(LeaderElectorTest, ALeaseThatVanishedOrWasGivenAwayIsNotTakenAgainByWhoLed) {
  for (const bool vanishes : {true, false}) {
    server_.lease.reset();
    story_.clear();
    stop_ = std::stop_source();
    const auto outcome = Run([&](double passed) {
      if (passed >= 4 && vanishes) server_.lease.reset();
      if (passed >= 4 && !vanishes) server_.TakeFor("");
      return passed < 100;
    });
    EXPECT_EQ(outcome, LeaderElector::Outcome::kLost) << vanishes;
    EXPECT_TRUE(story_.starts_with("leading lost")) << story_;
  }
}

TEST_F(LeaderElectorTest, LosesARaceForAFreeLease) {
  server_.http.on_send = [this, inner = server_.http.on_send, raced = false](const HttpRequest& request) mutable {
    if (request.method == "POST" && !std::exchange(raced, true)) server_.TakeFor("other");
    return inner(request);
  };
  Run([](double passed) { return passed < 6; });
  EXPECT_EQ(story_, "");
  EXPECT_EQ(server_.Holder(), "other");
  EXPECT_EQ(errors_, std::vector<Code>{Code::kAlreadyExists});
}

}  // namespace
}  // namespace borgop::kube
