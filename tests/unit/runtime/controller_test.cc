#include "controller/runtime/controller.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "tests/unit/api/fixture.h"

namespace borgop::runtime {
namespace {

using namespace std::chrono_literals;

// An API server with one target and nothing else. What is written is answered by the test; watches stay silent.
class OneTarget final : public kube::HttpClient {
 public:
  using OnWrite = std::function<kube::Result<kube::HttpResponse>(const std::stop_token&)>;
  OnWrite on_write = [](const std::stop_token&) { return kube::HttpResponse{200, "{}"}; };

  kube::Result<kube::HttpResponse> Send(const kube::HttpRequest& request, std::stop_token stop) override {
    if (request.method != "GET") {
      const OnWrite answer = Note(request.method + " " + request.target);
      return answer(stop);
    }
    const bool target = request.target.find("/borgbackuptargets") != std::string::npos;
    const nlohmann::json list = {{"metadata", {{"resourceVersion", "80"}}},
                                 {"items", target ? nlohmann::json::array({test::GoodTarget()}) : nlohmann::json::array()}};
    return kube::HttpResponse{200, list.dump()};
  }
  kube::Status Stream(const kube::HttpRequest&, const OnBytes&, std::stop_token stop) override {
    kube::RealSleep(1h, stop);
    return kube::Fail(kube::ApiError::Code::kCancelled, "stopped");
  }

  std::vector<std::string> Written() {
    const std::lock_guard lock(mutex_);
    return written_;
  }
  // False when that has not happened in a time in which it surely would.
  bool AwaitWrites(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 60s, [&] { return written_.size() >= count; });
  }

 private:
  OnWrite Note(std::string request) {
    const std::lock_guard lock(mutex_);
    written_.push_back(std::move(request));
    changed_.notify_all();
    return on_write;
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> written_;
};

kube::Result<kube::HttpResponse> Cancelled() { return kube::Fail(kube::ApiError::Code::kCancelled, "stopped"); }

class ControllerTest : public testing::Test {
 protected:
  // Works until the test requests a stop.
  void Work(std::chrono::milliseconds patience) {
    Controller::Options options;
    options.engine.image = "example.org/borg-engine:test";
    options.workers = 1;
    options.namespaces = namespaces_;
    options.patience = patience;
    options.lost = lost_.get_token();
    options.stuck_after = stuck_after_;
    controller_ = std::make_unique<Controller>(
        client_, client_, options, [] { return true; }, metrics_, logging::Log(logging::Format::kText, logging::Level::kError));
    controller_->Start();
    thread_ = std::jthread([this] {
      if (controller_->WaitForSync(stop_.get_token())) controller_->Work(stop_.get_token());
    });
  }
  void TearDown() override {
    stop_.request_stop();
    thread_ = {};
  }

  std::vector<std::string> namespaces_;
  std::chrono::milliseconds stuck_after_ = Controller::Options().stuck_after;
  // What answers use.
  std::atomic<int> answers_ = 0;
  std::atomic<bool> given_up_ = false;
  std::mutex gate_;

