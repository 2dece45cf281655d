// Typed access to a Node: a Field is a place in a file (line and key path) with or without a value, a Section is a map whose keys
// are known. Both report what does not fit to Problems and go on, so that all problems of a file are found in one pass.
//
// Thread safety: none needed. Ownership: they point into the tree and at Problems, which must outlive them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/secret.h"
#include "engine/plan/document.h"

namespace borgop {

class Field {
 public:
  // `node` may be null: the value is absent, and `line` is where it would have to be.
  Field(const Node* node, std::uint32_t line, std::string path, Problems* problems);

  bool present() const { return node_ != nullptr; }
  const Node* node() const { return node_; }
  std::uint32_t line() const { return line_; }
  const std::string& path() const { return path_; }
  Problems* problems() const { return problems_; }
  // Reports; nothing is added where `what` is empty.
  void Problem(std::string_view what) const;

  // Each gives nullopt (or an empty list) where the value is absent, and where it does not fit, which it reports.
  std::optional<std::string> Text() const;  // never with a NUL
  std::optional<Secret> SecretText() const;
  std::optional<std::string> Word() const;  // as Text, and numbers and booleans of YAML as they are written
  std::optional<std::int64_t> Integer(std::int64_t low, std::int64_t high) const;
  std::optional<bool> Boolean() const;
  std::vector<Field> List() const;
  // Reports where the value is absent.
  const Field& Required(std::string_view what_to_do) const;

 private:
  enum class Show { kNo, kYes };
  std::optional<std::string> StringOf(Show value) const;
  bool IsScalar(std::string_view wanted) const;
  const Node* node_;
  std::uint32_t line_;
  std::string path_;
  Problems* problems_;
};

enum class KeyCase { kExact, kFolded };

class Section {
 public:
  // Reports a value that is no map, keys that are not among `names`, and keys that are given twice.
  Section(Field field, std::vector<std::string_view> names, KeyCase key_case);

  bool present() const { return field_.node() != nullptr && field_.node()->kind == Node::Kind::kMap; }
  const Field& field() const { return field_; }
  // `name` is one of the names; the Field's path has it as it stands in `names`.
  Field operator[](std::string_view name) const;

 private:
  Field field_;
  std::vector<std::string_view> names_;
  KeyCase key_case_;
};

}  // namespace borgop
