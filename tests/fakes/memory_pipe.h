// A byte stream in memory with a capacity, as a channel's window has it: the writer waits while it is full.
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "engine/loop/stream.h"

namespace borgop {

class MemoryPipe final : public Reader, public Writer {
 public:
  explicit MemoryPipe(std::size_t capacity = 64 * 1024) : capacity_(capacity) {}

  Task<Result<std::size_t>> Read(Context context, std::span<char> into) override {
    while (true) {
      if (failure_) co_return Fail(*failure_);
      if (!bytes_.empty()) break;
      if (closed_) co_return std::size_t{0};
      const Wake wake = co_await changed_.Wait(context);
      if (wake != Wake::kNotified) co_return Fail(InterruptedError(wake, "reading from memory"));
    }
    const std::size_t part = std::min(into.size(), bytes_.size());
    std::memcpy(into.data(), bytes_.data(), part);
    bytes_.erase(0, part);
    changed_.NotifyAll();
    co_return part;
  }

  Task<Status> Write(Context context, std::span<const char> bytes) override {
    while (!bytes.empty()) {
      if (failure_) co_return Fail(*failure_);
      if (closed_ || reader_gone_) co_return Fail(Reason::kConnectionLost, "writing to a pipe that is closed");
      if (bytes_.size() < capacity_) {
        const std::size_t part = std::min(bytes.size(), capacity_ - bytes_.size());
        bytes_.append(bytes.data(), part);
        most_ = std::max(most_, bytes_.size());
        bytes = bytes.subspan(part);
        changed_.NotifyAll();
        continue;
      }
      const Wake wake = co_await changed_.Wait(context);
      if (wake != Wake::kNotified) co_return Fail(InterruptedError(wake, "writing to memory"));
    }
    co_return Status{};
  }

  Task<Status> CloseWrite(Context) override {
    Close();
    co_return Status{};
  }

  void Close() {
    closed_ = true;
    changed_.NotifyAll();
  }
  // Nobody will read any more: writes fail.
  void CloseRead() {
    reader_gone_ = true;
    changed_.NotifyAll();
  }
  // Both ends fail from now on.
  void Break(Error error) {
    failure_ = std::move(error);
    changed_.NotifyAll();
  }
  bool closed() const { return closed_; }
  std::size_t most() const { return most_; }  // the most that it ever held

 private:
  std::size_t capacity_;
  std::string bytes_;
  std::size_t most_ = 0;
  bool closed_ = false, reader_gone_ = false;
  std::optional<Error> failure_;
  WaitQueue changed_;
};

}  // namespace borgop
