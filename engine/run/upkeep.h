// What C does with a target's repository by its own borg: list it, and keep it in order.
//
// Threading: the loop's thread. Ownership: all that it is made of outlives it. Errors: those of borg's commands; kRepositoryTampered from
// the guard or the ledger.
#pragma once

#include <string>

#include "engine/run/here.h"
#include "engine/run/journal.h"
#include "engine/run/target_ledger.h"

namespace borgop {

class Upkeep {
 public:
  Upkeep(Machines& machines, const RunEnvironment& environment, const Target& target, TargetLedger& ledger, Journal& journal,
         TargetReport& report)
      : machines_(machines),
        target_(target),
        ledger_(ledger),
        journal_(journal),
        report_(report),
        here_(machines, environment, target, ledger.pins()) {}

  // Also notes in the report what the repository is.
  Task<Result<Listing>> List(Context context);
  // A command on the repository at `path`, and its verdict.
  Task<Result<ExchangeResult>> Run(Context context, std::string path, Step step, BorgHere::MakeCommand make,
                                   guard::InitKind init = guard::InitKind::kNone);
  // What cannot be read without the key should not be there without a copy of it: before anything is sent, a file of C has it, where the plan names
  // one.
  Task<Status> KeepKey(Context context);
  // kPrune, kCheck or kCompact, as the target asks for it.
  Task<Status> Maintain(Context context, PhaseName phase);

  BorgHere& here() { return here_; }

  static LedgerTime Now() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

 private:
  Task<Status> Drop(Context context);

  Machines& machines_;
  const Target& target_;
  TargetLedger& ledger_;
  Journal& journal_;
  TargetReport& report_;
  BorgHere here_;
};

}  // namespace borgop
