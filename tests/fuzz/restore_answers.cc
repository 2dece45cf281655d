// What T answers when it is asked what is in the way, and what its files are now.
#include "engine/restore/conflicts.h"
#include "engine/restore/live_files.h"
#include "tests/fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::Text(data, size);
  Conflicts conflicts;
  ConflictReader reader(conflicts);
  reader.Feed(text.substr(0, size / 2));
  reader.Feed(text.substr(size / 2));
  fuzz::Must(conflicts.paths.size() <= Conflicts::kMaxPaths && conflicts.paths.size() <= conflicts.count, "few are kept");
  fuzz::Must(conflicts.count <= size, "no more than were said");
  const auto live = ParseLiveFiles(text, 3);
  fuzz::Must(live.size() == 3, "one for each");
  for (const LiveFile& file : live) fuzz::Must(file.state != LiveFile::State::kHashed || file.sha256.size() == 64, "a hash");
  return 0;
}
