// Which archive of a repository is meant.
//
// Times are those that the archives carry: T made them, by its own clock.
//
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>

#include "engine/borg/output.h"
#include "engine/restore/point_in_time.h"

namespace borgop {

inline constexpr std::string_view kLatest = "latest";

struct ArchiveWish {
  std::string name{kLatest};         // or a name, or an id of 64 digits
  std::optional<PointInTime> as_of;  // the newest that was begun by then; `name` is kLatest
};

// When it was begun. Errors: kBorgOutputInvalid.
Result<PointInTime> StartOf(const ListedArchive& archive);

// Of equally old archives the one that borg lists last. Errors: kArchiveMissing, with what there is; those of StartOf.
Result<ListedArchive> ChooseArchive(const Listing& listing, const ArchiveWish& wish);

}  // namespace borgop
