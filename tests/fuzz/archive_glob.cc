#include "engine/plan/archive_glob.h"

#include "tests/fuzz/fuzzer.h"

// The glob, a line break, and a name.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::Text(data, size);
  const std::size_t newline = text.find('\n');
  if (newline == std::string_view::npos) return 0;
  const std::string_view name = text.substr(newline + 1);
  const auto glob = ArchiveGlob::Parse(text.substr(0, newline));
  if (!glob) return 0;
  const bool matches = glob->Matches(name);
  const auto folders = ArchiveGlob::Parse("**/" + std::string(text.substr(0, newline)));
  fuzz::Must(folders && (!matches || folders->Matches(name)), "with any number of folders before it, none included");
  return 0;
}
