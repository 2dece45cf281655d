// The name of an object in a repository: 32 bytes that its client chose. Values.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace borgop::guard {

using ObjectId = std::array<char, 32>;  // the repository's own id has the same form

// manifest.py: the one object that names all archives, and the only one that is overwritten.
inline constexpr ObjectId kManifestId{};

std::optional<ObjectId> ObjectIdOf(std::string_view bytes);
std::string Hex(const ObjectId& id);

}  // namespace borgop::guard
