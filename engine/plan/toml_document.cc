#include "engine/plan/toml_document.h"

#include <toml++/toml.h>
#include <algorithm>
#include <cctype>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "engine/base/secret.h"
#include "engine/plan/byte_escape.h"

namespace borgop {
namespace {

constexpr std::size_t kMaxDotsPerLine = 64;

// Tells strings and comments from the rest, as far as finding brackets and dots needs it.
class DepthScan {
 public:
  explicit DepthScan(std::string_view text) : text_(text) {}

  // The line that nests too deep, where there is one. toml++ limits values but not dotted keys, and frees its tree recursively.
  std::optional<std::uint32_t> TooDeep() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        SkipString(c);
        continue;
      }
      if (c == '#') at_ = std::min(text_.find('\n', at_), text_.size() - 1);
      if (text_[at_] == '\n') {
        ++line_;
        dots_ = 0;
      }
      if (c == '.') ++dots_;
      if (c == '[' || c == '{') ++brackets_;
      if ((c == ']' || c == '}') && brackets_ > 0) --brackets_;
      if (dots_ > kMaxDotsPerLine || brackets_ > kMaxDepth) return line_;
      ++at_;
    }
    return std::nullopt;
  }

 private:
  void SkipString(char quote) {
    const std::string_view rest = text_.substr(at_);
    const bool multi_line = rest.size() >= 3 && rest[1] == quote && rest[2] == quote;
    at_ += multi_line ? 3 : 1;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') {
        if (!multi_line) return;  // a syntax error, which toml++ finds
        ++line_;
      }
      if (c == '\\' && quote == '"') {
        if (at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
        continue;
      }
      if (c != quote) continue;
      if (!multi_line) {
        ++at_;
        return;
      }
      std::size_t run = 0;
      while (at_ + run < text_.size() && text_[at_ + run] == quote) ++run;
      at_ += std::max<std::size_t>(run, 1);
      if (run >= 3) return;  // up to two more belong to the string
      --at_;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::size_t dots_ = 0;
  std::size_t brackets_ = 0;
};

std::uint32_t LineOf(const toml::source_region& source) { return source.begin.line; }

void WipeTree(toml::node& node) {
  if (toml::table* table = node.as_table()) {
    for (auto&& [key, child] : *table) WipeTree(child);
  } else if (toml::array* array = node.as_array()) {
    for (toml::node& child : *array) WipeTree(child);
  } else if (toml::value<std::string>* text = node.as_string()) {
    Wipe(text->get());
  }
}

class Converter {
 public:
  // False: there are too many nodes.
  bool Convert(const toml::node& source, Node& node) {
    if (++count_ > kMaxNodes) return false;
    node.line = LineOf(source.source());
    if (const toml::table* table = source.as_table()) return ConvertTable(*table, node);
    if (const toml::array* array = source.as_array()) {
      node.kind = Node::Kind::kList;
      node.children.resize(array->size());
      for (std::size_t i = 0; i < array->size(); ++i) {
        if (!Convert((*array)[i], node.children[i])) return false;
      }
      return true;
    }
    if (const toml::value<std::string>* text = source.as_string()) {
      node.kind = Node::Kind::kText;
      node.text = text->get();
      UnescapeBytes(node.text);
    } else if (const toml::value<std::int64_t>* number = source.as_integer()) {
      node.kind = Node::Kind::kInteger;
      node.text = std::to_string(number->get());
    } else if (const toml::value<bool>* boolean = source.as_boolean()) {
      node.kind = Node::Kind::kBoolean;
      node.text = boolean->get() ? "true" : "false";
    } else {
      node.kind = Node::Kind::kOther;
    }
    return true;
  }

 private:
  bool ConvertTable(const toml::table& table, Node& node) {
    node.kind = Node::Kind::kMap;
    node.children.resize(table.size());
    std::size_t i = 0;
    for (auto&& [key, value] : table) {
      Node& child = node.children[i++];
      child.key = key.str();
      UnescapeBytes(child.key);
      child.key_line = LineOf(key.source());
      if (!Convert(value, child)) return false;
    }
    // toml++ sorts by name; errors should come in the order of the file.
    std::stable_sort(node.children.begin(), node.children.end(),
                     [](const Node& a, const Node& b) { return a.key_line < b.key_line; });
    return true;
  }

  std::size_t count_ = 0;
};

// toml++ quotes what it could not read; where that is a value without quotes, it may be a passphrase.
std::string WithoutValues(std::string_view description) {
  std::string text;
  bool quoted = false;
  std::size_t start = 0;
  std::size_t most = 0;
  for (const char c : description) {
    if (c == '\'' || c == '"') {
      if (quoted && text.size() - start > most) text.resize(start), text += "...";
      if (!quoted) {
        start = text.size() + 1;
        most = text.ends_with("saw ") ? 1 : 4;  // what it saw is the user's; the rest are words that it expected, or keys
      }
      quoted = !quoted;
    }
    text += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  UnescapeBytes(text);
  return text;
}

// Of "Error while parsing key-value pair: cannot redefine existing string 'KEY'", which toml++ says before it reads another value: what a
// person is told. Empty for any other message.
std::string RedefinedKey(std::string_view description) {
  const std::size_t what = description.find(": ");
  if (what == std::string_view::npos || !description.substr(what + 2).starts_with("cannot redefine existing ")) return {};
  const std::size_t begin = description.find('\'');
  const std::size_t end = description.rfind('\'');
  std::string key(begin < end ? description.substr(begin + 1, end - begin - 1) : std::string_view());
  UnescapeBytes(key);
  const bool known = !key.empty() && key.find_first_of("\"'") == std::string::npos;  // it repeats letters of keys in quotes
  return (known ? "the key " + Quoted(key) + " is given twice" : std::string("a key is given twice here")) + " (keep one of them)";
}

}  // namespace

Result<Node> ParseToml(std::string_view text, std::string_view file_name) {
  Problems problems(file_name);
  if (const std::optional<std::uint32_t> line = DepthScan(text).TooDeep()) {
    problems.Add(*line, "nests too deep here (this configuration needs three levels)");
    return Fail(problems.ToError());
  }
  try {
    toml::table table = toml::parse(text);
    Node root;
    Converter converter;
    const bool converted = converter.Convert(table, root);
    WipeTree(table);
    if (converted) return root;
    problems.Add(0, "has more than " + std::to_string(kMaxNodes) + " values (split it)");
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    const std::string redefined = RedefinedKey(error.description());
    problems.Add(at.line, "column " + std::to_string(at.column) + ": " +
                              (redefined.empty() ? "is no valid TOML: " + WithoutValues(error.description()) : redefined));
  } catch (const std::exception&) {
    problems.Add(0, "cannot be read as TOML (out of memory, or a defect of the parser)");
  }
  return Fail(problems.ToError());
}

}  // namespace borgop
