#include "engine/guard/object_id.h"

#include <algorithm>

#include "engine/base/hex.h"

namespace borgop::guard {

std::optional<ObjectId> ObjectIdOf(std::string_view bytes) {
  ObjectId id{};
  if (bytes.size() != id.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), id.begin());
  return id;
}

std::string Hex(const ObjectId& id) {
  std::string hex;
  for (const char byte : id) AppendHex(hex, static_cast<unsigned char>(byte));
  return hex;
}

}  // namespace borgop::guard
