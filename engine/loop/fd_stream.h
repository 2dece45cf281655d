// A file descriptor (socket or pipe end) as Reader and Writer. A read error such as ECONNRESET is an error, not an end.
//
// Ownership: owns the descriptor and sets it non-blocking. Threading: the loop's thread.
#pragma once

#include "engine/base/unique_fd.h"
#include "engine/loop/stream.h"

namespace borgop {

class FdStream final : public Reader, public Writer, private Pollable {
 public:
  // `name` says in errors what it is.
  FdStream(EventLoop& loop, UniqueFd fd, std::string name);

  Task<Result<std::size_t>> Read(Context context, std::span<char> into) override;
  Task<Status> Write(Context context, std::span<const char> bytes) override;
  // shutdown(2) for a socket, close(2) for anything else.
  Task<Status> CloseWrite(Context context) override;

  // Until the descriptor is readable (an accept(2) will not block) or writable (a connect(2) has ended).
  Task<Status> WaitReadable(Context context);
  Task<Status> WaitWritable(Context context);
  int fd() const override { return fd_.get(); }

 private:
  short Interest() override;
  void OnReady(short events) override;

  UniqueFd fd_;
  std::string name_;
  WaitQueue readers_, writers_;
};

}  // namespace borgop
