// Whether one list of archives may follow another, where all that happened in between is one `borg create`.
//
// Thread safety: pure function.
#pragma once

#include <optional>
#include <string>

#include "engine/borg/output.h"

namespace borgop {

// What is wrong with it, in words; nothing: each archive that was there is there, with its name, its id and its time, and at most one is new and
// has an id of its own, unfinished ones included. borg writes its list with the new archive's checkpoint in it, if there is time for one, and with the
// archive, or a newer checkpoint, in its place later.
std::optional<std::string> Objection(const Listing& before, const Listing& after);

}  // namespace borgop
