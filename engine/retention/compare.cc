#include "engine/retention/compare.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "engine/base/finding.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

constexpr std::size_t kNamed = 3;

// "2 are gone (a, b)"; empty where there are none.
std::string Part(const std::vector<const LedgerArchive*>& archives, std::string_view one, std::string_view several) {
  if (archives.empty()) return {};
  std::string text = std::to_string(archives.size()) + ' ' + std::string(archives.size() == 1 ? one : several) + " (";
  for (std::size_t i = 0; i < std::min(archives.size(), kNamed); ++i)
    text += (i == 0 ? "" : ", ") + Printable(archives[i]->name, 100);
  return text + (archives.size() > kNamed ? ", ...)" : ")");
}

std::string Ids(const std::vector<const LedgerArchive*>& archives) {
  std::string ids;
  for (const LedgerArchive* archive : archives) ids += archive->id + ' ';
  return ids;
}

}  // namespace

Comparison Compare(const Ledger& ledger, const Listing& listing) {
  Comparison result;
  result.same_repository = ledger.repository_id == listing.repository_id;
  std::unordered_map<std::string_view, const LedgerArchive*> known;
  for (const LedgerArchive& archive : ledger.archives) known.emplace(archive.id, &archive);
  std::unordered_set<const LedgerArchive*> found;
  std::unordered_set<std::string_view> ids, names;
  for (const ListedArchive& listed : listing.archives) {
    ids.insert(listed.id);
    names.insert(listed.name);
    const auto match = known.find(listed.id);
    if (match != known.end() && match->second->name == listed.name) {
      found.insert(match->second);
    } else {
      result.strangers.push_back(&listed);
    }
  }
  for (const LedgerArchive& archive : ledger.archives) {
    if (archive.dropped) {
      if (found.contains(&archive)) result.undone.push_back(&archive);
    } else if (found.contains(&archive)) {
      result.present.push_back(&archive);
    } else if (names.contains(archive.name)) {
      result.changed.push_back(&archive);
    } else if (ids.contains(archive.id)) {
      result.renamed.push_back(&archive);
    } else {
      result.missing.push_back(&archive);
    }
  }
  return result;
}

Status Accusation(const Comparison& comparison) {
  if (!comparison.same_repository)
    return Fail(Reason::kRepositoryTampered, "the repository is not the one whose archives were seen made: its id is another");
  std::string what;
  for (const std::string& part :
       {Part(comparison.missing, "is gone", "are gone"), Part(comparison.changed, "is another one now", "are others now"),
        Part(comparison.renamed, "has another name now", "have other names now")}) {
    if (!part.empty()) what += (what.empty() ? "" : ", ") + part;
  }
  if (what.empty()) return {};
  return Fail({Reason::kRepositoryTampered,
               "of the archives that were seen made and not dropped, " + what,
               {},
               FindingId({"archives", Ids(comparison.missing), Ids(comparison.changed), Ids(comparison.renamed)})});
}

}  // namespace borgop
