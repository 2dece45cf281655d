#include "engine/guard/message_reader.h"

#include <algorithm>

namespace borgop::guard {
namespace {

// Bytes that belong to a value's first byte: a number's, or a length's. Strings' contents and members come after them.
std::size_t HeaderSize(unsigned char first) {
  switch (first) {
    case 0xc4:
    case 0xd9:  // bin 8, str 8
    case 0xcc:
    case 0xd0: return 2;  // uint 8, int 8
    case 0xc5:
    case 0xda:  // bin 16, str 16
    case 0xdc:
    case 0xde:  // array 16, map 16
    case 0xcd:
    case 0xd1: return 3;  // uint 16, int 16
    case 0xc6:
    case 0xdb:  // bin 32, str 32
    case 0xdd:
    case 0xdf:  // array 32, map 32
    case 0xca:  // float 32
    case 0xce:
    case 0xd2: return 5;  // uint 32, int 32
    case 0xcb:            // float 64
    case 0xcf:
    case 0xd3: return 9;  // uint 64, int 64
    default: return 1;
  }
}

// The first line, as far as it can be printed: a shell's greeting, or an error.
std::string Shown(std::string_view bytes) {
  std::string shown(bytes.substr(0, std::min<std::size_t>(bytes.find('\n'), 100)));
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return shown;
}

bool IsContainer(unsigned char first) { return (first & 0xe0U) == 0x80 || (first >= 0xdc && first <= 0xdf); }

}  // namespace

Result<MessageReader::Step> MessageReader::Read(std::string_view bytes) {
  if (error_) return Fail(*error_);
  if (told_ && rest_ > 0) {
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(rest_, bytes.size()));
    rest_ -= size;
    return Step{size, Kind::kRest};
  }
  if (told_) {
    told_ = complete_ = false;
    head_.clear();
    size_ = 0;
    elements_ = 0;
  }
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (body_ > 0) {
      const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(body_, bytes.size() - at));
      if (body_kept_) head_ += bytes.substr(at, size);
      at += size;
      body_ -= size;
      if (body_ == 0) EndValue();
    } else {
      header_.at(header_size_++) = static_cast<unsigned char>(bytes[at++]);
      if (header_size_ < HeaderSize(header_.front())) continue;
      if (open_.empty() && !IsContainer(header_.front()))
        return Broken("something that is no message: " + Shown(bytes.substr(at - 1)));
      if (const Status good = OnHeader(); !good) return Fail(good.error());
      header_size_ = 0;
      if (head_.size() > limits_.head) return Broken("a message with too much in it");
      // A last long string: what is to come changes nothing.
      if (body_ > 0 && !body_kept_ && std::all_of(open_.begin(), open_.end(), [](std::uint64_t left) { return left == 0; })) {
        rest_ = body_;
        body_ = 0;
        EndValue();
      }
    }
    if (complete_) {
      told_ = true;
      return Step{at, Kind::kHead};
    }
  }
  return Step{at, Kind::kPart};
}

Status MessageReader::OnHeader() {
  const unsigned char first = header_.front();
  std::uint64_t value = 0;
  for (std::size_t i = 1; i < header_size_; ++i) value = value << 8U | header_.at(i);
  if (first == 0xc1 || (first >= 0xc7 && first <= 0xc9) || (first >= 0xd4 && first <= 0xd8))
    return Broken("a type that borg does not use");
  if (!open_.empty()) --open_.back();
  if (Status good = Count(header_size_); !good) return good;
  if (++elements_ > limits_.elements) return Broken("a message with too many values");

  const bool is_string = (first & 0xe0U) == 0xa0 || (first >= 0xd9 && first <= 0xdb) || (first >= 0xc4 && first <= 0xc6);
  if ((first & 0xe0U) == 0xa0) value = first & 0x1fU;
  if (is_string) return BeginString(value);
  head_.append(header_.begin(), header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
  if ((first & 0xe0U) == 0x80) value = first & 0x0fU;
  const bool is_map = (first & 0xf0U) == 0x80 || first == 0xde || first == 0xdf;
  if (IsContainer(first)) return BeginContainer(is_map ? 2 * value : value);
  EndValue();
  return {};
}

Status MessageReader::BeginString(std::uint64_t size) {
  if (Status good = Count(size); !good) return good;
  body_ = size;
  body_kept_ = size <= limits_.long_string;
  if (body_kept_) {
    head_.append(header_.begin(), header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
  } else {
    head_ += '\xd6';  // fixext 4
    head_ += static_cast<char>(kLongStringType);
    for (unsigned shift = 32; shift > 0; shift -= 8) head_ += static_cast<char>(size >> (shift - 8) & 0xffU);
  }
  if (size == 0) EndValue();
  return {};
}

Status MessageReader::BeginContainer(std::uint64_t elements) {
  if (open_.size() >= limits_.depth) return Broken("a message nested too deep");
  if (elements > limits_.elements - elements_) return Broken("a message with too many values");
  open_.push_back(elements);
  if (elements == 0) {
    open_.pop_back();
    EndValue();
  }
  return {};
}

// A value is whole; so are those that it was the last of.
void MessageReader::EndValue() {
  while (!open_.empty() && open_.back() == 0) open_.pop_back();
  complete_ = open_.empty();
}

Status MessageReader::Count(std::uint64_t bytes) {
  if (bytes > limits_.message - size_) return Broken("a message that is too long");
  size_ += bytes;
  return {};
}

tl::unexpected<Error> MessageReader::Broken(std::string_view what) {
  error_ = Error{Reason::kBorgOutputInvalid, peer_ + " sent " + std::string(what), {}};
  return Fail(*error_);
}

}  // namespace borgop::guard
