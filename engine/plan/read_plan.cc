#include "engine/plan/read_plan.h"

#include "engine/base/secret.h"
#include "engine/plan/document.h"
#include "engine/plan/input_file.h"
#include "engine/plan/yaml_reader.h"

namespace borgop {

Result<Plan> ReadPlanFile(const std::string& path) {
  Result<std::string> text = ReadInputFile(path, kMaxInputSize);
  if (!text) {
    Problems problems(path);
    problems.Add(0, text.error().message);
    return Fail(problems.ToError());
  }
  Result<Plan> plan = ReadYaml(*text, path);
  Wipe(*text);
  return plan;
}

}  // namespace borgop
