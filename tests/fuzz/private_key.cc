#include "engine/plan/private_key.h"
#include "tests/fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::Text(data, size);
  const Status plain = CheckPrivateKey(Secret(text), Secret());
  const Status encrypted = CheckPrivateKey(Secret(text), Secret("open sesame"));
  if (!plain) fuzz::Must(plain.error().message.size() < 400, "an error holds nothing of the key");
  if (!encrypted) fuzz::Must(encrypted.error().message.size() < 400, "an error holds nothing of the key");
  return 0;
}
