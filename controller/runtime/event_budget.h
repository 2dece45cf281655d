// Which Events are worth a request: something that comes and goes all day must fill neither etcd nor what `kubectl describe` shows.
//
// What is told again in the same words becomes a series of the Event that is there (Event.series, KEP-383); of all others, each target has so
// many at once and then one a minute, warnings apart from the rest, so that no chatter uses up what a failure needs.
//
// Thread safety: none; the owner locks. Pure but for what it remembers: time is an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "controller/kube/token_bucket.h"
#include "controller/reconcile/decide.h"

namespace borgop::runtime {

class EventBudget {
 public:
  static constexpr double kBurst = 25;
  static constexpr std::chrono::seconds kRefill{60};      // for one more
  static constexpr std::chrono::minutes kSeriesEnds{10};  // without another of the kind

  enum class What : std::uint8_t { kTell, kRepeat, kKeepQuiet };
  struct Verdict {
    What what = What::kTell;
    std::string name{};  // kRepeat: of the Event in question
    int count = 1;       // kRepeat: how often it came, this time included
  };

  // `target` is a uid.
  Verdict Ask(const std::string& target, const controller::Event& event, kube::MonotonicTime now);
  // It stands in the Event `name` from now on.
  void Told(const std::string& target, const controller::Event& event, const std::string& name, kube::MonotonicTime now);
  // Nothing is kept of a target that has been quiet for long.
  std::size_t targets() const { return targets_.size(); }

 private:
  struct Series {
    std::string name;
    int count = 1;
    kube::MonotonicTime last{};
  };
  struct Target {
    kube::TokenBucket warnings{1.0 / std::chrono::duration<double>(kRefill).count(), kBurst}, others = warnings;
    std::map<std::pair<std::string, std::string>, Series> series;  // by reason and message
    kube::MonotonicTime last{};
  };

  void Forget(kube::MonotonicTime now);

  std::map<std::string, Target> targets_;
  kube::MonotonicTime forgotten_{};
};

}  // namespace borgop::runtime
