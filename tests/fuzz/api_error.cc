#include "controller/kube/error.h"
#include "tests/fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::Text(data, size);
  for (const int status : {200, 400, 403, 409, 410, 429, 500}) {
    const std::string words = kube::Describe(kube::ErrorFromAnswer(status, text));
    fuzz::Must(words.size() < 8192, "a stranger's answer is quoted in part");
    fuzz::Must(words.find('\n') == std::string::npos, "and on one line");
  }
  return 0;
}
