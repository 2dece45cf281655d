// Byte streams as coroutines see them: pipes, sockets, SSH channels and the fakes of tests.
//
// Ownership: a caller keeps the bytes of a span alive until the call has finished. At most one Read and one Write at a time on one
// stream. Errors are those of the adapter behind it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/loop/wait.h"

namespace borgop {

class Reader {
 public:
  virtual ~Reader() = default;
  // At least one byte, or 0 at the end of the stream.
  virtual Task<Result<std::size_t>> Read(Context context, std::span<char> into) = 0;
};

class Writer {
 public:
  virtual ~Writer() = default;
  // All of `bytes`, or an error.
  virtual Task<Status> Write(Context context, std::span<const char> bytes) = 0;
  // Tells the reader at the other end that nothing more comes. Idempotent.
  virtual Task<Status> CloseWrite(Context context) = 0;
};

// Reads to the end, keeping at most `limit` bytes; what comes after is read and dropped.
Task<Result<std::string>> ReadAll(Context context, Reader& from, std::size_t limit);

}  // namespace borgop
