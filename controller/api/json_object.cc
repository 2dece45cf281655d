#include "controller/api/json_object.h"

#include <algorithm>
#include <utility>

namespace borgop::api {

using nlohmann::json;

std::string ToString(const Problems& problems) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(problems.size(), kShown); ++i) {
    if (i > 0) text += "; ";
    text += problems[i].field + ' ' + problems[i].message;
  }
  if (problems.size() > kShown) text += "; and " + std::to_string(problems.size() - kShown) + " more";
  return text;
}

namespace {

// The engine takes none anywhere.
std::string NulProblem(const std::string& text) {
  return text.find('\0') == std::string::npos ? std::string() : std::string("has a NUL byte in it (remove it)");
}

}  // namespace

Object::Object(const json* value, std::string path, Problems& problems) : path_(std::move(path)), problems_(&problems) {
  if (value == nullptr || value->is_null()) return;
  if (value->is_object()) {
    json_ = value;
  } else {
    problems_->push_back({path_, "is not an object"});
  }
}

const json* Object::Find(const char* key) const {
  if (json_ == nullptr) return nullptr;
  const auto found = json_->find(key);
  return found == json_->end() || found->is_null() ? nullptr : &*found;
}

void Object::Problem(std::string_view key, std::string message) const {
  if (!message.empty()) problems_->push_back({PathOf(key), std::move(message)});
}

Object Object::RequiredChild(const char* key) const {
  if (present() && Find(key) == nullptr) Problem(key, "is missing");
  return Child(key);
}

std::optional<std::string> Object::Text(const char* key, Rule rule) const {
  const json* value = Find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    Problem(key, "is not a text");
    return std::nullopt;
  }
  std::string text = value->get<std::string>();
  Problem(key, NulProblem(text));
  if (rule != nullptr) Problem(key, rule(text));
  return text;
}

std::string Object::RequiredText(const char* key, Rule rule) const {
  if (present() && Find(key) == nullptr) Problem(key, "is missing");
  return Text(key, rule).value_or("");
}

std::vector<std::string> Object::Texts(const char* key, Rule rule) const {
  std::vector<std::string> texts;
  const json* list = Find(key);
  if (list == nullptr) return texts;
  if (!list->is_array()) {
    Problem(key, "is not a list");
    return texts;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string place = std::string(key) + '[' + std::to_string(i) + ']';
    if (!(*list)[i].is_string()) {
      Problem(place, "is not a text");
      continue;
    }
    texts.push_back((*list)[i].get<std::string>());
    Problem(place, NulProblem(texts.back()));
    if (rule != nullptr) Problem(place, rule(texts.back()));
  }
  return texts;
}

std::vector<std::vector<std::string>> Object::TextLists(const char* key) const {
  std::vector<std::vector<std::string>> lists;
  const json* outer = Find(key);
  if (outer == nullptr) return lists;
  if (!outer->is_array()) {
    Problem(key, "is not a list");
    return lists;
  }
  for (std::size_t i = 0; i < outer->size(); ++i) {
    const std::string place = std::string(key) + '[' + std::to_string(i) + ']';
    const json inner = {{place, (*outer)[i]}};
    if ((*outer)[i].is_null()) Problem(place, "is not a list");
    lists.push_back(Object(&inner, path_, *problems_).Texts(place.c_str()));
  }
  return lists;
}

std::optional<std::int64_t> Object::Integer(const char* key, std::int64_t low, std::int64_t high) const {
  const json* value = Find(key);
  if (value == nullptr) return std::nullopt;
  // A number beyond int64 is an unsigned one here, and would wrap.
  const bool fits = value->is_number_integer() &&
                    !(value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX));
  const std::int64_t number = fits ? value->get<std::int64_t>() : 0;
  if (fits && number >= low && number <= high) return number;
  Problem(key, "is not a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return std::nullopt;
}

std::optional<bool> Object::Boolean(const char* key) const {
  const json* value = Find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  Problem(key, "is neither true nor false");
  return std::nullopt;
}

}  // namespace borgop::api
