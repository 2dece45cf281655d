// Looking at a directory on this machine before anything is unpacked there, and making it.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"

namespace borgop {

struct PlaceHere {
  bool there = false, empty = true;
  // Symbolic links below it, relative to it, as borg would say them (borg/item_list.h).
  std::vector<std::string> links;
};

// Errors: kFilesInTheWay when something else is there, kRestoreFailed when it cannot be looked into.
Result<PlaceHere> LookHere(const std::string& directory);
// Makes it and what is above it, with mode 0700, where it is not there. Errors: kRestoreFailed.
Status MakeDirectoryHere(const std::string& directory);

}  // namespace borgop
