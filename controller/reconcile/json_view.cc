#include "controller/reconcile/json_view.h"

#include "engine/base/rfc3339.h"

namespace borgop::controller {

using nlohmann::json;

const json* Find(const json& document, JsonPath path) {
  const json* at = &document;
  for (const char* key : path) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end() || found->is_null()) return nullptr;
    at = &*found;
  }
  return at;
}

const json& ListAt(const json& document, JsonPath path) {
  static const json kEmpty = json::array();
  const json* found = Find(document, path);
  return found != nullptr && found->is_array() ? *found : kEmpty;
}

std::string TextAt(const json& document, JsonPath path) {
  const json* found = Find(document, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

bool TrueAt(const json& document, JsonPath path) {
  const json* found = Find(document, path);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

std::optional<std::int64_t> IntegerAt(const json& document, JsonPath path) {
  const json* found = Find(document, path);
  return found != nullptr && found->is_number_integer() ? std::optional(found->get<std::int64_t>()) : std::nullopt;
}

std::optional<std::uint64_t> CountAt(const json& document, JsonPath path) {
  const json* found = Find(document, path);
  return found != nullptr && found->is_number_unsigned() ? std::optional(found->get<std::uint64_t>()) : std::nullopt;
}

std::optional<WallTime> TimeAt(const json& document, JsonPath path) { return ParseRfc3339(TextAt(document, path)); }

bool IsDeleting(const json& object) { return Find(object, {"metadata", "deletionTimestamp"}) != nullptr; }

const json* TrueCondition(const json& document, std::string_view type) {
  for (const json& condition : ListAt(document, {"status", "conditions"})) {
    if (TextAt(condition, {"type"}) == type && TextAt(condition, {"status"}) == "True") return &condition;
  }
  return nullptr;
}

}  // namespace borgop::controller
