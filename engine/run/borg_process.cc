#include "engine/run/borg_process.h"

#include <sys/wait.h>

#include <csignal>
#include <cstring>

namespace borgop {

Task<Result<Exit>> RemoteBorg::Wait(Context context) {
  const Result<ExitStatus> status = co_await process_->WaitExit(context);
  if (!status) co_return Fail(status.error());
  co_await keeper_.Forget(context, name_);
  co_await process_->Close(context);
  Exit exit;
  exit.status = status->status;
  exit.signal = status->signal;
  co_return exit;
}

Task<void> RemoteBorg::Terminate(Context context) { co_await keeper_.Kill(context, name_); }

Task<Result<Exit>> LocalBorg::Wait(Context context) {
  const Result<int> status = co_await process_->Wait(context);
  if (!status) co_return Fail(status.error());
  Exit exit;
  if (WIFSIGNALED(*status)) {
    const char* name = sigabbrev_np(WTERMSIG(*status));
    exit.signal = name != nullptr ? name : std::to_string(WTERMSIG(*status));
  } else {
    exit.status = WEXITSTATUS(*status);
  }
  co_return exit;
}

Task<void> LocalBorg::Terminate(Context) {
  process_->Signal(SIGTERM);
  co_return;
}

}  // namespace borgop
