// Standard output as a stream of the loop, for what is too much to keep.
//
// Threading: the loop's thread. Non-blocking mode belongs to the open file, which may be shared with other processes: the destructor puts it back.
#pragma once

#include <memory>

#include "engine/loop/fd_stream.h"

namespace borgop::cli {

class StandardOutput final : public Writer {
 public:
  explicit StandardOutput(EventLoop& loop);
  ~StandardOutput() override;
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  // Errors: kInternal, with the cause; the output could not be written.
  Task<Status> Write(Context context, std::span<const char> bytes) override;
  Task<Status> CloseWrite(Context context) override;

 private:
  int flags_;
  std::unique_ptr<FdStream> stream_;
};

}  // namespace borgop::cli
