#include "engine/borg/exclude.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/base/hex.h"
#include "engine/base/utf8.h"

namespace borgop {
namespace {

bool IsSurrogate(char32_t c) { return c >= 0xDC80 && c <= 0xDCFF; }

bool IsWord(char32_t c) { return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z') || (c >= U'0' && c <= U'9') || c == U'_'; }

void AppendUtf8(std::string& out, char32_t c) {
  const auto put = [&out](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0U | (c >> 6U));
  } else {
    if (c < 0x10000) {
      put(0xE0U | (c >> 12U));
    } else {
      put(0xF0U | (c >> 18U));
      put(0x80U | ((c >> 12U) & 0x3FU));
    }
    put(0x80U | ((c >> 6U) & 0x3FU));
  }
  put(0x80U | (c & 0x3FU));
}

void AppendSurrogate(std::string& out, char32_t c) {
  out += "udc";
  AppendHex(out, static_cast<unsigned char>(c));
}

// The character itself, in a regular expression or in a set.
void AppendLiteral(std::string& out, char32_t c) {
  if (c < 0x80 && !IsWord(c)) out += '\\';
  if (IsSurrogate(c)) {
    out += '\\';
    AppendSurrogate(out, c);
  } else {
    AppendUtf8(out, c);
  }
}

using Ranges = std::vector<std::pair<char32_t, char32_t>>;

// What is between the brackets of a set, the leading "!" removed, as ranges: a dash makes one unless it is first, last, or follows
// another one's end.
Ranges ReadRanges(std::u32string_view set) {
  Ranges ranges;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == U'-') {
      ranges.emplace_back(set[i], set[i + 2]);
      i += 2;
    } else {
      ranges.emplace_back(set[i], set[i]);
    }
  }
  return ranges;
}

std::string WriteSet(bool negated, const Ranges& ranges) {
  std::string out;
  for (const auto& [first, last] : ranges) {
    if (first > last) continue;  // fnmatch drops an empty range
    AppendLiteral(out, first);
    if (first == last) continue;
    out += '-';
    AppendLiteral(out, last);
  }
  if (out.empty()) return negated ? "." : "(?!)";
  return (negated ? "[^" : "[") + out + "]";
}

// A glob as a regular expression under (?s). `shell`: sh:, where * and ? stay within a component and **/ is any number of them;
// else fm:.
std::string Glob(std::u32string_view glob, bool shell) {
  std::string out;
  for (std::size_t i = 0; i < glob.size();) {
    const char32_t c = glob[i++];
    if (c == U'*') {
      if (shell && glob.substr(i, 2) == U"*/") {
        out += "(?:[^/]*/)*";
        i += 2;
      } else {
        out += shell ? "[^/]*" : ".*";
        while (!shell && i < glob.size() && glob[i] == U'*') ++i;
      }
    } else if (c == U'?') {
      out += shell ? "[^/]" : ".";
    } else if (c == U'[') {
      const bool negated = glob.substr(i, 1) == U"!";
      const std::size_t begin = i + (negated ? 1 : 0);
      const std::size_t end = glob.find(U']', std::min(begin + 1, glob.size()));  // a bracket in the first place is a member
      if (end == std::u32string_view::npos) {
        out += "\\[";
      } else {
        out += WriteSet(negated, ReadRanges(glob.substr(begin, end - begin)));
        i = end + 1;
      }
    } else {
      AppendLiteral(out, c);
    }
  }
  return out;
}

// A regular expression stays as it is, but for the bytes. One with a backslash before it has had the half of its escape.
std::string Regex(std::u32string_view regex) {
  std::string out;
  bool escaped = false;
  for (const char32_t c : regex) {
    if (IsSurrogate(c)) {
      if (!escaped) out += '\\';
      AppendSurrogate(out, c);
    } else {
      AppendUtf8(out, c);
    }
    escaped = c == U'\\' && !escaped;
  }
  return out;
}

// As a regular expression whatever it is.
std::string AsRegex(std::string_view pattern) {
  std::string_view style = "fm";
  std::string_view body = pattern;
  for (const std::string_view known : {"fm", "sh", "re", "pp", "pf"}) {
    if (body.substr(0, 2) != known || body.substr(2, 1) != ":") continue;
    style = known;
    body.remove_prefix(3);
    break;
  }
  const std::u32string text = DecodePython(body);
  if (style == "re") return "re:" + Regex(text);
  // borg matches against a path without its leading slash, followed by a slash; what a pattern says of a directory holds for all
  // below it.
  const std::u32string path = PathAsMatched(text);
  if (style == "pf") return "re:\\A" + RegexLiteral(path) + "\\Z";
  if (style == "pp") return "re:\\A" + RegexLiteral(path) + "(?:/|\\Z)";
  const bool contents_only = text.ends_with(U'/');
  return "re:(?s)\\A" + Glob(path, style == "sh") + (contents_only ? "/" : "(?:/|\\Z)");
}

}  // namespace

std::string RegexLiteral(std::u32string_view text) {
  std::string out;
  for (const char32_t c : text) AppendLiteral(out, c);
  return out;
}

std::u32string PathAsMatched(std::u32string_view path) {
  const bool absolute = path.starts_with(U'/');
  std::vector<std::u32string_view> kept;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find(U'/'), path.size());
    const std::u32string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part.empty() || part == U".") continue;
    if (part != U".." || (!absolute && (kept.empty() || kept.back() == U".."))) {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::u32string out;
  for (const std::u32string_view part : kept) {
    if (!out.empty()) out += U'/';
    out += part;
  }
  if (out.empty() && !absolute) return U".";
  return out;
}

std::string SpeakableExclude(std::string_view pattern) { return IsUtf8(pattern) ? std::string(pattern) : AsRegex(pattern); }

std::string ExcludeInTurn(std::string_view pattern) {
  return pattern.starts_with("pf:") ? AsRegex(pattern) : SpeakableExclude(pattern);
}

}  // namespace borgop
