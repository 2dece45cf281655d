// What a target's run tells while it goes on: to its observer at once, and to its report in the end.
//
// Threading: the loop's thread. Ownership: target, observer and report outlive it.
#pragma once

#include <string>

#include "engine/plan/plan.h"
#include "engine/report/observer.h"
#include "engine/run/exchange.h"

namespace borgop {

class Journal {
 public:
  Journal(const Target& target, Observer& observer, TargetReport& report) : target_(target), observer_(observer), report_(report) {}

  void Enter(PhaseName phase);
  PhaseName phase() const { return progress_.phase; }

  void Log(LogLevel level, const std::string& message) const { observer_.OnLog(target_.name, level, message); }
  // Beyond TargetReport::kMaxWarnings they are only counted; Close says how many.
  void Warn(const std::string& warning);
  void Close();

  // What an exchange of this run is watched by.
  ExchangeOptions Options();
  // Its verdict (JudgeExchange); warnings and traffic go to the report. `server` is what messages call B.
  Status Conclude(Step step, const std::string& where, const std::string& server, const ExchangeResult& result);
  // What the guard refused in it.
  void TakeIn(const guard::Refusals& refusals);

 private:
  void OnEvent(const LogEvent& event, const BridgeCounters& counters);

  const Target& target_;
  Observer& observer_;
  TargetReport& report_;
  Progress progress_;
  std::uint64_t more_warnings_ = 0;
};

}  // namespace borgop
