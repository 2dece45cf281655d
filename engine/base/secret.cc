#include "engine/base/secret.h"

#include <openssl/crypto.h>

#include <cstring>
#include <utility>

namespace borgop {

void Wipe(void* data, std::size_t size) {
  if (size != 0) OPENSSL_cleanse(data, size);
}

void Wipe(std::string& text) {
  text.resize(text.capacity());
  Wipe(text.data(), text.size());
  text.clear();
}

Secret::Secret(std::string_view bytes) : data_(bytes.empty() ? nullptr : new char[bytes.size()]), size_(bytes.size()) {
  if (size_ != 0) std::memcpy(data_.get(), bytes.data(), size_);
}

Secret Secret::Consume(std::string&& bytes) {
  Secret secret(bytes);
  Wipe(bytes);
  return secret;
}

Secret::Secret(Secret&& other) noexcept : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Clear();
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Secret::~Secret() { Clear(); }

void Secret::Clear() {
  if (data_) Wipe(data_.get(), size_);
  data_.reset();
  size_ = 0;
}

}  // namespace borgop
