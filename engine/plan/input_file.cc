#include "engine/plan/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "engine/base/secret.h"
#include "engine/base/unique_fd.h"

namespace borgop {
namespace {

constexpr std::size_t kFirstBuffer = 4096;

tl::unexpected<Error> Unreadable(int error) {
  return Fail(Reason::kInvalidConfig, "cannot be read: " + std::generic_category().message(error));
}

// Grows without leaving a copy behind.
void Grow(std::string& text, std::size_t size) {
  std::string larger;
  larger.reserve(size);
  larger = text;
  Wipe(text);
  larger.resize(size);
  text = std::move(larger);
}

}  // namespace

Result<std::string> ReadInput(int fd, std::size_t size_limit) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return Unreadable(errno);
  if (S_ISDIR(status.st_mode)) return Unreadable(EISDIR);
  const std::size_t size_hint = S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) : 0;

  std::string text(std::clamp(size_hint + 1, kFirstBuffer, size_limit + 1), '\0');
  std::size_t filled = 0;
  for (;;) {
    if (filled > size_limit) {
      Wipe(text);
      return Fail(Reason::kInvalidConfig, "is larger than " + std::to_string(size_limit) + " bytes");
    }
    if (filled == text.size()) Grow(text, std::min(2 * text.size(), size_limit + 1));
    const ssize_t got = read(fd, text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error = errno;
      Wipe(text);
      return Unreadable(error);
    }
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return text;
}

Result<std::string> ReadInputFile(const std::string& path, std::size_t size_limit) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) return Unreadable(errno);
  return ReadInput(fd.get(), size_limit);
}

}  // namespace borgop
