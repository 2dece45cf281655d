// What a run adds to a ledger that is kept by somebody else: the run got it to read, and hands on what it found out.
//
// Changes, not the whole: between the reading and the handing on another run's may have been taken in. A run that got an older ledger
// than there is does no harm by that: nothing that it did not know is taken back.
//
// Thread safety: values and pure functions. Errors: kLedgerInvalid.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/retention/ledger.h"

namespace borgop {

struct LedgerChanges {
  Ledger now;                          // of its archives only those that are new, or not as they were
  std::vector<std::string> forgotten;  // ids of archives that are no longer the ledger's
  std::string replaces;                // the repository that was known before, where a person took the one of `now` in its place
  bool operator==(const LedgerChanges&) const = default;
};

// `before` may be of another repository: then `after` replaces it.
LedgerChanges ChangesBetween(const std::optional<Ledger>& before, const Ledger& after);
// Of a ledger of another repository, only where the changes say that they replace that. On an error it is as it was.
Status Apply(std::optional<Ledger>& ledger, const LedgerChanges& changes);

// An object on one line. Unknown and repeated keys are refused. What is written can be read and is the same.
Result<LedgerChanges> ReadLedgerChanges(std::string_view text);
Result<std::string> WriteLedgerChanges(const LedgerChanges& changes);

}  // namespace borgop
