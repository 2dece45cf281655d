#include <signal.h>

#include <memory>
#include <stdexcept>

#include "bench/controller/job_clock.h"
#include "bench/controller/stage.h"
#include "bench/summary.h"

namespace borgop::bench {
namespace {

constexpr auto kFailoverEndLimit = std::chrono::seconds(30);

}  // namespace

Measurement RunFailover(Stage& stage, std::unique_ptr<lab::Process>& leader) {
  JobClock clock(stage.plane);
  for (int i = 0; i < stage.settings.failovers; ++i) {
    const Requests before = stage.audit.Read();
    auto standby = std::make_unique<lab::Process>(stage.StartContender(stage.settings.api_rate, true));
    stage.AwaitRest(*standby, before);
    const std::string value = "failover-" + std::to_string(i);
    clock.times().Begin(value);
    leader->Signal(SIGKILL);
    if (!leader->Wait(kFailoverEndLimit)) throw std::runtime_error("the leader survives SIGKILL");
    leader = std::move(standby);
    JobClock::Ask(stage.admin, stage.fleet.KeyOf(i % stage.settings.targets), value);
    if (!clock.AwaitJobs(static_cast<std::size_t>(i) + 1))
      throw std::runtime_error("no second " + stage.contender.name + " takes over:\n" + leader->Err());
  }
  std::vector<double> seconds;
  for (const double milliseconds : clock.times().Milliseconds()) seconds.push_back(milliseconds / 1000);
  const Summary summary = Summarize(seconds);
  Measurement measured = stage.Begun("failover");
  measured.figures = {{"Lease s", stage.settings.lease_seconds},
                      {"median s", summary.median},
                      {"least s", summary.least},
                      {"most s", summary.most}};
  return measured;
}

}  // namespace borgop::bench
