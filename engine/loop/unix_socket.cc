#include "engine/loop/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace borgop {
namespace {

Result<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Fail(Reason::kInternal, "the path of a unix socket is too long: " + path, "Set TMPDIR to a shorter path.");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Error SocketError(const std::string& path, const char* what) {
  return {Reason::kInternal, std::string(what) + " " + path + ": " + std::strerror(errno),
          "Set TMPDIR to a directory that can be written."};
}

}  // namespace

Result<std::unique_ptr<UnixListener>> UnixListener::Listen(EventLoop& loop, std::string path) {
  const Result<sockaddr_un> address = AddressOf(path);
  if (!address) return Fail(address.error());
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
      chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || listen(fd.get(), 1) != 0) {
    return Fail(SocketError(path, "cannot listen at"));
  }
  return std::unique_ptr<UnixListener>(new UnixListener(loop, std::move(fd), std::move(path)));
}

UnixListener::UnixListener(EventLoop& loop, UniqueFd fd, std::string path) : path_(path), listener_(loop, std::move(fd), path) {}

UnixListener::~UnixListener() { Remove(); }

void UnixListener::Remove() {
  if (!path_.empty()) unlink(path_.c_str());
  path_.clear();
}

Task<Result<UniqueFd>> UnixListener::Accept(Context context) {
  while (true) {
    UniqueFd fd(accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd) {
      Remove();
      co_return std::move(fd);
    }
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) co_return Fail(SocketError(path_, "cannot accept at"));
    const Status ready = co_await listener_.WaitReadable(context);
    if (!ready) co_return Fail(ready.error());
  }
}

Result<UniqueFd> ConnectUnix(const std::string& path) {
  const Result<sockaddr_un> address = AddressOf(path);
  if (!address) return Fail(address.error());
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd || connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return Fail(SocketError(path, "cannot connect to"));
  }
  return fd;
}

}  // namespace borgop
