#include "bench/controller/turn.h"

#include <memory>
#include <stdexcept>
#include <thread>

#include "bench/controller/job_clock.h"
#include "bench/controller/stage.h"

namespace borgop::bench {
namespace {

Measurement Warm(Stage& stage, const lab::Process& process, const Requests& before, Moment begin) {
  const Moment rest = stage.AwaitRest(process, before);
  const Usage usage = UsageOf(process.pid());
  Measurement measured = stage.Begun("warm");
  measured.requests = stage.audit.Read() - before;
  const RequestSums sums = SumsOf(measured.requests);
  measured.figures = {{"at rest after s", std::chrono::duration<double>(rest - begin).count()},
                      {"CPU s", usage.cpu_s},
                      {"peak MiB", usage.peak_mib},
                      {"at rest MiB", usage.resident_mib},
                      {"lists", sums.lists},
                      {"gets", sums.gets},
                      {"writes", sums.writes}};
  return measured;
}

Measurement Rest(Stage& stage, const lab::Process& process) {
  const Requests before = stage.audit.Read();
  const double cpu = UsageOf(process.pid()).cpu_s;
  std::this_thread::sleep_for(stage.settings.rest);
  const Usage usage = UsageOf(process.pid());
  Measurement measured = stage.Begun("rest");
  measured.requests = stage.audit.Read() - before;
  const RequestSums sums = SumsOf(measured.requests);
  measured.figures = {{"s", static_cast<double>(stage.settings.rest.count())},
                      {"CPU s", usage.cpu_s - cpu},
                      {"MiB", usage.resident_mib},
                      {"writes", sums.writes},
                      {"lists", sums.lists},
                      {"gets", sums.gets},
                      {"watches begun anew", sums.watches},
                      {"requests of the Lease", sums.leases}};
  return measured;
}

// Who waits for the lead is at rest too.
void AwaitLead(Stage& stage) {
  JobClock clock(stage.plane);
  clock.times().Begin("lead");
  JobClock::Ask(stage.admin, stage.fleet.KeyOf(0), "lead");
  if (!clock.AwaitJobs(1)) throw std::runtime_error(stage.contender.name + " does not take the lead");
}

}  // namespace

std::vector<Measurement> TakeTurn(const Contender& contender, const TurnSettings& settings,
                                  const std::function<void(const std::string&)>& tell) {
  std::vector<Measurement> all;
  tell("making the targets");
  Stage stage(contender, settings);
  const auto keep = [&](Measurement measured) {
    if (stage.Wants(measured.phase)) all.push_back(std::move(measured));
  };
  tell("cold");
  keep(RunCold(stage));
  tell("warm");
  const Requests before = stage.audit.Read();
  const Moment begin = std::chrono::steady_clock::now();
  auto process = std::make_unique<lab::Process>(stage.StartContender(settings.api_rate, true));
  keep(Warm(stage, *process, before, begin));
  if (stage.Wants("rest")) {
    tell("rest");
    keep(Rest(stage, *process));
  }
  if (stage.Wants("failover")) {
    tell("failover");
    keep(RunFailover(stage, process));
  }
  if (stage.Wants("changes") || stage.Wants("ends")) {
    Stop(*process);
    const Requests so_far = stage.audit.Read();
    process = std::make_unique<lab::Process>(stage.StartContender(settings.busy_rate, true));
    AwaitLead(stage);
    stage.AwaitRest(*process, so_far);
  }
  if (stage.Wants("changes")) {
    tell("changes");
    keep(RunChanges(stage, *process));
  }
  if (stage.Wants("ends")) {
    tell("ends");
    keep(RunEnds(stage, *process, stage.Wants("changes")));
  }
  Stop(*process);
  return all;
}

}  // namespace borgop::bench
