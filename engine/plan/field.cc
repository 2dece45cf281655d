#include "engine/plan/field.h"

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "engine/plan/plain_scalar.h"

namespace borgop {
namespace {

constexpr std::size_t kMaxShown = 60;

bool SameKey(std::string_view a, std::string_view b, KeyCase key_case) {
  if (a.size() != b.size()) return false;
  return key_case == KeyCase::kExact ? a == b : strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string Joined(std::string_view parent, std::string_view name) {
  return parent.empty() ? std::string(name) : std::string(parent) + '.' + std::string(name);
}

// A key as part of a path: bare where it reads well.
std::string PathComponent(std::string_view key) {
  const bool bare = !key.empty() && key.size() <= 60 && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return bare ? std::string(key) : Quoted(key);
}

// "a, b or c"
std::string Listed(const std::vector<std::string_view>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "" : i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

std::optional<std::int64_t> ParseDecimal(std::string_view text) {
  const std::string_view digits = text.substr(text.substr(0, 1) == "-" ? 1 : 0);
  if (digits.size() > 1 && digits[0] == '0') return std::nullopt;  // YAML's versions differ on what 010 is
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Field::Field(const Node* node, std::uint32_t line, std::string path, Problems* problems)
    : node_(node), line_(line), path_(std::move(path)), problems_(problems) {}

void Field::Problem(std::string_view what) const {
  if (what.empty()) return;
  if (path_.empty()) {
    problems_->Add(line_, what);
  } else {
    problems_->Add(line_, path_, what);
  }
}

bool Field::IsScalar(std::string_view wanted) const {
  if (node_ == nullptr) return false;
  switch (node_->kind) {
    case Node::Kind::kNull: Problem("has no value (give it one, or remove the key)"); return false;
    case Node::Kind::kList:
    case Node::Kind::kMap: Problem("must be " + std::string(wanted) + ", not " + std::string(KindName(node_->kind))); return false;
    default: return true;
  }
}

std::optional<std::string> Field::StringOf(Show value) const {
  if (!IsScalar("a string")) return std::nullopt;
  const Node::Kind kind = node_->kind == Node::Kind::kWord ? PlainScalarKind(node_->text) : node_->kind;
  if (kind != Node::Kind::kText) {
    const bool shown = value == Show::kYes && node_->kind == Node::Kind::kWord && node_->text.size() <= kMaxShown;
    Problem("must be a string, not " + std::string(KindName(kind)) + " (put it in quotes" +
            (shown ? ": '" + node_->text + "'" : "") + ')');
    return std::nullopt;
  }
  return Word();
}

std::optional<std::string> Field::Word() const {
  if (!IsScalar("a string")) return std::nullopt;
  if (node_->text.find('\0') != std::string::npos) {
    Problem("has a NUL byte in it (remove it)");
    return std::nullopt;
  }
  return node_->text;
}

std::optional<std::string> Field::Text() const { return StringOf(Show::kYes); }

std::optional<Secret> Field::SecretText() const {
  std::optional<std::string> text = StringOf(Show::kNo);
  if (!text) return std::nullopt;
  return Secret::Consume(std::move(*text));
}

std::optional<std::int64_t> Field::Integer(std::int64_t low, std::int64_t high) const {
  if (!IsScalar("a whole number")) return std::nullopt;
  if (node_->kind != Node::Kind::kWord && node_->kind != Node::Kind::kInteger) {
    Problem("must be a whole number, not " + std::string(KindName(node_->kind)) + " (write it without quotes)");
    return std::nullopt;
  }
  const std::string range = "from " + std::to_string(low) + " to " + std::to_string(high);
  const std::optional<std::int64_t> value = ParseDecimal(node_->text);
  if (!value) {
    Problem("must be a whole number " + range + ", in decimal digits only, not " + Quoted(node_->text));
    return std::nullopt;
  }
  if (*value < low || *value > high) {
    Problem("is " + std::to_string(*value) + " (use a number " + range + ")");
    return std::nullopt;
  }
  return value;
}

std::optional<bool> Field::Boolean() const {
  if (!IsScalar("true or false")) return std::nullopt;
  if (node_->kind != Node::Kind::kWord && node_->kind != Node::Kind::kBoolean) {
    Problem("must be true or false, not " + std::string(KindName(node_->kind)) + " (write it without quotes)");
    return std::nullopt;
  }
  if (node_->text == "true") return true;
  if (node_->text == "false") return false;
  Problem("must be true or false, not " + Quoted(node_->text));
  return std::nullopt;
}

std::vector<Field> Field::List() const {
  std::vector<Field> items;
  if (node_ == nullptr) return items;
  if (node_->kind == Node::Kind::kNull) {
    Problem("has no value (give it one, or remove the key)");
  } else if (node_->kind != Node::Kind::kList) {
    Problem("must be a list, not " + std::string(KindName(node_->kind)));
  } else {
    for (std::size_t i = 0; i < node_->children.size(); ++i) {
      const Node& child = node_->children[i];
      items.emplace_back(&child, child.line, path_ + '[' + std::to_string(i) + ']', problems_);
    }
  }
  return items;
}

const Field& Field::Required(std::string_view what_to_do) const {
  if (!present()) Problem("is missing (" + std::string(what_to_do) + ")");
  return *this;
}

Section::Section(Field field, std::vector<std::string_view> names, KeyCase key_case)
    : field_(std::move(field)), names_(std::move(names)), key_case_(key_case) {
  const Node* node = field_.node();
  if (node == nullptr) return;
  if (node->kind == Node::Kind::kNull) {
    field_.Problem("has no value (give it one, or remove the key)");
    return;
  }
  if (node->kind != Node::Kind::kMap) {
    field_.Problem("must be a table of keys and values, not " + std::string(KindName(node->kind)));
    return;
  }
  std::set<std::string_view> seen;
  for (const Node& child : node->children) {
    const auto name =
        std::find_if(names_.begin(), names_.end(), [&](std::string_view n) { return SameKey(n, child.key, key_case_); });
    if (name == names_.end()) {
      const std::string_view meant = MeantKey(child.key, names_);
      const std::string hint =
          meant.empty() ? "use " + Listed(names_) + ", or remove it" : "did you mean `" + std::string(meant) + "`?";
      field_.problems()->Add(child.key_line, Joined(field_.path(), PathComponent(child.key)), "is not a known key (" + hint + ")");
    } else if (!seen.insert(*name).second) {
      field_.problems()->Add(child.key_line, Joined(field_.path(), *name), "is given twice (keep one of them)");
    }
  }
}

Field Section::operator[](std::string_view name) const {
  if (present()) {
    for (const Node& child : field_.node()->children) {
      if (SameKey(name, child.key, key_case_)) return {&child, child.key_line, Joined(field_.path(), name), field_.problems()};
    }
  }
  return {nullptr, field_.line(), Joined(field_.path(), name), field_.problems()};
}

}  // namespace borgop
