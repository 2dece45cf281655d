#include "engine/guard/number_file.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "engine/base/temporary_folder.h"

namespace borgop::guard {
namespace {

tl::unexpected<Error> Failure(const std::string& doing, const std::string& directory, int code) {
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  return Fail(
      full ? Reason::kDiskFull : Reason::kInternal,
      "cannot " + doing + " a temporary file in " + directory +
          " for the list of what the repository holds: " + std::strerror(code),
      "Set TMPDIR on this machine to a directory that can be written and has 16 bytes of room for each object of the repository.");
}

off_t OffsetOf(std::uint64_t number) { return static_cast<off_t>(number * sizeof(std::uint64_t)); }

}  // namespace

Result<NumberFile> NumberFile::Make() {
  std::string directory = TemporaryFolder();
  std::string path = directory + "/borg-engine.XXXXXXXXXX";
  UniqueFd fd(mkostemp(path.data(), O_CLOEXEC));
  if (!fd || unlink(path.c_str()) != 0) return Failure("make", directory, errno);
  return NumberFile(std::move(fd), std::move(directory));
}

Status NumberFile::Append(std::span<const std::uint64_t> numbers) {
  std::span<const std::byte> bytes = std::as_bytes(numbers);
  while (!bytes.empty()) {
    const off_t at = OffsetOf(size_ + numbers.size()) - static_cast<off_t>(bytes.size());
    const ssize_t written = pwrite(fd_.get(), bytes.data(), bytes.size(), at);
    if (written < 0 && errno != EINTR) return Failure("write", directory_, errno);
    if (written > 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  size_ += numbers.size();
  return {};
}

Status NumberFile::Read(std::uint64_t first, std::span<std::uint64_t> into) const {
  const off_t end = OffsetOf(first + into.size());
  std::span<std::byte> bytes = std::as_writable_bytes(into);
  while (!bytes.empty()) {
    const ssize_t got = pread(fd_.get(), bytes.data(), bytes.size(), end - static_cast<off_t>(bytes.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Failure("read", directory_, got == 0 ? EIO : errno);
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

}  // namespace borgop::guard
