#include "engine/plan/document.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>
#include <utility>

#include "engine/base/hex.h"
#include "engine/base/secret.h"
#include "engine/base/utf8.h"
#include "engine/plan/byte_escape.h"

namespace borgop {
namespace {

constexpr std::size_t kMaxProblemsShown = 20;
constexpr std::size_t kMaxProblemsKept = 10'000;
constexpr std::size_t kMaxQuoted = 60;
constexpr std::size_t kLeastPart = 3;  // of a name, as `key` and `Dir`
constexpr std::size_t kLeastBeginning = 4;

// In half edits: 1 for a letter of which only the case differs.
std::size_t Difference(char a, char b) {
  if (a == b) return 0;
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b)) ? 1 : 2;
}

// Optimal string alignment, in half edits: letters that are added, dropped, replaced or swapped with their neighbour. Letters only
// differing in case count half, so that `keepdaily` is nearer to `keepDaily` than anything else.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last, last, row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = 2 * j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last = std::exchange(last, row);
    row[0] = 2 * i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 2, row[j - 1] + 2, last[j - 1] + Difference(a[i - 1], b[j - 1])});
      if (i < 2 || j < 2) continue;
      const std::size_t swapped = 2 + Difference(a[i - 1], b[j - 2]) + Difference(a[i - 2], b[j - 1]);
      row[j] = std::min(row[j], before_last[j - 2] + swapped);
    }
  }
  return row[b.size()];
}

// `text` with whatever a terminal or a log would act on written as \xNN.
std::string Printable(std::string_view text) {
  std::string printable;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = Utf8Length(text.substr(i));
    const auto byte = static_cast<unsigned char>(text[i]);
    // C2 80 to C2 9F are control characters too.
    const bool control =
        byte < 0x20 || byte == 0x7F || (byte == 0xC2 && length == 2 && static_cast<unsigned char>(text[i + 1]) < 0xA0);
    if (length == 0 || control) {
      printable += "\\x";
      AppendHex(printable, byte);
      ++i;
    } else {
      printable.append(text.substr(i, length));
      i += length;
    }
  }
  return printable;
}

}  // namespace

Node::~Node() { Wipe(text); }

std::string_view KindName(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kNull: return "nothing";
    case Node::Kind::kText: return "a string";
    case Node::Kind::kWord: return "a single value";
    case Node::Kind::kInteger: return "a number";
    case Node::Kind::kBoolean: return "a boolean";
    case Node::Kind::kOther: return "a number with a fraction or a date";
    case Node::Kind::kList: return "a list";
    case Node::Kind::kMap: return "a table";
  }
  return "something else";
}

Problems::Problems(std::string_view file_name) : file_name_(Printable(file_name)) {}

void Problems::Add(std::uint32_t line, std::string_view key_path, std::string_view what) {
  std::string text(key_path);
  text += ": ";
  text += what;
  Add(line, text);
}

void Problems::Add(std::uint32_t line, std::string_view what) {
  if (lines_.size() < kMaxProblemsKept) lines_.push_back(Entry{line, std::string(what)});
}

Error Problems::ToError() const {
  std::vector<const Entry*> sorted(lines_.size());
  std::transform(lines_.begin(), lines_.end(), sorted.begin(), [](const Entry& entry) { return &entry; });
  std::stable_sort(sorted.begin(), sorted.end(), [](const Entry* a, const Entry* b) { return a->line < b->line; });
  std::string message;
  for (std::size_t i = 0; i < std::min(sorted.size(), kMaxProblemsShown); ++i) {
    if (i > 0) message += '\n';
    message += file_name_ + ':';
    if (sorted[i]->line > 0) message += std::to_string(sorted[i]->line) + ':';
    message += ' ' + sorted[i]->text;
  }
  if (sorted.size() > kMaxProblemsShown) {
    message += "\n" + file_name_ + ": and " + std::to_string(sorted.size() - kMaxProblemsShown) + " more";
  }
  return Error{Reason::kInvalidConfig, message, {}};
}

std::string Quoted(std::string_view text) {
  const bool shortened = text.size() > kMaxQuoted;
  return '`' + Printable(text.substr(0, kMaxQuoted)) + (shortened ? "...`" : "`");
}

std::string_view NearestName(std::string_view text, const std::vector<std::string_view>& names) {
  if (text.size() > kMaxQuoted) return {};
  std::string_view nearest;
  // Up to a third of the letters may be wrong.
  std::size_t best = 2 * std::max<std::size_t>(text.size() / 3, 1) + 1;
  for (const std::string_view name : names) {
    const std::size_t distance = EditDistance(text, name);
    if (distance < best) {
      best = distance;
      nearest = name;
    }
  }
  return nearest;
}

std::string_view MeantKey(std::string_view word, const std::vector<std::string_view>& names) {
  if (const std::string_view nearest = NearestName(word, names); !nearest.empty() || word.size() > kMaxQuoted) return nearest;
  // A part of the name, or more than it: `daily` for `keepDaily`, `RootDirectory` for `RootDir`.
  const std::string lower = AsciiLower(word);
  std::string_view meant;
  std::size_t least = std::string_view::npos;
  for (const std::string_view name : names) {
    const std::string other = AsciiLower(name);
    const auto& [part, whole] = std::minmax(lower, other, [](const auto& a, const auto& b) { return a.size() < b.size(); });
    const std::size_t difference = whole.size() - part.size();
    if (part.size() < kLeastPart || whole.find(part) == std::string::npos || difference >= least) continue;
    least = difference;
    meant = name;
  }
  if (!meant.empty()) return meant;
  // The same beginning, of at least half of the word: `password` for `passphrase`.
  std::size_t most = std::max(kLeastBeginning, (word.size() + 1) / 2) - 1;
  for (const std::string_view name : names) {
    const std::string other = AsciiLower(name);
    const auto end = std::mismatch(lower.begin(), lower.end(), other.begin(), other.end()).first;
    const auto common = static_cast<std::size_t>(end - lower.begin());
    if (common <= most) continue;
    most = common;
    meant = name;
  }
  return meant;
}

}  // namespace borgop
