#include "engine/loop/fd_stream.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace borgop {
namespace {

Error IoError(const std::string& name, const char* what, int code) {
  return {Reason::kConnectionLost, std::string(what) + " " + name + ": " + std::strerror(code), {}};
}

}  // namespace

FdStream::FdStream(EventLoop& loop, UniqueFd fd, std::string name) : Pollable(loop), fd_(std::move(fd)), name_(std::move(name)) {
  fcntl(fd_.get(), F_SETFL, fcntl(fd_.get(), F_GETFL) | O_NONBLOCK);
}

short FdStream::Interest() { return static_cast<short>((readers_.empty() ? 0 : POLLIN) | (writers_.empty() ? 0 : POLLOUT)); }

void FdStream::OnReady(short events) {
  // POLLHUP and POLLERR concern both: whoever waits learns of it from its next call.
  if ((events & ~POLLOUT) != 0) readers_.NotifyAll();
  if ((events & ~POLLIN) != 0) writers_.NotifyAll();
}

Task<Status> FdStream::WaitReadable(Context context) {
  const Wake wake = co_await readers_.Wait(context);
  if (wake != Wake::kNotified) co_return Fail(InterruptedError(wake, "waiting for " + name_));
  co_return Status{};
}

Task<Status> FdStream::WaitWritable(Context context) {
  const Wake wake = co_await writers_.Wait(context);
  if (wake != Wake::kNotified) co_return Fail(InterruptedError(wake, "waiting for " + name_));
  co_return Status{};
}

Task<Result<std::size_t>> FdStream::Read(Context context, std::span<char> into) {
  const bool gave_way = co_await context.loop->GiveWay();
  if (gave_way && context.Interrupted() != Wake::kNotified)
    co_return Fail(InterruptedError(context.Interrupted(), "reading from " + name_));
  while (true) {
    const ssize_t got = read(fd_.get(), into.data(), into.size());
    if (got >= 0) co_return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return Fail(IoError(name_, "reading from", errno));
    const Status ready = co_await WaitReadable(context);
    if (!ready) co_return Fail(ready.error());
  }
}

Task<Status> FdStream::Write(Context context, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(fd_.get(), bytes.data(), bytes.size());
    if (put >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(put));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return Fail(IoError(name_, "writing to", errno));
    const Status ready = co_await WaitWritable(context);
    if (!ready) co_return ready;
  }
  co_return Status{};
}

Task<Status> FdStream::CloseWrite(Context) {
  if (fd_ && shutdown(fd_.get(), SHUT_WR) != 0 && errno == ENOTSOCK) fd_.reset();
  co_return Status{};
}

}  // namespace borgop
