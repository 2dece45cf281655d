#include "controller/kube/work_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/fakes/manual_clock.h"

namespace borgop::kube {
namespace {

using namespace std::chrono_literals;

const ObjectKey kA{"n", "a"};
const ObjectKey kB{"n", "b"};
const ObjectKey kC{"n", "c"};

class WorkQueueTest : public testing::Test {
 protected:
  // What is due now, in order; each is done at once.
  std::string Drain() {
    std::string names;
    while (const auto key = queue_.TryGet()) {
      names += key->name;
      queue_.Done(*key);
    }
    return names;
  }

  ManualClock clock_;
  WorkQueue queue_{clock_, {.first_delay = 1s, .max_delay = 10s, .retry_rate = 1000, .retry_burst = 1000}};
};

TEST_F(WorkQueueTest, HandsOutInOrderAndOnce) {
  for (const auto& key : {kB, kA, kB, kC, kA}) queue_.Add(key);
  EXPECT_EQ(queue_.Ready(), 3U);
  EXPECT_EQ(Drain(), "bac");
  EXPECT_EQ(Drain(), "");
}

TEST_F(WorkQueueTest, AKeyThatIsWorkedOnIsNotHandedOutAgainBeforeDone) {
  queue_.Add(kA);
  ASSERT_EQ(queue_.TryGet(), kA);
  queue_.Add(kA);
  queue_.Add(kA);
  EXPECT_EQ(queue_.TryGet(), std::nullopt);
  EXPECT_EQ(queue_.Processing(), 1U);
  queue_.Done(kA);
  EXPECT_EQ(Drain(), "a");
  EXPECT_EQ(queue_.Processing(), 0U);
}

TEST_F(WorkQueueTest, DoneWithoutAnotherAddIsTheEnd) {
  queue_.Add(kA);
  ASSERT_EQ(queue_.TryGet(), kA);
  queue_.Done(kA);
  queue_.Done(kA);
  EXPECT_EQ(Drain(), "");
}

TEST_F(WorkQueueTest, DelayedKeysComeWhenTheyAreDue) {
  queue_.AddAfter(kA, 5s);
  queue_.AddAfter(kB, 3s);
  queue_.AddAfter(kC, 0s);
  EXPECT_EQ(Drain(), "c");
  EXPECT_EQ(queue_.Delayed(), 2U);
  clock_.Advance(3s - 1ns);
  EXPECT_EQ(Drain(), "");
  clock_.Advance(1ns);
  EXPECT_EQ(Drain(), "b");
  clock_.Advance(2s);
  EXPECT_EQ(Drain(), "a");
  EXPECT_EQ(queue_.Delayed(), 0U);
}

TEST_F(WorkQueueTest, TheEarlierOfTwoDelaysHolds) {
  queue_.AddAfter(kA, 2s);
  queue_.AddAfter(kA, 9s);
  queue_.AddAfter(kB, 9s);
  queue_.AddAfter(kB, 2s);
  clock_.Advance(2s);
  EXPECT_EQ(Drain(), "ab");
  clock_.Advance(20s);
  EXPECT_EQ(Drain(), "");
}

TEST_F(WorkQueueTest, AKeyThatIsDueWhileItIsWorkedOnComesAfterDone) {
  queue_.Add(kA);
  ASSERT_EQ(queue_.TryGet(), kA);
  queue_.AddAfter(kA, 1s);
  clock_.Advance(1s);
  EXPECT_EQ(queue_.TryGet(), std::nullopt);
  queue_.Done(kA);
  EXPECT_EQ(Drain(), "a");
}

TEST_F(WorkQueueTest, AfterAFailureNoSoonerThanTheServerAsks) {
  queue_.AddWithBackoff(kA, 20s);
  clock_.Advance(19'999ms);
  EXPECT_FALSE(queue_.TryGet());
  clock_.Advance(1ms);
  EXPECT_EQ(queue_.TryGet(), kA);
}

TEST_F(WorkQueueTest, BackoffDoublesForEachKeyUpToItsLimitUntilForgotten) {
  for (const auto expected : {1s, 2s, 4s, 8s, 10s, 10s}) {
    queue_.AddWithBackoff(kA);
    clock_.Advance(expected - 1ns);
    EXPECT_EQ(Drain(), "") << expected.count();
    clock_.Advance(1ns);
    EXPECT_EQ(Drain(), "a") << expected.count();
  }
  EXPECT_EQ(queue_.Failures(kA), 6);
  queue_.AddWithBackoff(kB);
  clock_.Advance(1s);
  EXPECT_EQ(Drain(), "b");
  queue_.Forget(kA);
  EXPECT_EQ(queue_.Failures(kA), 0);
  queue_.AddWithBackoff(kA);
  clock_.Advance(1s);
  EXPECT_EQ(Drain(), "a");
}

TEST_F(WorkQueueTest, ManyFailuresDoNotOverflow) {
  for (int i = 0; i < 200; ++i) {
    queue_.AddWithBackoff(kA);
    clock_.Advance(10s);
    ASSERT_EQ(Drain(), "a");
  }
}

TEST(WorkQueueRate, RetriesOfAllKeysTogetherKeepToTheRate) {
  ManualClock clock;
  WorkQueue queue(clock, {.first_delay = 1ms, .max_delay = 1s, .retry_rate = 2, .retry_burst = 3});
  for (int i = 0; i < 7; ++i) queue.AddWithBackoff({"n", std::to_string(i)});
  std::vector<int> came;
  for (int step = 0; step < 5; ++step) {
    clock.Advance(step == 0 ? 1ms : step == 1 ? 499ms : 500ms);
    int count = 0;
    while (const auto key = queue.TryGet()) ++count;
    came.push_back(count);
  }
  EXPECT_EQ(came, (std::vector<int>{3, 1, 1, 1, 1}));
}

TEST_F(WorkQueueTest, ShutDownEndsWaitingAndDropsWhatWaits) {
  queue_.Add(kA);
  ASSERT_EQ(queue_.TryGet(), kA);
  queue_.Add(kB);
  queue_.AddAfter(kC, 1h);
  std::jthread later([&] { queue_.ShutDown(); });
  while (queue_.Get()) {
  }
  queue_.Add(kC);
  queue_.AddAfter(kC, 0s);
  queue_.Done(kA);
  clock_.Advance(2h);
  EXPECT_EQ(queue_.Get(), std::nullopt);
  EXPECT_EQ(queue_.Ready() + queue_.Delayed(), 0U);
}

TEST_F(WorkQueueTest, AStopEndsWaiting) {
  std::stop_source stop;
  std::jthread waiting([&] { EXPECT_EQ(queue_.Get(stop.get_token()), std::nullopt); });
  stop.request_stop();
}

TEST_F(WorkQueueTest, AddEndsWaiting) {
  std::jthread adding([&] { queue_.Add(kA); });
  EXPECT_EQ(queue_.Get(), kA);
}

TEST_F(WorkQueueTest, WakeHasAWaitingGetLookAtTheClock) {
  queue_.AddAfter(kA, 1h);
  std::jthread moving([&] {
    clock_.Advance(2h);
    queue_.Wake();
  });
  EXPECT_EQ(queue_.Get(), kA);
}

TEST(WorkQueueRealClock, ADelayedKeyEndsWaitingByItself) {
  WorkQueue queue(Clock::Real());
  queue.AddAfter(kB, 1h);
  queue.AddAfter(kA, 10ms);
  EXPECT_EQ(queue.Get(), kA);
}

TEST(WorkQueueThreads, NoKeyIsWorkedOnByTwoAndNoAddIsLost) {
  constexpr int kKeys = 5;
  constexpr int kAdds = 2000;
  WorkQueue queue(Clock::Real());
  std::map<std::string, std::atomic<int>> wanted;
  std::map<std::string, std::atomic<int>> seen;
  std::map<std::string, std::atomic<int>> inside;
  for (int i = 0; i < kKeys; ++i) wanted[std::to_string(i)] = seen[std::to_string(i)] = inside[std::to_string(i)] = 0;
  std::atomic<int> overlaps = 0;
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 4; ++i) {
      workers.emplace_back([&](const std::stop_token& stop) {
        while (const auto key = queue.Get(stop)) {
          if (inside.at(key->name).fetch_add(1) != 0) ++overlaps;
          seen.at(key->name).store(wanted.at(key->name).load());  // level-based: what is wanted now
          inside.at(key->name).fetch_sub(1);
          queue.Done(*key);
        }
      });
    }
    for (int i = 0; i < kAdds; ++i) {
      const std::string name = std::to_string(i % kKeys);
      ++wanted.at(name);
      queue.Add({"", name});
    }
    const auto limit = std::chrono::steady_clock::now() + 60s;
    const auto all_seen = [&] {
      return std::all_of(wanted.begin(), wanted.end(), [&](const auto& each) { return seen.at(each.first) == each.second.load(); });
    };
    while (!all_seen() && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(1ms);
    queue.ShutDown();
  }
  EXPECT_EQ(overlaps, 0);
  for (const auto& [name, value] : wanted) EXPECT_EQ(seen.at(name), value.load()) << name;
}

TEST(TokenBucket, GivesBurstThenRateAndQueuesOnCredit) {
  TokenBucket bucket(10, 2);
  const MonotonicTime start{1h};
  EXPECT_EQ(bucket.Take(start), 0ns);
  EXPECT_EQ(bucket.Take(start), 0ns);
  EXPECT_EQ(bucket.Take(start), 100ms);
  EXPECT_EQ(bucket.Take(start), 200ms);
  EXPECT_EQ(bucket.Take(start + 1h), 0ns) << "no more than the burst is saved up";
  EXPECT_EQ(bucket.Take(start + 1h), 0ns);
  EXPECT_EQ(bucket.Take(start + 1h), 100ms);
  EXPECT_EQ(bucket.Take(start), 200ms) << "a time before the last one counts as the last one";
}

}  // namespace
}  // namespace borgop::kube
