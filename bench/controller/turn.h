// One contender's turn on a control plane of its own, phase by phase:
//
//   cold      all targets are there and nothing is made: until each has its CronJob and its status
//   warm      started again, with the Lease: until all is read and it is at rest
//   rest      nothing happens
//   failover  a second process waits, the first is killed: until the second makes the Job of a target that asks for one then
//   changes   so many a second, by turns of a target that is there and of a new one: until the Job that it asks for is there
//   ends      pods of those Jobs end, played by writing their status: until it stands in the target's status
//
// Threading: one thread. Errors: std::runtime_error. Every wait is bounded.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "bench/controller/contender.h"
#include "bench/controller/measurement.h"

namespace borgop::bench {

struct TurnSettings {
  int targets = 1000;
  double api_rate = 50;
  double busy_rate = 1000;  // of the phases cold, changes and ends, of which a limit would be all that is seen
  std::chrono::seconds rest{300};
  double changes_per_second = 20;
  int changes = 600;
  int ends = 100;
  int failovers = 3;
  int lease_seconds = 15;
  std::set<std::string> only;  // phases; empty: all. What others need of cold and warm is done all the same
};

inline constexpr const char* kPhases[] = {"cold", "warm", "rest", "failover", "changes", "ends"};

// Calls `tell` with what comes next.
std::vector<Measurement> TakeTurn(const Contender& contender, const TurnSettings& settings,
                                  const std::function<void(const std::string&)>& tell);

}  // namespace borgop::bench
