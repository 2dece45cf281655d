#include "engine/guard/object_id.h"

#include <algorithm>

namespace borgop::guard {

std::optional<ObjectId> ObjectIdOf(std::string_view bytes) {
  ObjectId id{};
  if (bytes.size() != id.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), id.begin());
  return id;
}

std::string Hex(const ObjectId& id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char byte : id) {
    hex += kDigits[static_cast<unsigned char>(byte) >> 4U];
    hex += kDigits[static_cast<unsigned char>(byte) & 0x0fU];
  }
  return hex;
}

}  // namespace borgop::guard
