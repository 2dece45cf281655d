// Whether an archive can be unpacked below a directory without reaching out of it.
//
// borg extract follows what is a symbolic link by then: an archive with a link `a` to /etc and a file `a/passwd` writes to /etc, and so does
// `a/../../etc/passwd`. An honest borg create never stores the latter, and the former only where it was given both paths; a T that was taken
// over stores what it likes. So the items are looked at first, in the order in which they will be unpacked.
//
// Paths are as borg says them, where several can look alike (borg/item_list.h): then this refuses rather than not.
//
// Threading: one thread. Memory: the archive's links. Source: borg 1.2.4 and 1.4.5, Archive.extract_item.
#pragma once

#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/borg/item_list.h"

namespace borgop {

class ItemCheck {
 public:
  // `links_there`: symbolic links that are below the directory already, relative to it, as borg would say them. `in_place`: the links are where
  // they were when the archive was made, and may be followed.
  ItemCheck(const std::vector<std::string>& links_there, bool in_place);

  // What is wrong with this item; nothing where it may be unpacked.
  std::optional<std::string> See(const ListedItem& item);

 private:
  std::unordered_set<std::string> links_;
  bool in_place_;
};

}  // namespace borgop
