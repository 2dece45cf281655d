// An OutputStream over a file descriptor that nobody may be reading from.
//
// A write to a pipe that is full, or to a terminal that is stopped with Ctrl-S, blocks for as long as nobody reads. Non-blocking mode is no
// way out, as it belongs to the open file, which is shared with whoever started the engine. So a thread writes, and Write only adds to
// what waits for it.
//
// Threading: Write and Size in one thread. The thread inside handles no signals. Ownership: the descriptor is somebody else's, and stays
// open for as long as the process runs. Memory: at most kMaxPending bytes wait; what does not fit is left out, whole Writes at a time, and
// counted. The destructor waits for as long as somebody reads, and for at most kFlushLimit where nobody does; then the rest is given up.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "engine/display/output_stream.h"

namespace borgop {

class FdOutput final : public OutputStream {
 public:
  static constexpr std::size_t kMaxPending = std::size_t{1} << 20;
  static constexpr std::chrono::seconds kFlushLimit{2};

  // What to write in the place of `lost` Writes that did not fit; may be empty.
  using LossNotice = std::function<std::string(std::size_t lost)>;

  FdOutput(int fd, LossNotice notice);
  ~FdOutput() override;
  FdOutput(const FdOutput&) = delete;
  FdOutput& operator=(const FdOutput&) = delete;
  void Write(std::string_view bytes) override;
  TerminalSize Size() override;

 private:
  struct Shared;
  int fd_;
  LossNotice notice_;
  std::size_t lost_ = 0;
  std::shared_ptr<Shared> shared_;  // with the thread, which may be left blocked
};

}  // namespace borgop
