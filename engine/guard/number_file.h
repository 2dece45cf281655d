// Numbers on disk instead of in memory, in a file without a name: nobody else opens it, and it goes with the process however that ends.
//
// It is made below $TMPDIR or /tmp. Threading: one thread; reading and writing block. Errors: kDiskFull, or kInternal where there cannot
// be such a file; both say where.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace borgop::guard {

class NumberFile {
 public:
  static Result<NumberFile> Make();

  std::uint64_t size() const { return size_; }  // in numbers
  Status Append(std::span<const std::uint64_t> numbers);
  // Fills `into` with the numbers from `first` on; they are there.
  Status Read(std::uint64_t first, std::span<std::uint64_t> into) const;

 private:
  NumberFile(UniqueFd fd, std::string directory) : fd_(std::move(fd)), directory_(std::move(directory)) {}

  UniqueFd fd_;
  std::string directory_;
  std::uint64_t size_ = 0;
};

}  // namespace borgop::guard
