// A finding: that a repository is not what it was. Whoever has looked into it acknowledges that very finding by its id, and nothing else
// by it: the id is worked out from what was known and what there is instead.
//
// Thread safety: pure function.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace borgop {

// 32 lower-case hexadecimal digits: of the SHA-256 of all facts, each with its length. The first says what kind of finding it is.
std::string FindingId(std::initializer_list<std::string_view> facts);
// Whether a person's text can be one.
bool IsFindingId(std::string_view text);

}  // namespace borgop
