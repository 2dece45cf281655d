// Reads a plan from its file.
//
// Thread safety: pure but for the file system. Errors: kInvalidConfig, with all problems.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/plan/plan.h"

namespace borgop {

// The YAML form, up to 16 MiB. The file's text is wiped from memory afterwards.
Result<Plan> ReadPlanFile(const std::string& path);

}  // namespace borgop
