#include "engine/cli/standard_output.h"

#include <fcntl.h>
#include <unistd.h>

namespace borgop::cli {

StandardOutput::StandardOutput(EventLoop& loop)
    : flags_(fcntl(STDOUT_FILENO, F_GETFL)),
      stream_(std::make_unique<FdStream>(loop, UniqueFd(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)), "standard output")) {}

StandardOutput::~StandardOutput() {
  stream_.reset();
  if (flags_ >= 0) static_cast<void>(fcntl(STDOUT_FILENO, F_SETFL, flags_));
}

Task<Status> StandardOutput::Write(Context context, std::span<const char> bytes) {
  const Status written = co_await stream_->Write(context, bytes);
  if (written || context.Interrupted() != Wake::kNotified) co_return written;
  co_return Fail(Reason::kInternal, "the tar could not be written: " + written.error().message,
                 "See why whoever reads standard output ended, then restore again.");
}

Task<Status> StandardOutput::CloseWrite(Context context) { return stream_->CloseWrite(context); }

}  // namespace borgop::cli
