#include "engine/display/fd_output.h"

#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>
#include <utility>

namespace borgop {

struct FdOutput::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::string pending;    // the thread takes it as a whole
  std::size_t taken = 0;  // bytes that the thread has and has not written
  bool done = false;      // nothing more will come
  bool broken = false;    // nothing more will go
  bool ended = false;     // the thread has nothing more to do
};

namespace {

// The bytes that went out; 0: the descriptor is broken.
std::size_t WriteSome(int fd, std::string_view bytes) {
  while (true) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written > 0) return static_cast<std::size_t>(written);
    if (written < 0 && errno == EINTR) continue;
    if (written == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return 0;
    pollfd ready{fd, POLLOUT, 0};  // somebody else made it non-blocking
    poll(&ready, 1, -1);
  }
}

}  // namespace

FdOutput::FdOutput(int fd, LossNotice notice) : fd_(fd), notice_(std::move(notice)), shared_(std::make_shared<Shared>()) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited by the thread: signals are for the loop
  std::thread([fd, shared = shared_] {
    std::unique_lock lock(shared->mutex);
    while (!shared->broken) {
      shared->changed.wait(lock, [&] { return !shared->pending.empty() || shared->done; });
      if (shared->pending.empty()) break;
      const std::string bytes = std::exchange(shared->pending, {});
      shared->taken = bytes.size();
      while (shared->taken > 0 && !shared->broken) {
        const std::string_view rest = std::string_view(bytes).substr(bytes.size() - shared->taken);
        lock.unlock();
        const std::size_t written = WriteSome(fd, rest);
        lock.lock();
        shared->taken -= written;
        shared->broken = written == 0;
        shared->changed.notify_all();
      }
    }
    shared->ended = true;
    shared->changed.notify_all();
  }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

FdOutput::~FdOutput() {
  std::unique_lock lock(shared_->mutex);
  if (lost_ > 0 && notice_) shared_->pending += notice_(lost_);  // the last word, whether it fits or not
  shared_->done = true;
  shared_->changed.notify_all();
  while (!shared_->ended) {
    const std::size_t before = shared_->pending.size() + shared_->taken;
    const auto moved = [&] { return shared_->ended || shared_->pending.size() + shared_->taken != before; };
    if (!shared_->changed.wait_for(lock, kFlushLimit, moved)) return;
  }
}

void FdOutput::Write(std::string_view bytes) {
  const std::lock_guard lock(shared_->mutex);
  std::string notice;
  if (lost_ > 0 && notice_) notice = notice_(lost_);
  if (shared_->pending.size() + shared_->taken + notice.size() + bytes.size() > kMaxPending) {
    ++lost_;
    return;
  }
  lost_ = 0;
  shared_->pending.append(notice).append(bytes);
  shared_->changed.notify_all();
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
