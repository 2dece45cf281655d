#include "controller/kube/kubeconfig.h"
#include "tests/fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::Text(data, size);
  std::vector<kube::KubeconfigText> files(1);
  files[0].path = "/somewhere/config";
  files[0].text = Secret(text);
  static_cast<void>(kube::ReadKubeconfig(files));
  return 0;
}
