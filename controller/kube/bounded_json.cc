#include "controller/kube/bounded_json.h"

namespace borgop::kube {
namespace {

bool IsTooDeep(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxJsonDepth) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

std::optional<nlohmann::json> ParseBoundedJson(std::string_view text) {
  if (IsTooDeep(text)) return std::nullopt;
  nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_discarded()) return std::nullopt;
  return document;
}

const nlohmann::json* Find(const nlohmann::json& object, std::initializer_list<std::string_view> path) {
  const nlohmann::json* at = &object;
  for (const std::string_view key : path) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end()) return nullptr;
    at = &*found;
  }
  return at;
}

std::string TextAt(const nlohmann::json& object, std::initializer_list<std::string_view> path) {
  const nlohmann::json* found = Find(object, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::string TextAt(const nlohmann::json& object, std::string_view key) { return TextAt(object, {key}); }

}  // namespace borgop::kube
