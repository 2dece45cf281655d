#include "engine/retention/adopt.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "engine/base/rfc3339.h"
#include "engine/retention/compare.h"

namespace borgop {
namespace {

LedgerTime TimeOf(const ListedArchive& listed, LedgerTime now) {
  const auto start = ParseRfc3339(listed.start + 'Z');  // borg writes no zone
  return start ? std::min(std::chrono::floor<std::chrono::milliseconds>(*start), now) : now;
}

std::unordered_set<const LedgerArchive*> Accused(const Comparison& comparison) {
  std::unordered_set<const LedgerArchive*> accused(comparison.missing.begin(), comparison.missing.end());
  accused.insert(comparison.changed.begin(), comparison.changed.end());
  accused.insert(comparison.renamed.begin(), comparison.renamed.end());
  return accused;
}

}  // namespace

Result<Ledger> Adopt(const Ledger& was, const Listing& listing, LedgerTime now) {
  Ledger known = was;
  if (known.repository_id != listing.repository_id) known = {listing.repository_id, {}};
  const Comparison comparison = Compare(known, listing);
  Ledger ledger{listing.repository_id, {}};
  ledger.encryption = listing.encryption;
  ledger.nonce = known.nonce;
  ledger.key = known.key;
  const std::unordered_set<const LedgerArchive*> gone = Accused(comparison);
  for (const LedgerArchive& archive : known.archives) {
    if (!gone.contains(&archive)) ledger.archives.push_back(archive);
  }
  std::unordered_set<std::string_view> ids, names;
  for (const LedgerArchive& archive : known.archives) {
    if (gone.contains(&archive)) continue;
    ids.insert(archive.id);
    if (!archive.dropped) names.insert(archive.name);
  }
  for (const ListedArchive* listed : comparison.strangers) {
    if (!CanHold(listed->name) || ids.contains(listed->id) || names.contains(listed->name)) continue;
    ids.insert(listed->id);
    names.insert(listed->name);
    ledger.archives.push_back({listed->id, listed->name, TimeOf(*listed, now), true, std::nullopt});
  }
  if (ledger.archives.size() > kMaxLedgerArchives) {
    return Fail(Reason::kLedgerInvalid,
                "the repository lists more archives than a ledger holds: " + std::to_string(kMaxLedgerArchives),
                "Drop archives by hand with borg, then adopt the repository again.");
  }
  return ledger;
}

void Forgive(Ledger& ledger, const Listing& listing) {
  const Comparison comparison = Compare(ledger, listing);
  const std::unordered_set<const LedgerArchive*> accused = Accused(comparison);
  std::vector<LedgerArchive> kept;
  for (const LedgerArchive& archive : ledger.archives) {
    if (!accused.contains(&archive)) kept.push_back(archive);
  }
  ledger.archives = std::move(kept);
}

}  // namespace borgop
