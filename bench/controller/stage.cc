#include "bench/controller/stage.h"

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tests/api/operator_process.h"

namespace borgop::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr auto kLook = milliseconds(200);
constexpr double kBusyShare = 0.1;
constexpr auto kQuiet = std::chrono::seconds(3);
constexpr auto kStageLimit = std::chrono::minutes(40);
constexpr int kKinds = 7;  // that each contender watches

Moment OnSteadyClock(std::chrono::system_clock::time_point time) {
  return steady_clock::now() - std::chrono::duration_cast<steady_clock::duration>(std::chrono::system_clock::now() - time);
}

}  // namespace

Stage::Stage(Contender who, TurnSettings what)
    : contender(std::move(who)),
      settings(std::move(what)),
      fleet(Prepared(), settings.targets),
      admin(plane),
      audit(plane.state() / "audit.log", "system:serviceaccount:borg-operator:borg-operator") {}

const api_tests::ControlPlane& Stage::Prepared() {
  plane.WithCrds();
  api_tests::ShippedAccess(plane);
  return plane;
}

lab::Process Stage::StartContender(double rate, bool elect) const {
  return Start(contender, plane, {.api_rate = rate, .elect = elect, .lease_seconds = settings.lease_seconds});
}

Moment Stage::AwaitRest(const lab::Process& process, const Requests& before) {
  const Moment limit = steady_clock::now() + kStageLimit;
  Moment looked = steady_clock::now(), busy = looked;
  double cpu = UsageOf(process.pid()).cpu_s;
  for (;;) {
    std::this_thread::sleep_for(kLook);
    const Moment now = steady_clock::now();
    const double used = UsageOf(process.pid()).cpu_s;
    if (used - cpu > kBusyShare * std::chrono::duration<double>(now - looked).count()) busy = now;
    looked = now;
    cpu = used;
    const RequestSums sums = SumsOf(audit.Read() - before);
    if (audit.last_request()) busy = std::max(busy, OnSteadyClock(*audit.last_request()));
    if (std::min(sums.lists, kKinds) + std::min(sums.watches, kKinds) < 2 * kKinds) busy = now;
    if (now - busy > kQuiet) return busy;
    if (now > limit) throw std::runtime_error(contender.name + " does not come to rest:\n" + process.Err());
  }
}

}  // namespace borgop::bench
