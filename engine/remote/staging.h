// A place on B where a repository is made before it appears at its path.
//
// `borg init` takes several steps, and what is left when it is cut in the middle is a directory that no borg opens and that nobody
// should remove unseen. So it runs in a directory beside the final path, which is renamed once it is whole, and which the keeper
// removes on every way out before that.
//
// Threading: the loop's thread.
#pragma once

#include <optional>
#include <string>

#include "engine/remote/keeper.h"

namespace borgop {

// Whether there is a directory with nothing in it: for borg that is no repository yet, and `borg init` takes it. Errors: those of StartScript.
Task<Result<bool>> IsEmptyDirectory(Context context, Connection& connection, std::string path);

// Makes the directory; nothing where that cannot be (the parent is not writable, the path itself is a mount point or a link): then
// the repository has to be made in place. Errors: those of StartScript.
Task<Result<std::optional<std::string>>> StageRepository(Context context, Connection& connection, const Keeper& keeper,
                                                         std::string path);

// Renames what was made in `staging` to `path`. Errors: kInitFailed when something is there by now.
Task<Status> PublishRepository(Context context, Connection& connection, const Keeper& keeper, std::string staging,
                               std::string path);

// What they run in B's shell. `registry` is the keeper's folder, in which staging.rm names what it has to remove.
std::string EmptinessScript(const std::string& path);
std::string StagingScript(const std::string& path, const std::string& registry);
std::string PublishingScript(const std::string& staging, const std::string& path, const std::string& registry);

}  // namespace borgop
