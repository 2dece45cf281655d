// Which of the two forms a text that cannot be read was probably meant to be: whoever gives the one where the other is wanted is better told
// so than about brackets.
//
// Thread safety: pure functions.
#pragma once

#include <string_view>

namespace borgop {

// By the first line that is neither blank nor a comment: `[Table]` or `Key = ...`.
bool LooksLikeToml(std::string_view text);
// As above: `---`, `%YAML`, `{` or `key: ...`.
bool LooksLikeYaml(std::string_view text);

}  // namespace borgop