  OneTarget api_;
  kube::Client client_{api_, kube::Client::Options{.attempts = 1}, kube::Clock::Real(), kube::RealSleep};
  metrics::ControllerMetrics metrics_;
  std::stop_source stop_, lost_;
  std::unique_ptr<Controller> controller_;
  std::jthread thread_;
};

TEST_F(ControllerTest, WhatATargetNeedsIsWritten) {
  Work(1h);
  ASSERT_TRUE(api_.AwaitWrites(1));
  EXPECT_EQ(api_.Written()[0],
            "PATCH /apis/borg-operator.dev/v1alpha1/namespaces/backups/borgbackuptargets/web-01/status?fieldManager=borg-operator"
            "&force=true");
  EXPECT_FALSE(controller_->Unsynced());
  EXPECT_EQ(controller_->Samples().size(), 1U);
}

TEST_F(ControllerTest, ANamespaceThatIsGivenTwiceCountsOnce) {
  namespaces_ = {"shop", "backups", "shop", "backups"};
  Work(1h);
  ASSERT_TRUE(api_.AwaitWrites(1));
  EXPECT_EQ(controller_->Samples().size(), 2U) << "this server lists its one target in each namespace";
}

TEST_F(ControllerTest, WhatFailedIsTriedAgain) {
  api_.on_write = [this](const std::stop_token&) { return kube::HttpResponse{++answers_ < 3 ? 500 : 200, "{}"}; };
  Work(1h);
  EXPECT_TRUE(api_.AwaitWrites(3));
}

TEST_F(ControllerTest, WhatTheServerRefusedForNowIsNotTriedSooner) {
  std::optional<kube::MonotonicTime> refused;
  kube::MonotonicTime::duration waited{};
  api_.on_write = [&](const std::stop_token&) {
    const kube::MonotonicTime now = kube::Clock::Real().Now();
    if (++answers_ == 1) {
      refused = now;
      return kube::HttpResponse{429, "", 2s};
    }
    if (answers_ == 2) waited = now - *refused;
    return kube::HttpResponse{200, "{}"};
  };
  Work(1h);
  ASSERT_TRUE(api_.AwaitWrites(3));
  EXPECT_GE(waited, 2s) << "its own backoff begins with 50 ms";
}

TEST_F(ControllerTest, AfterAStopWhatWasBegunIsFinished) {
  std::unique_lock held(gate_);
  api_.on_write = [this](const std::stop_token& given_up) {
    const std::lock_guard wait(gate_);
    EXPECT_FALSE(given_up.stop_requested());
    return kube::HttpResponse{200, "{}"};
  };
  Work(1h);
  ASSERT_TRUE(api_.AwaitWrites(1));
  const std::size_t before = api_.Written().size();
  stop_.request_stop();
  held.unlock();
  thread_.join();
  EXPECT_GT(api_.Written().size(), before) << "the Event that tells of the status";
}

TEST_F(ControllerTest, AfterAStopWhatTakesTooLongIsGivenUp) {
  api_.on_write = [this](const std::stop_token& stop) {
    given_up_ = !kube::RealSleep(1h, stop);
    return Cancelled();
  };
  Work(50ms);
  ASSERT_TRUE(api_.AwaitWrites(1));
  EXPECT_FALSE(given_up_);
  stop_.request_stop();
  thread_.join();
  EXPECT_TRUE(given_up_);
}

TEST_F(ControllerTest, WithoutTheLeadWhatWasBegunIsGivenUpAtOnce) {
  api_.on_write = [this](const std::stop_token& stop) {
    given_up_ = !kube::RealSleep(1h, stop);
    return Cancelled();
  };
  Work(1h);
  ASSERT_TRUE(api_.AwaitWrites(1));
  stop_.request_stop();
  lost_.request_stop();
  thread_.join();
  EXPECT_TRUE(given_up_);
}

// The kubelet asks that of /healthz (cli/run.cc), and starts the process anew.
TEST_F(ControllerTest, AWorkerThatDoesNotComeBackIsTold) {
  std::unique_lock held(gate_);
  api_.on_write = [this](const std::stop_token&) {
    const std::lock_guard wait(gate_);
    return kube::HttpResponse{200, "{}"};
  };
  stuck_after_ = 20ms;
  Work(1h);
  ASSERT_TRUE(api_.AwaitWrites(1));
  const kube::MonotonicTime limit = kube::Clock::Real().Now() + 60s;
  while (!controller_->Stuck() && kube::Clock::Real().Now() < limit) kube::RealSleep(1ms, {});
  EXPECT_EQ(controller_->Stuck(), "a worker does not come back from target backups/web-01");
  held.unlock();
  while (controller_->Stuck() && kube::Clock::Real().Now() < limit) kube::RealSleep(1ms, {});
  EXPECT_FALSE(controller_->Stuck()) << "it came back";
}

TEST_F(ControllerTest, AWorkerMayTakeItsTime) {
  std::unique_lock held(gate_);
  api_.on_write = [this](const std::stop_token&) {
    const std::lock_guard wait(gate_);
    return kube::HttpResponse{200, "{}"};
  };
  Work(1h);
  ASSERT_TRUE(api_.AwaitWrites(1));
  kube::RealSleep(50ms, {});
  EXPECT_FALSE(controller_->Stuck());
}

}  // namespace
}  // namespace borgop::runtime
