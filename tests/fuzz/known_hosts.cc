#include "engine/plan/known_hosts.h"
#include "tests/fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::Text(data, size);
  const Result<std::vector<PinnedKey>> keys = KeysFor(text, "web.example.org", 2222);
  if (keys) fuzz::Must(!keys->empty(), "there is a key or an error");
  if (keys) fuzz::Must(CheckKnownHosts(text).has_value(), "keys come from a good text only");
  return 0;
}
