#include "controller/kube/reflector.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/kube_wire/http_fixture.h"

namespace borgop::kube {
namespace {

using namespace std::chrono_literals;

// A kind of object behind a real server: what is listed, and a history that watches are told from. What the history no longer holds is
// gone, and of a version that was never reached nothing is told.
class Objects {
 public:
  void Put(const std::string& name) {
    const std::lock_guard lock(mutex_);
    live_[name] = ++version_;
    Record("ADDED", name);
  }
  void Remove(const std::string& name) {
    const std::lock_guard lock(mutex_);
    live_.erase(name);
    ++version_;
    Record("DELETED", name);
  }
  // As etcd's compaction.
  void Compact() {
    const std::lock_guard lock(mutex_);
    history_.clear();
    oldest_ = version_;
  }
  // As etcd restored from an older copy.
  void Restore(int version, std::map<std::string, int> live) {
    const std::lock_guard lock(mutex_);
    version_ = oldest_ = version;
    live_ = std::move(live);
    history_.clear();
    ++generation_;
    changed_.notify_all();
  }
  void CutWatches() {
    const std::lock_guard lock(mutex_);
    ++generation_;
    changed_.notify_all();
  }
  void End() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  void Answer(const FakeRequest& request, FakeAnswer& answer) {
    if (request.Parameter("watch") == "true") return Watch(std::stoi(request.Parameter("resourceVersion")), answer);
    // Two objects a page.
    const std::lock_guard lock(mutex_);
    ++lists_;
    const std::string after = request.Parameter("continue");
    std::string items, last;
    int count = 0;
    auto at = live_.upper_bound(after);
    for (; at != live_.end() && count < 2; ++at, ++count) {
      items += (items.empty() ? "" : ",") + Text(at->first, at->second);
      last = at->first;
    }
    answer.Send(200, R"({"metadata":{"resourceVersion":")" + std::to_string(version_) + R"(","continue":")" +
                         (at == live_.end() ? "" : last) + R"("},"items":[)" + items + "]}");
  }
  int lists() const {
    const std::lock_guard lock(mutex_);
    return lists_;
  }

 private:
  struct Recorded {
    int version;
    std::string text;
  };
  static std::string Text(const std::string& name, int version) {
    return R"({"metadata":{"namespace":"n","name":")" + name + R"(","uid":"u","resourceVersion":")" + std::to_string(version) +
           "\"}}";
  }
  void Record(const std::string& type, const std::string& name) {
    history_.push_back({version_, R"({"type":")" + type + R"(","object":)" + Text(name, version_) + "}\n"});
    changed_.notify_all();
  }
  void Watch(int from, FakeAnswer& answer) {
    answer.BeginChunks();
    std::unique_lock lock(mutex_);
    const int generation = generation_;
    int told = from;
    while (!ended_ && generation == generation_) {
      if (told < oldest_) {
        answer.Chunk("{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}}\n");
        break;
      }
      if (told > version_) break;  // the real one would say nothing for minutes, and then end the watch
      std::string text;
      for (const Recorded& event : history_) {
        if (event.version <= told) continue;
        text += event.text;
        told = event.version;
      }
      if (text.empty()) {
        changed_.wait(lock);
        continue;
      }
      lock.unlock();
      answer.Chunk(text);
      lock.lock();
    }
    const bool cut = ended_ || generation != generation_;
    lock.unlock();
    if (cut) answer.Cut();
    answer.EndChunks();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> live_;
  std::vector<Recorded> history_;
  int version_ = 100;
  int oldest_ = 100;
  int generation_ = 0;
  int lists_ = 0;
  bool ended_ = false;
};

class ReflectorOnTheWire : public HttpTest {
 protected:
  ReflectorOnTheWire() {
    Serve([this](const FakeRequest& request, FakeAnswer& answer) { objects_.Answer(request, answer); });
    http_ = HttpTest::Client();
  }
  ~ReflectorOnTheWire() override {
    running_ = {};
    objects_.End();
  }
  void Start(Reflector::Options options = {.first_wait = 1ms, .max_wait = 10ms}) {
    client_ = std::make_unique<kube::Client>(*http_, kube::Client::Options{});
    reflector_ = std::make_unique<Reflector>(*client_, Jobs(), Selection{}, options, Clock::Real(), RealSleep, [] { return 0.5; });
    reflector_->AddHandler([this](const Change& change) {
      const std::lock_guard lock(mutex_);
      const bool made = change.before == nullptr, removed = change.after == nullptr;
      told_ += change.key.name + (made ? "+" : removed ? "-" : "*") + " ";
      changed_.notify_all();
    });
    running_ = std::jthread([this](const std::stop_token& stop) { reflector_->Run(stop); });
    ASSERT_TRUE(reflector_->WaitForSync({}, 60s));
  }
  // What was told, as soon as it is as long as `expected`.
  std::string Told(const std::string& expected) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 60s, [&] { return told_.size() >= expected.size(); });
    return told_;
  }

  Objects objects_;
  std::unique_ptr<CpprestHttp> http_;
  std::unique_ptr<kube::Client> client_;
  std::unique_ptr<Reflector> reflector_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string told_;
  std::jthread running_;
};

