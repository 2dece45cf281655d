// YAML text (1.2, one document) as a tree of Nodes. The only user of yaml-cpp.
//
// Anchors and aliases work, within the limits of document.h after they are expanded. `!!binary` scalars are decoded; `!!str` makes a
// string; other tags, keys that are no single values, keys given twice and control characters are refused.
//
// Thread safety: pure function. Errors: kInvalidConfig, complete messages with file, line and column.
#pragma once

#include <string_view>

#include "engine/base/result.h"
#include "engine/plan/document.h"

namespace borgop {

Result<Node> ParseYaml(std::string_view text, std::string_view file_name);

}  // namespace borgop
