// TOML text as a tree of Nodes. The only user of toml++.
//
// Thread safety: pure function. Errors: kInvalidConfig, complete messages with file, line and column.
#pragma once

#include <string_view>

#include "engine/base/result.h"
#include "engine/plan/document.h"

namespace borgop {

Result<Node> ParseToml(std::string_view text, std::string_view file_name);

}  // namespace borgop
