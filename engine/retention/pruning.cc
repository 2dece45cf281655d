#include "engine/retention/pruning.h"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "engine/retention/compare.h"

namespace borgop {

Result<Pruning> PlanPruning(const Ledger& ledger, const Listing& listing, const Retention& retention, const TimeZone& zone,
                            LedgerTime now) {
  const Comparison comparison = Compare(ledger, listing);
  if (const Status accused = Accusation(comparison); !accused) return Fail(accused.error());
  const std::vector<Judgement> judgements = Judge(comparison.present, retention, zone, now);
  Pruning pruning;
  for (std::size_t i = 0; i < judgements.size(); ++i) {
    pruning.judged.push_back({comparison.present[i], judgements[i]});
    if (judgements[i].fate == Fate::kDropped) pruning.drop.push_back(comparison.present[i]);
  }
  // Judge keeps the newest of those it considers, so this is so wherever there is one. Without any, nothing is touched.
  if (!comparison.present.empty()) pruning.drop.insert(pruning.drop.end(), comparison.undone.begin(), comparison.undone.end());
  return pruning;
}

void ForgetDropped(Ledger& ledger, const Listing& listing, std::size_t remembered) {
  const Comparison comparison = Compare(ledger, listing);
  const std::unordered_set<const LedgerArchive*> undone(comparison.undone.begin(), comparison.undone.end());
  std::vector<const LedgerArchive*> gone;
  for (const LedgerArchive& archive : ledger.archives) {
    if (archive.dropped && !undone.contains(&archive)) gone.push_back(&archive);
  }
  if (gone.size() <= remembered) return;
  std::stable_sort(gone.begin(), gone.end(),
                   [](const LedgerArchive* a, const LedgerArchive* b) { return a->dropped > b->dropped; });
  std::unordered_set<std::string> forgotten;
  for (std::size_t i = remembered; i < gone.size(); ++i) forgotten.insert(gone[i]->id);
  std::erase_if(ledger.archives, [&forgotten](const LedgerArchive& archive) { return forgotten.contains(archive.id); });
}

}  // namespace borgop
