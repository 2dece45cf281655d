// Reads the SSH wire format (RFC 4251 section 5) of keys.
//
// Thread safety: values. Ownership: what is read points into the data, which must outlive it. Errors: nullopt where the data is cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace borgop {

class WireReader {
 public:
  explicit WireReader(std::string_view data) : data_(data) {}
  std::optional<std::uint32_t> Number() {
    if (data_.size() < 4) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(data_[i]);
    data_.remove_prefix(4);
    return value;
  }
  std::optional<std::string_view> String() {
    const std::optional<std::uint32_t> size = Number();
    if (!size || *size > data_.size()) return std::nullopt;
    const std::string_view value = data_.substr(0, *size);
    data_.remove_prefix(*size);
    return value;
  }
  bool Skip(std::size_t strings) {
    for (; strings > 0; --strings) {
      if (!String()) return false;
    }
    return true;
  }
  std::string_view rest() const { return data_; }

 private:
  std::string_view data_;
};

}  // namespace borgop
