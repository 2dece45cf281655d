// Unix stream sockets on this machine.
#pragma once

#include <memory>
#include <string>

#include "engine/base/unique_fd.h"
#include "engine/loop/fd_stream.h"

namespace borgop {

// Listens at `path` (mode 0600; the caller's directory keeps others out), for one connection: Accept takes it and removes the path.
class UnixListener {
 public:
  static Result<std::unique_ptr<UnixListener>> Listen(EventLoop& loop, std::string path);
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;
  Task<Result<UniqueFd>> Accept(Context context);

 private:
  UnixListener(EventLoop& loop, UniqueFd fd, std::string path);
  void Remove();
  std::string path_;
  FdStream listener_;
};

// Connects to the socket at `path`; does not block for longer than the kernel takes.
Result<UniqueFd> ConnectUnix(const std::string& path);

}  // namespace borgop
