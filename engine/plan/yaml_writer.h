// A Plan as YAML, in the form that yaml_reader.h reads: for `convert`, and for whoever makes plans.
//
// Thread safety: pure function. Secrets: the text holds them all; the caller wipes it.
#pragma once

#include <string>

#include "engine/plan/plan.h"

namespace borgop {

// Reading the text gives the same plan, byte for byte in every string. What has its default value is left out.
std::string WriteYaml(const Plan& plan);

}  // namespace borgop
