#include "engine/restore/known_archives.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "engine/plan/document.h"
#include "engine/run/ledger_file.h"

namespace borgop {

Result<Ledger> ReadKnown(const std::string& state, const std::string& target) {
  const std::string path = state + '/' + LedgerFileName(target);
  Result<std::optional<Ledger>> ledger = ReadLedgerFile(path);
  if (!ledger) return Fail(ledger.error());
  if (*ledger) return **std::move(ledger);
  return Fail(Reason::kStateUnusable, Quoted(path) + " is not there, so nothing is known of the target " + Quoted(target),
              "Name the directory that borg-engine run has as --state, or leave --state out.");
}

std::optional<LedgerTime> SeenMade(const Ledger& ledger, const ListedArchive& archive) {
  const auto at = std::find_if(ledger.archives.begin(), ledger.archives.end(),
                               [&archive](const LedgerArchive& known) { return known.id == archive.id; });
  if (at == ledger.archives.end()) return std::nullopt;
  return at->seen;
}

Result<ListedArchive> ChooseKnown(const Listing& listing, const ArchiveWish& wish, const Ledger* known) {
  if (known == nullptr || wish.name != kLatest || listing.archives.empty()) return ChooseArchive(listing, wish);
  std::set<std::string_view> ids;
  for (const LedgerArchive& archive : known->archives) ids.insert(archive.id);
  Listing seen{listing.repository_id, listing.encryption, {}};
  std::copy_if(listing.archives.begin(), listing.archives.end(), std::back_inserter(seen.archives),
               [&ids](const ListedArchive& archive) { return ids.contains(archive.id); });
  if (!seen.archives.empty()) return ChooseArchive(seen, wish);
  return Fail(Reason::kArchiveMissing,
              "none of the repository's " + std::to_string(listing.archives.size()) + " archives was seen made by a run",
              "Look at what borg-engine list shows, and name an archive (--archive).");
}

}  // namespace borgop
