#include "engine/restore/archive_choice.h"

#include <algorithm>
#include <vector>

#include "engine/base/rfc3339.h"
#include "engine/plan/document.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

std::string ShownName(const ListedArchive& archive) { return Printable(archive.name, 200); }

tl::unexpected<Error> NoSuchName(const Listing& listing, const std::string& name) {
  std::vector<std::string_view> names;
  for (const ListedArchive& archive : listing.archives) names.emplace_back(archive.name);
  std::string message = "the repository has no archive " + Quoted(name);
  const std::string_view nearest = NearestName(name, names);
  if (!nearest.empty()) return Fail(Reason::kArchiveMissing, message + "; did you mean " + Quoted(nearest) + "?");
  return Fail(Reason::kArchiveMissing, message + "; its newest is " + Quoted(listing.archives.back().name));
}

}  // namespace

Result<PointInTime> StartOf(const ListedArchive& archive) {
  const auto start = ParseRfc3339(archive.start + "Z");
  if (!start)
    return Fail(Reason::kBorgOutputInvalid,
                "the archive " + ShownName(archive) + " has a time that is none: " + Printable(archive.start, 70));
  return *start;
}

Result<ListedArchive> ChooseArchive(const Listing& listing, const ArchiveWish& wish) {
  if (listing.archives.empty()) return Fail(Reason::kArchiveMissing, "the repository has no archive yet", "Back up first.");
  if (wish.name != kLatest) {
    for (const ListedArchive& archive : listing.archives)
      if (archive.name == wish.name || archive.id == wish.name) return archive;
    return NoSuchName(listing, wish.name);
  }
  const ListedArchive* chosen = nullptr;
  const ListedArchive* oldest = nullptr;
  PointInTime chosen_start, oldest_start;
  for (const ListedArchive& archive : listing.archives) {
    const Result<PointInTime> start = StartOf(archive);
    if (!start) return Fail(start.error());
    if (oldest == nullptr || *start < oldest_start) {
      oldest = &archive;
      oldest_start = *start;
    }
    if (wish.as_of && *start > *wish.as_of) continue;
    if (chosen != nullptr && *start < chosen_start) continue;
    chosen = &archive;
    chosen_start = *start;
  }
  if (chosen != nullptr) return *chosen;
  return Fail(Reason::kArchiveMissing, "the repository has no archive that was begun by " + FormatRfc3339(*wish.as_of, 0) +
                                           "; its oldest is " + Quoted(oldest->name) + " of " + FormatRfc3339(oldest_start, 0));
}

}  // namespace borgop
