#include "engine/plan/archive_glob.h"

#include <algorithm>

#include "engine/base/utf8.h"

namespace borgop {
namespace {

// Where the set that begins behind `begin` ends; npos: nowhere, and its bracket is a character. A bracket that closes is a member where it
// comes first.
std::size_t EndOfSet(std::u32string_view text, std::size_t begin) {
  if (begin < text.size() && text[begin] == U'!') ++begin;
  if (begin < text.size() && text[begin] == U']') ++begin;
  return text.find(U']', begin);
}

}  // namespace

std::optional<ArchiveGlob::Part> ArchiveGlob::ParseSet(std::u32string_view members) {
  Part part{.kind = Part::Kind::kSet, .character = 0, .negated = members.starts_with(U'!'), .ranges = {}};
  if (part.negated) members.remove_prefix(1);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const char32_t low = members[i];
    // A hyphen at the end is a member.
    const bool is_range = i + 2 < members.size() && members[i + 1] == U'-';
    const char32_t high = is_range ? members[i + 2] : low;
    if (high < low) return std::nullopt;
    part.ranges.emplace_back(low, high);
    if (is_range) i += 2;
  }
  return part;
}

std::optional<ArchiveGlob> ArchiveGlob::Parse(std::string_view text) {
  using Kind = Part::Kind;
  const std::u32string decoded = DecodePython(text);
  const std::u32string_view glob = decoded;
  ArchiveGlob result;
  for (std::size_t i = 0; i < glob.size(); ++i) {
    const std::size_t end = glob[i] == U'[' ? EndOfSet(glob, i + 1) : std::u32string_view::npos;
    if (end != std::u32string_view::npos) {
      std::optional<Part> set = ParseSet(glob.substr(i + 1, end - i - 1));
      if (!set) return std::nullopt;
      result.parts_.push_back(*std::move(set));
      i = end;
    } else if (glob.substr(i, 3) == U"**/") {
      result.parts_.push_back({.kind = Kind::kFolders, .character = 0, .negated = false, .ranges = {}});
      i += 2;
    } else {
      const Kind kind = glob[i] == U'*' ? Kind::kStar : glob[i] == U'?' ? Kind::kAny : Kind::kCharacter;
      result.parts_.push_back({.kind = kind, .character = glob[i], .negated = false, .ranges = {}});
    }
  }
  return result;
}

bool ArchiveGlob::Part::Takes(char32_t c) const {
  switch (kind) {
    case Kind::kCharacter: return c == character;
    case Kind::kAny:
    case Kind::kStar: return c != U'/';
    case Kind::kFolders: return true;
    case Kind::kSet:
      return negated !=
             std::any_of(ranges.begin(), ranges.end(), [c](const auto& range) { return range.first <= c && c <= range.second; });
  }
  return false;
}

bool ArchiveGlob::Matches(std::string_view name) const {
  const std::u32string text = DecodePython(name);
  std::vector<bool> at(text.size() + 1, false);  // where what has been looked at may end
  at[0] = true;
  for (const Part& part : parts_) {
    std::vector<bool> next(text.size() + 1, false);
    bool open = false;  // whether a star or folders began before
    for (std::size_t i = 0; i <= text.size(); ++i) {
      switch (part.kind) {
        case Part::Kind::kStar:
          open = at[i] || (open && part.Takes(text[i - 1]));
          next[i] = open;
          break;
        case Part::Kind::kFolders:
          next[i] = at[i] || (open && text[i - 1] == U'/');
          open = open || at[i];
          break;
        default: next[i] = i > 0 && at[i - 1] && part.Takes(text[i - 1]);
      }
    }
    at.swap(next);
  }
  return at[text.size()];
}

}  // namespace borgop
