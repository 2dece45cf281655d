#include "engine/cli/termination_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/plan/document.h"

namespace borgop::cli {

Result<TerminationLog> TerminationLog::Open(const std::string& path) {
  TerminationLog log;
  if (path.empty()) return log;
  log.path_ = path;
  log.file_ = UniqueFd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666));
  if (log.file_.get() < 0) {
    return Fail(Reason::kInvalidConfig, "the termination log " + Quoted(path) + " cannot be written: " + std::strerror(errno),
                "Name a file in a directory that exists and that this user may write to.");
  }
  return log;
}

Status TerminationLog::Write(std::string_view text) {
  if (file_.get() < 0) return {};
  // A pipe or a device has no length to cut.
  if (ftruncate(file_.get(), 0) != 0 && errno != EINVAL) {
    return Fail(Reason::kInternal, "cannot write the termination log " + Quoted(path_) + ": " + std::strerror(errno));
  }
  while (!text.empty()) {
    const ssize_t written = write(file_.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      return Fail(Reason::kInternal, "cannot write the termination log " + Quoted(path_) + ": " + std::strerror(errno));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace borgop::cli