TEST_F(ReflectorOnTheWire, ListsInPagesAndFollows) {
  for (const char* name : {"a", "b", "c", "d", "e"}) objects_.Put(name);
  Start();
  EXPECT_EQ(objects_.lists(), 3);
  objects_.Put("f");
  objects_.Put("a");
  objects_.Remove("b");
  const std::string expected = "a+ b+ c+ d+ e+ f+ a* b- ";
  EXPECT_EQ(Told(expected), expected);
  EXPECT_EQ(reflector_->store().size(), 5U);
}

TEST_F(ReflectorOnTheWire, ADroppedWatchIsResumedWithoutLoss) {
  objects_.Put("a");
  Start();
  objects_.Put("b");
  EXPECT_EQ(Told("a+ b+ "), "a+ b+ ");
  objects_.CutWatches();
  objects_.Put("c");
  EXPECT_EQ(Told("a+ b+ c+ "), "a+ b+ c+ ");
  EXPECT_EQ(objects_.lists(), 1);
}

TEST_F(ReflectorOnTheWire, A410InMidWatchMeansListingAgain) {
  objects_.Put("a");
  objects_.Put("b");
  Start();
  EXPECT_EQ(Told("a+ b+ "), "a+ b+ ");
  objects_.Remove("a");
  objects_.Compact();  // maybe before the watch has told it, which must make no difference
  objects_.CutWatches();
  objects_.Put("c");
  EXPECT_EQ(Told("a+ b+ a- c+ "), "a+ b+ a- c+ ");
}

TEST_F(ReflectorOnTheWire, AnEtcdThatLostWritesIsFollowedFromWhereItIs) {
  for (const char* name : {"a", "b", "c"}) objects_.Put(name);
  // A watch from the lost version says nothing; here that need not take minutes.
  Start({.first_wait = 1ms, .max_wait = 10ms, .short_watch = 0ms, .silent_watch = 0ms});
  EXPECT_EQ(Told("a+ b+ c+ "), "a+ b+ c+ ");
  objects_.Restore(50, {{"a", 40}, {"b", 41}});
  const std::string lost = "a+ b+ c+ c- a* b* ";
  EXPECT_EQ(Told(lost), lost);
  objects_.Put("d");
  EXPECT_EQ(Told(lost + "d+ "), lost + "d+ ");
}

class AskedToWait : public HttpTest, public testing::WithParamInterface<const char*> {};

TEST_P(AskedToWait, IsHonoured) {
  const bool watch = std::string(GetParam()) == "watch";
  Serve([&](const FakeRequest& request, FakeAnswer& answer) {
    if ((request.Parameter("watch") == "true") == watch) return answer.Send(429, "{}", "Retry-After: 40\r\n");
    answer.Send(200, R"({"metadata":{"resourceVersion":"1"},"items":[]})");
  });
  const auto http = HttpTest::Client();
  std::vector<MonotonicTime::duration> waits;
  std::stop_source stop;
  const Sleep sleep = [&](MonotonicTime::duration time, const std::stop_token&) {
    waits.push_back(time);
    return waits.size() < 3;
  };
  kube::Client client(*http, {}, Clock::Real(), sleep);
  Reflector(client, Jobs(), {}, {}, Clock::Real(), sleep, [] { return 0.5; }).Run(stop.get_token());
  EXPECT_EQ(waits, std::vector<MonotonicTime::duration>(3, 40s));
}

INSTANTIATE_TEST_SUITE_P(Requests, AskedToWait, testing::Values("list", "watch"), [](const auto& test) { return test.param; });

TEST_F(ReflectorOnTheWire, AStopEndsABlockedWatch) {
  objects_.Put("a");
  Start();
  running_.request_stop();
  running_.join();
  EXPECT_FALSE(reflector_->LastError());
}

}  // namespace
}  // namespace borgop::kube
