// Reads objects of the API: values with their place, and all that is wrong with them.
//
// A schema in the API server has refused most mistakes before; what is left (objects older than the schema, rules that a schema
// cannot state) must become a condition that names the field, so no reader stops at the first problem and none throws.
//
// Thread safety: none needed. Ownership: an Object refers to the JSON and to the list of problems.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace borgop::api {

struct FieldProblem {
  std::string field;    // "spec.source.paths[0]"
  std::string message;  // fit to follow "FIELD "
  bool operator==(const FieldProblem&) const = default;
};
using Problems = std::vector<FieldProblem>;
std::string ToString(const Problems& problems);  // "spec.x is …; spec.y is …", at most a few

template <class T>
using Read = tl::expected<T, Problems>;

using Rule = std::string (*)(std::string_view);  // as in engine/plan/rules.h

class Object {
 public:
  // `value` may be null (nothing is there) or of another type (reported).
  Object(const nlohmann::json* value, std::string path, Problems& problems);

  bool present() const { return json_ != nullptr; }
  const nlohmann::json* Find(const char* key) const;  // null where it is not there or null
  std::string PathOf(std::string_view key) const { return path_ + '.' + std::string(key); }
  void Problem(std::string_view key, std::string message) const;

  Object Child(const char* key) const { return {Find(key), PathOf(key), *problems_}; }
  Object RequiredChild(const char* key) const;
  std::optional<std::string> Text(const char* key, Rule rule = nullptr) const;
  std::string RequiredText(const char* key, Rule rule = nullptr) const;
  std::vector<std::string> Texts(const char* key, Rule rule = nullptr) const;
  // A list of lists.
  std::vector<std::vector<std::string>> TextLists(const char* key) const;
  std::optional<std::int64_t> Integer(const char* key, std::int64_t low, std::int64_t high) const;
  std::optional<bool> Boolean(const char* key) const;

 private:
  const nlohmann::json* json_ = nullptr;
  std::string path_;
  Problems* problems_;
};

}  // namespace borgop::api
