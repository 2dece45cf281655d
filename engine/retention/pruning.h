// Which archives C drops: worked out from the ledger, never from what T says.
//
// Thread safety: pure functions. Ownership: a Pruning points into the ledger that it was made of.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time_zone.h"
#include "engine/borg/output.h"
#include "engine/plan/plan.h"
#include "engine/retention/keep.h"
#include "engine/retention/ledger.h"

namespace borgop {

struct JudgedArchive {
  const LedgerArchive* archive = nullptr;
  Judgement judgement;
};

struct Pruning {
  std::vector<JudgedArchive> judged;  // what the ledger and the repository both have, in the ledger's order
  std::vector<const LedgerArchive*>
      drop;  // by id and name: what was judged so, and what was to be dropped before and is still there
};

// What is dropped is listed with the id and the name that the ledger has for it, so it is never a stranger; and where anything is dropped,
// at least one archive of the ledger stays. Errors: kRepositoryTampered, as Accusation says it; then nothing is to be dropped at all.
Result<Pruning> PlanPruning(const Ledger& ledger, const Listing& listing, const Retention& retention, const TimeZone& zone,
                            LedgerTime now);

// Of archives that are dropped and not listed any more, only the `remembered` dropped last stay in the ledger.
void ForgetDropped(Ledger& ledger, const Listing& listing, std::size_t remembered);

}  // namespace borgop
