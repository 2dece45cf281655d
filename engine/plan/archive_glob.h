// Which names `borg prune --glob-archives` considers.
//
// Thread safety: values. Source: borg 1.2.4 and 1.4.5, shellpattern.py (the same in both) and Python's sets in regular expressions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace borgop {

// "*" is any number of characters and "?" one, none of them a slash; "**/" any number of folders; "[a-z]" and "[!a-z]" one character of
// a set. Characters are code points; a byte that is not UTF-8 is one.
class ArchiveGlob {
 public:
  // Nothing where a range of a set is backwards, on which borg fails.
  static std::optional<ArchiveGlob> Parse(std::string_view text);
  // Takes time as the product of both lengths, whatever they are.
  bool Matches(std::string_view name) const;

 private:
  struct Part {
    enum class Kind { kCharacter, kAny, kStar, kFolders, kSet } kind = Kind::kCharacter;
    char32_t character = 0;
    bool negated = false;
    std::vector<std::pair<char32_t, char32_t>> ranges;
    bool Takes(char32_t c) const;
  };
  static std::optional<Part> ParseSet(std::u32string_view members);

  std::vector<Part> parts_;
};

}  // namespace borgop
