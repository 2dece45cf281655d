#include "engine/base/rfc3339.h"

#include "tests/fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const auto time = ParseRfc3339(fuzz::Text(data, size));
  if (!time) return 0;
  const std::string written = FormatRfc3339(*time, 6);
  const auto again = ParseRfc3339(written);
  fuzz::Must(again.has_value(), "what is written can be read");
  if (again) fuzz::Must(FormatRfc3339(*again, 6) == written, "and means the same");
  return 0;
}
