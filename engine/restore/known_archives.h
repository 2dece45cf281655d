// What a visit that reads knows from a ledger of the runs (retention/ledger.h): which archives C saw made. T may have made others, with any name
// and any date.
//
// Thread safety: pure functions on values.
#pragma once

#include <optional>
#include <string>

#include "engine/borg/output.h"
#include "engine/restore/archive_choice.h"
#include "engine/retention/ledger.h"

namespace borgop {

// Of the target in the directory that `borg-engine run --state` has; read only. Errors: kStateUnusable, also where there is none; kLedgerInvalid.
Result<Ledger> ReadKnown(const std::string& state, const std::string& target);

// When it was seen made, dropped or not; nothing: it was not.
std::optional<LedgerTime> SeenMade(const Ledger& ledger, const ListedArchive& archive);

// ChooseArchive; without a name only among those that were seen made. `known` may be null: then it is any archive.
Result<ListedArchive> ChooseKnown(const Listing& listing, const ArchiveWish& wish, const Ledger* known);

}  // namespace borgop
