#include "engine/ssh/channel.h"

#include <cerrno>
#include <limits>
#include <utility>

namespace borgop {

namespace {

// How long the output of a command that has ended may be silent: what it had written is under way then, and sshd has read it.
constexpr std::chrono::seconds kLinger{2};
constexpr ssize_t kCommandEnded = std::numeric_limits<ssize_t>::max();

}  // namespace

Task<Result<std::size_t>> SessionChannel::Output::Read(Context context, std::span<char> into) {
  const bool gave_way = co_await context.loop->GiveWay();
  if (gave_way && context.Interrupted() != Wake::kNotified)
    co_return Fail(InterruptedError(context.Interrupted(), "reading (" + channel_.session_.name() + ")"));
  if (channel_.raw_ == nullptr) co_return std::size_t{0};
  bool lingers = false;
  const auto read = [&]() -> ssize_t {
    const ssize_t code = libssh2_channel_read_ex(channel_.raw_, stream_, into.data(), into.size());
    return code == LIBSSH2_ERROR_EAGAIN && !lingers && channel_.Ended() ? kCommandEnded : code;
  };
  Result<ssize_t> got = co_await channel_.session_.Do(context, read, "reading");
  if (got && *got == kCommandEnded) {
    lingers = true;
    got = co_await channel_.session_.Do(context.WithTimeout(kLinger), read, "reading");
    const bool silent = !got && got.error().reason == Reason::kDeadlineExceeded && context.Interrupted() == Wake::kNotified;
    if (silent) co_return std::size_t{0};
  }
  if (!got) co_return Fail(got.error());
  co_return static_cast<std::size_t>(*got);
}

bool SessionChannel::Ended() const {
  std::size_t signal_size = 0;
  libssh2_channel_get_exit_signal(raw_, nullptr, &signal_size, nullptr, nullptr, nullptr, nullptr);
  return signal_size != 0 || libssh2_channel_get_exit_status(raw_) != 0;
}

Task<Status> SessionChannel::Input::Write(Context context, std::span<const char> bytes) {
  while (!bytes.empty()) {
    if (channel_.raw_ == nullptr || closed_) co_return Fail(Reason::kConnectionLost, "writing to a channel that is closed");
    const Result<ssize_t> put = co_await channel_.session_.Do(
        context,
        [this, bytes] {
          channel_.session_.SendUnsent();
          if (channel_.session_.Unsent()) return Session::kHeldBack;
          const ssize_t code = libssh2_channel_write_ex(channel_.raw_, 0, bytes.data(), bytes.size());
          if (code != 0 && code != LIBSSH2_ERROR_EAGAIN) return code;
          // 0: the window is used up. It stays so when the other side has closed the channel, which libssh2 does not tell a writer.
          if (!channel_.session_.half_sent_ && libssh2_channel_eof(channel_.raw_) == 1 &&
              libssh2_channel_wait_closed(channel_.raw_) == 0) {
            return ssize_t{LIBSSH2_ERROR_CHANNEL_CLOSED};
          }
          return ssize_t{LIBSSH2_ERROR_EAGAIN};
        },
        "writing");
    if (!put) co_return Fail(put.error());
    bytes = bytes.subspan(static_cast<std::size_t>(*put));
  }
  co_return Status{};
}

Task<Status> SessionChannel::Input::CloseWrite(Context context) {
  if (closed_ || channel_.raw_ == nullptr) co_return Status{};
  const Result<ssize_t> done = co_await channel_.session_.Do(
      context, [this] { return libssh2_channel_send_eof(channel_.raw_); }, "ending the input");
  if (!done) co_return Fail(done.error());
  closed_ = true;
  co_return Status{};
}

Task<Result<ExitStatus>> SessionChannel::WaitExit(Context context) {
  if (raw_ == nullptr) co_return Fail(Reason::kInternal, "the channel is closed");
  const Result<ssize_t> done = co_await session_.Do(
      context,
      [this] {
        // libssh2 refuses to wait for the end of a channel whose other side has not ended its output.
        const int output_ended = libssh2_channel_wait_eof(raw_);
        if (Ended()) return 0;
        return output_ended == 0 ? libssh2_channel_wait_closed(raw_) : output_ended;
      },
      "waiting for a command to end");
  if (!done) co_return Fail(done.error());
  ExitStatus exit;
  exit.status = libssh2_channel_get_exit_status(raw_);
  char* signal = nullptr;
  size_t size = 0;
  libssh2_channel_get_exit_signal(raw_, &signal, &size, nullptr, nullptr, nullptr, nullptr);
  if (signal != nullptr) {
    exit.signal.assign(signal, size);
    libssh2_free(session_.raw_, signal);
  }
  co_return exit;
}

Task<Status> SessionChannel::Close(Context context) {
  if (raw_ == nullptr || session_.failure_) co_return Status{};
  const Result<ssize_t> closed = co_await session_.Do(
      context, [this] { return libssh2_channel_close(raw_); }, "closing a channel");
  if (!closed) co_return Fail(closed.error());
  const Result<ssize_t> freed = co_await session_.Do(
      context, [this] { return libssh2_channel_free(raw_); }, "closing a channel");
  raw_ = nullptr;
  if (!freed) co_return Fail(freed.error());
  co_return Status{};
}

ChannelCarrier::ChannelCarrier(Session& outer, LIBSSH2_CHANNEL* raw, CarrierUser& user) : outer_(outer), raw_(raw) {
  outer_.SetChild(&user);
}

ChannelCarrier::~ChannelCarrier() { outer_.SetChild(nullptr); }

ssize_t ChannelCarrier::Errno(ssize_t code) {
  if (code == LIBSSH2_ERROR_EAGAIN) return -EAGAIN;
  if (code < 0) outer_.Translate(code, "carrying another connection");
  return code < 0 ? -ECONNRESET : code;
}

ssize_t ChannelCarrier::Receive(char* into, std::size_t size) {
  if (shut_ || outer_.failure_) return -ECONNRESET;
  return Errno(outer_.Call([&] { return libssh2_channel_read_ex(raw_, 0, into, size); }));
}

ssize_t ChannelCarrier::Send(const char* bytes, std::size_t size) {
  if (shut_ || outer_.failure_) return -ECONNRESET;
  outer_.SendUnsent();
  if (outer_.Unsent()) return -EAGAIN;
  const ssize_t code = Errno(outer_.Call([&] { return libssh2_channel_write_ex(raw_, 0, bytes, size); }));
  return code == 0 ? -EAGAIN : code;
}

bool ChannelCarrier::RoomForSmallPacket() {
  return !shut_ && !outer_.failure_ && !outer_.Unsent() && libssh2_channel_window_write_ex(raw_, nullptr) > 4096 &&
         outer_.carrier_->RoomForSmallPacket();
}

void ChannelCarrier::Shut() { shut_ = true; }

}  // namespace borgop
