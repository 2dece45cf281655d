#include "engine/plan/yaml_reader.h"
#include "engine/plan/yaml_writer.h"
#include "tests/fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::Text(data, size);
  const Result<Plan> plan = ReadYaml(text, "plan.yaml");
  if (!plan) return 0;
  const std::string written = WriteYaml(*plan);
  const Result<Plan> again = ReadYaml(written, "plan.yaml");
  fuzz::Must(again.has_value(), "what the engine writes it accepts");
  if (again) fuzz::Must(WriteYaml(*again) == written, "a plan that was written means the same");
  return 0;
}
