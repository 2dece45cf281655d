#include "engine/borg/item_list.h"

#include <charconv>
#include <utility>

#include "engine/base/rfc3339.h"
#include "engine/base/utf8.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

// Takes a word and the blank behind it off the front; empty where there is none.
std::string_view Word(std::string_view& text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return {};
  const std::string_view word = text.substr(0, blank);
  text.remove_prefix(blank + 1);
  return word;
}

// "rwxr-sr-t" as bits (Python's stat.filemode).
std::optional<std::uint32_t> Permissions(std::string_view text) {
  if (text.size() != 9) return std::nullopt;
  std::uint32_t mode = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const std::uint32_t bit = 0400U >> i;
    const std::size_t group = i / 3;
    if (c == '-') continue;
    if (c == "rwx"[i % 3]) {
      mode |= bit;
      continue;
    }
    const char special = group == 2 ? 't' : 's';
    const char alone = group == 2 ? 'T' : 'S';
    if (i % 3 != 2 || (c != special && c != alone)) return std::nullopt;
    mode |= 04000U >> group;
    if (c == special) mode |= bit;
  }
  return mode;
}

std::optional<ListedItem> ItemOf(std::string_view record) {
  constexpr std::string_view kTypes = "-dlbcpsDPWh?";
  ListedItem item;
  const std::string_view mode = Word(record);
  const std::string_view size = Word(record);
  const std::string_view time = Word(record);
  const std::string_view health = Word(record);
  if (mode.empty() || kTypes.find(mode[0]) == std::string_view::npos) return std::nullopt;
  const std::optional<std::uint32_t> permissions = Permissions(mode.substr(1));
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), item.size);
  const bool number = !size.empty() && error == std::errc() && end == size.data() + size.size();
  const bool dated = !time.empty() && time.find_first_not_of("0123456789-T:.") == std::string_view::npos;
  if (!permissions || !number || !dated || (health != "healthy" && health != "broken") || record.empty()) return std::nullopt;
  item.type = mode[0];
  item.mode = *permissions;
  item.modified = ParseRfc3339(std::string(time) + "Z");
  item.healthy = health == "healthy";
  item.path = record;
  return item;
}

}  // namespace

Status ItemListReader::Invalid(std::string_view what) {
  invalid_ = true;
  return Fail(Reason::kBorgOutputInvalid, "borg list printed an item that is not understood (number " + std::to_string(count_ + 1) +
                                              "): " + Printable(what, 200));
}

Result<std::vector<ListedItem>> ItemListReader::Feed(std::string_view bytes) {
  std::vector<ListedItem> items;
  while (!bytes.empty() && !invalid_) {
    const std::size_t end = bytes.find('\0');
    const std::string_view piece = bytes.substr(0, end);
    if (piece.size() > kMaxRecord - record_.size()) return Fail(Invalid("it is longer than 64 KiB").error());
    record_ += piece;
    if (end == std::string_view::npos) break;
    std::optional<ListedItem> item = ItemOf(record_);
    if (!item) return Fail(Invalid(record_).error());
    items.push_back(*std::move(item));
    ++count_;
    record_.clear();
    bytes.remove_prefix(end + 1);
  }
  if (invalid_) return Fail(Invalid("as said before").error());
  return items;
}

Status ItemListReader::Finish() {
  if (invalid_ || !record_.empty()) return Invalid(record_.empty() ? "as said before" : record_);
  return {};
}

std::string Spoken(std::string_view path) {
  std::string spoken;
  spoken.reserve(path.size());
  for (std::size_t i = 0; i < path.size();) {
    const CodePoint point = DecodeUtf8(path, i);
    if (point.valid) {
      spoken += path.substr(i, point.size);
    } else {
      spoken += '?';
    }
    i += point.size;
  }
  return spoken;
}

}  // namespace borgop
