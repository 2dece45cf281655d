// A person takes a repository for good as it is: one that was there before its ledger, or one that was accused and looked at.
//
// Thread safety: pure function.
#pragma once

#include "engine/base/result.h"
#include "engine/borg/output.h"
#include "engine/retention/ledger.h"

namespace borgop {

// The ledger is afterwards about the listed repository, and has what is listed: what it accused is gone from it, strangers come in as
// adopted, and what it knew stays as it was. `was` may be empty. Of strangers there is the repository's word alone for their time: `start`,
// where borg listed it in UTC, and `now` where that is later or cannot be read. What the ledger CanHold not, and the second of two with one
// id or one name, stays a stranger.
//
// Errors: kLedgerInvalid, where more is listed than a ledger holds.
Result<Ledger> Adopt(const Ledger& was, const Listing& listing, LedgerTime now);

// An accusation was acknowledged: the archives that are not as they were are no longer the ledger's. What is there in their place stays a
// stranger. Of a listing of the ledger's own repository.
void Forgive(Ledger& ledger, const Listing& listing);

}  // namespace borgop
