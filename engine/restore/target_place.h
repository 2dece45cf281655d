// Looking at a directory on T before anything is unpacked there, and making it.
//
// Threading: the loop's thread. What a cut run leaves is the keeper's to end.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/remote/keeper.h"
#include "engine/restore/conflicts.h"

namespace borgop {

enum class Place { kAbsent, kEmpty, kFull };

// Errors: kFilesInTheWay when something else is there, kRestoreFailed when it cannot be looked into, and those of StartScript.
Task<Result<Place>> LookAtTarget(Context context, Connection& connection, Keeper& keeper, std::string directory);

// Makes it and what is above it (mode 0700), where it is not there, and sees that something can be written to it. Errors: kRestoreFailed; those of
// StartScript.
Task<Status> MakeTargetDirectory(Context context, Connection& connection, Keeper& keeper, std::string directory);

// What is in the way of the items that `feed` hands to the `see` it is given. Errors: those of `feed`; kRestoreFailed.
using SeeItems = std::function<Task<Status>(Context, const std::vector<ListedItem>&)>;
using FeedItems = std::function<Task<Status>(Context, SeeItems)>;
Task<Result<Conflicts>> FindConflictsOnTarget(Context context, Connection& connection, Keeper& keeper, std::string directory,
                                              FeedItems feed);

}  // namespace borgop
