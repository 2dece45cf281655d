// Files on T as they are now, beside what an archive has of them.
//
// T answers by its own tools: stat (GNU's, busybox's or BSD's) and one of sha256sum, shasum and openssl. A file whose size or time (to the
// second) is another than the archive's has changed since, and is not compared.
//
// The answers come from T, which can say what it likes: they show what was damaged on the way, not what T hides.
//
// Threading: the loop's thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/borg/item_list.h"
#include "engine/remote/keeper.h"

namespace borgop {

struct LiveFile {
  enum class State : std::uint8_t { kUnknown, kMissing, kUnreadable, kChanged, kHashed };
  State state = State::kUnknown;
  std::string sha256;  // kHashed: 64 lower-case hexadecimal digits
};

// sh reads it from its standard input.
std::string LiveFilesScript(const std::vector<ListedItem>& items);
// What that printed: a line a file, in any order. Lines that are none of these are passed over.
std::vector<LiveFile> ParseLiveFiles(std::string_view text, std::size_t files);

// One for each of `items`. Errors: kVerifyFailed where T lacks the tools; those of StartScript.
Task<Result<std::vector<LiveFile>>> ReadLiveFiles(Context context, Connection& connection, Keeper& keeper,
                                                  const std::vector<ListedItem>& items);

}  // namespace borgop
