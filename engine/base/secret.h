// Bytes that must not be seen: passphrases and private keys.
//
// A Secret cannot be printed, compared for ordering or copied by accident: it has no operator<<, no conversion to string, and
// copying is explicit (Clone). Its storage is wiped when it is destroyed, moved from or replaced. It never holds its bytes in a
// small-string buffer, so that moving it leaves nothing behind.
//
// Thread safety: as a std::vector.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace borgop {

// Overwrites `size` bytes in a way that the compiler may not remove.
void Wipe(void* data, std::size_t size);
// Wipes the whole capacity of `text` and empties it.
void Wipe(std::string& text);

class Secret {
 public:
  Secret() = default;
  // Copies `bytes`. The caller wipes its own copy.
  explicit Secret(std::string_view bytes);
  // Takes the bytes over and wipes `bytes`.
  static Secret Consume(std::string&& bytes);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  Secret Clone() const { return Secret(Reveal()); }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  // The bytes themselves, valid as long as this object is unchanged. Call it only where they leave for a peer or a parser.
  std::string_view Reveal() const { return {data_.get(), size_}; }

 private:
  void Clear();
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
};

}  // namespace borgop
