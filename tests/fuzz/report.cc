#include "engine/report/report_reader.h"
#include "tests/fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::Text(data, size);
  static_cast<void>(ReadReport(text));
  static_cast<void>(ReadReportFromLog(text));
  return 0;
}
