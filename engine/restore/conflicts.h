// What is in the way of items that are to be unpacked in a directory, on C or on T.
//
// In the way is: for an item that is no directory, anything of that name, links included; for a directory, anything of that name that is no
// directory. Directories are merged: borg changes their mode, owner and times to the archive's.
//
// A "?" in a path as borg says it (borg/item_list.h) may stand for any byte: whatever is there and fits is in the way.
//
// Threading: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/borg/item_list.h"

namespace borgop {

// Found so far: all are counted, few are kept.
struct Conflicts {
  static constexpr std::size_t kMaxPaths = 20;
  std::vector<std::string> paths;  // relative to the directory, as they are there
  std::uint64_t count = 0;

  void Add(std::string_view path);
};

// On this machine.
void FindConflictsHere(const std::string& directory, const ListedItem& item, Conflicts& conflicts);

// On T: sh reads from its standard input first ConflictScript, then a ConflictLine for each item, and then ConflictEnd. It prints records that
// end in NUL: "c" and a path, "e" at the end.
std::string ConflictScript(const std::string& directory);
std::string ConflictLine(const ListedItem& item);
std::string ConflictEnd();

// Reads those records, in any pieces. A record that is longer than 8 KiB is cut; the bytes are T's.
class ConflictReader {
 public:
  explicit ConflictReader(Conflicts& conflicts) : conflicts_(conflicts) {}
  void Feed(std::string_view bytes);
  // "e" has come, and nothing after it.
  bool ended() const { return ended_; }

 private:
  Conflicts& conflicts_;
  std::string record_;
  bool ended_ = false;
};

}  // namespace borgop
