#include "controller/kube/exec_plugin.h"
#include "tests/fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::Text(data, size);
  static_cast<void>(kube::ReadExecCredential(text, "client.authentication.k8s.io/v1"));
  return 0;
}
