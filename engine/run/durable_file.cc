#include "engine/run/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "engine/base/unique_fd.h"

namespace borgop {
namespace {

// All of it, or the errno.
int WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

int WriteDurably(const std::string& path, std::string_view text) {
  const std::string beside = path + ".new";
  static_cast<void>(unlink(beside.c_str()));
  const UniqueFd file(open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return errno;
  int error = WriteAll(file.get(), text);
  if (error == 0 && fsync(file.get()) != 0) error = errno;
  if (error == 0 && std::rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    static_cast<void>(unlink(beside.c_str()));
    return error;
  }
  // The new name has to outlive a power cut as well.
  const std::string::size_type slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const UniqueFd directory(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || fsync(directory.get()) != 0) return errno;
  return 0;
}

}  // namespace borgop
