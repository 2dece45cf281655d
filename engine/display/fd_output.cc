#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "engine/display/output_stream.h"

namespace borgop {

void FdOutput::Write(std::string_view bytes) {
  int patience = 100;  // a stream that somebody else made non-blocking gets up to a second to drain
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (written < 0 && errno == EINTR) {
      continue;
    } else if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && patience-- > 0) {
      const timespec pause{0, 10'000'000};
      nanosleep(&pause, nullptr);
    } else {
      return;
    }
  }
}

TerminalSize FdOutput::Size() {
  winsize size{};
  TerminalSize result;
  // Some terminals (serial lines, bare containers) report 0.
  if (ioctl(fd_, TIOCGWINSZ, &size) == 0) {
    if (size.ws_col != 0) result.columns = size.ws_col;
    if (size.ws_row != 0) result.rows = size.ws_row;
  }
  return result;
}

}  // namespace borgop
