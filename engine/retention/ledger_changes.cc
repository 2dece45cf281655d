#include "engine/retention/ledger_changes.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace borgop {

LedgerChanges ChangesBetween(const std::optional<Ledger>& before, const Ledger& after) {
  LedgerChanges changes;
  changes.now = after;
  if (!before) return changes;
  if (before->repository_id != after.repository_id) {
    changes.replaces = before->repository_id;
    return changes;
  }
  std::unordered_map<std::string_view, const LedgerArchive*> known;
  for (const LedgerArchive& archive : before->archives) known.emplace(archive.id, &archive);
  std::unordered_set<std::string_view> there;
  for (const LedgerArchive& archive : after.archives) there.insert(archive.id);
  std::erase_if(changes.now.archives, [&known](const LedgerArchive& archive) {
    const auto was = known.find(archive.id);
    return was != known.end() && *was->second == archive;
  });
  for (const LedgerArchive& archive : before->archives) {
    if (!there.contains(archive.id)) changes.forgotten.push_back(archive.id);
  }
  return changes;
}

Status Apply(std::optional<Ledger>& ledger, const LedgerChanges& changes) {
  const bool same = ledger && ledger->repository_id == changes.now.repository_id;
  if (ledger && !same && ledger->repository_id != changes.replaces) {
    return Fail(Reason::kLedgerInvalid, "what is handed on is of the repository " + changes.now.repository_id +
                                            ", and the ledger of " + ledger->repository_id);
  }
  Ledger now = changes.now;
  if (same) {
    now.archives = ledger->archives;
    const std::unordered_set<std::string_view> forgotten(changes.forgotten.begin(), changes.forgotten.end());
    std::erase_if(now.archives, [&forgotten](const LedgerArchive& archive) { return forgotten.contains(archive.id); });
    std::unordered_map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < now.archives.size(); ++i) places.emplace(now.archives[i].id, i);
    std::vector<LedgerArchive> added;
    for (const LedgerArchive& archive : changes.now.archives) {
      const auto place = places.find(archive.id);
      if (place == places.end()) {
        added.push_back(archive);
      } else {
        now.archives[place->second] = archive;
      }
    }
    now.archives.insert(now.archives.end(), std::make_move_iterator(added.begin()), std::make_move_iterator(added.end()));
  }
  if (const std::string problem = LedgerProblem(now); !problem.empty())
    return Fail(Reason::kLedgerInvalid, "what is handed on does not fit to the ledger: " + problem);
  ledger = std::move(now);
  return {};
}

}  // namespace borgop
