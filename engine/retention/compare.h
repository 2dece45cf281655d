// The ledger beside what the repository lists.
//
// Thread safety: pure functions. Ownership: a Comparison points into the ledger and the listing that it was made of.
#pragma once

#include <vector>

#include "engine/base/result.h"
#include "engine/borg/output.h"
#include "engine/retention/ledger.h"

namespace borgop {

struct Comparison {
  bool same_repository = true;
  // Of the ledger, each archive that is not dropped in one of the four.
  std::vector<const LedgerArchive*> present;  // listed with its id and its name
  std::vector<const LedgerArchive*> changed;  // its name is another archive's now
  std::vector<const LedgerArchive*> renamed;  // its id is listed under another name
  std::vector<const LedgerArchive*> missing;
  // Of the ledger: dropped, and listed. Borg was cut before it had dropped them, or the repository was rolled back.
  std::vector<const LedgerArchive*> undone;
  // Of the listing, what is none of the ledger's: anything. What an interrupted `borg create` left is no backup, and not among them.
  std::vector<const ListedArchive*> strangers;
};

Comparison Compare(const Ledger& ledger, const Listing& listing);

// kRepositoryTampered where the repository is another one, or archives that C saw made are not as they were and C did not drop them: that
// is a finding.
Status Accusation(const Comparison& comparison);

}  // namespace borgop
