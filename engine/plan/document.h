// A parsed file, before anything is known about its meaning: the same tree for TOML and YAML, with the line of every value, so that
// one set of rules and one wording of errors serves both.
//
// Thread safety: values. Secrets: a Node wipes its text when it goes. Limits: kMaxDepth, kMaxNodes; who builds a tree enforces them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace borgop {

constexpr std::size_t kMaxInputSize = std::size_t{16} << 20;  // of a whole configuration file
constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxNodes = 200'000;
constexpr std::size_t kMaxTextSize = std::size_t{64} << 20;  // of all scalars together, after aliases are expanded

struct Node {
  enum class Kind {
    kNull,
    kText,     // a string that can only be a string
    kWord,     // YAML's plain scalars, as they are written: plain_scalar.h tells what they are
    kInteger,  // TOML's; the text is decimal
    kBoolean,  // TOML's; the text is true or false
    kOther,    // TOML's floats and dates
    kList,
    kMap,
  };

  Node() = default;
  Node(const Node&) = default;
  Node(Node&&) noexcept = default;
  Node& operator=(const Node&) = default;
  Node& operator=(Node&&) noexcept = default;
  ~Node();

  Kind kind = Kind::kNull;
  std::string text;  // of a scalar; bytes
  std::string key;   // where this is the value of a map: its key, as it is written
  std::uint32_t line = 0;
  std::uint32_t key_line = 0;
  std::vector<Node> children;  // of a list or a map, in the order of the file
};

// "a string", "a list" and so on, for a sentence "must be X, not Y".
std::string_view KindName(Node::Kind kind);

// What is wrong with one file, collected so that a person sees everything at once.
class Problems {
 public:
  explicit Problems(std::string_view file_name);

  // `what` is a phrase such as "is missing (say which user logs in)".
  void Add(std::uint32_t line, std::string_view key_path, std::string_view what);
  // For a problem of the file rather than of a key.
  void Add(std::uint32_t line, std::string_view what);
  bool empty() const { return lines_.empty(); }
  std::size_t size() const { return lines_.size(); }
  // Everything, one problem a line, in the order of the file; at most 20, then how many more there are.
  Error ToError() const;

 private:
  struct Entry {
    std::uint32_t line;
    std::string text;
  };
  std::string file_name_;
  std::vector<Entry> lines_;
};

// `text` for a message: in backquotes, at most 60 characters of it, nothing in it that would disturb a terminal or a log.
// Never for secrets.
std::string Quoted(std::string_view text);
// The name among `names` that a person most likely meant by `text`; empty where none is near: a third of the letters may be wrong,
// and two neighbours that are swapped count as one.
std::string_view NearestName(std::string_view text, const std::vector<std::string_view>& names);
// As NearestName, for a key that is not among the names of its section: also a part of a name, a name with more to it, and a word that
// begins as a name does.
std::string_view MeantKey(std::string_view word, const std::vector<std::string_view>& names);

}  // namespace borgop
