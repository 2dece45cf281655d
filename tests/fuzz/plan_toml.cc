#include "engine/plan/toml_reader.h"
#include "engine/plan/yaml_reader.h"
#include "engine/plan/yaml_writer.h"
#include "tests/fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::Text(data, size);
  const Result<Plan> plan = ReadToml(text, "backups.toml");
  if (!plan) return 0;
  const std::string written = WriteYaml(*plan);
  const Result<Plan> again = ReadYaml(written, "plan.yaml");
  fuzz::Must(again.has_value(), "what convert writes is a plan");
  if (again) fuzz::Must(WriteYaml(*again) == written, "and means the same");
  return 0;
}
