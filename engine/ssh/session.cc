#include "engine/ssh/session.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/ssh/algorithms.h"
#include "engine/ssh/channel.h"
#include "engine/ssh/libssh2_error.h"

namespace borgop {
namespace {

constexpr std::size_t kReadAhead = std::size_t{128} * 1024;
constexpr std::size_t kMostUnsent = std::size_t{1024} * 1024;
constexpr std::uint32_t kPacketSize = 32 * 1024;  // RFC 4253, section 6.1: what every implementation takes
constexpr std::uint32_t kJumpWindow = 4 * 1024 * 1024;

// How often keepalives and silence are looked at: neither is due to the second.
std::chrono::milliseconds WatchInterval(const SessionTimes& times) { return times.keepalive / 3; }

void AppendUint32(std::string& to, std::size_t value) {
  for (const int shift : {24, 16, 8, 0}) to.push_back(static_cast<char>((value >> shift) & 0xFFU));
}

void AppendString(std::string& to, const std::string& text) {
  AppendUint32(to, text.size());
  to += text;
}

// libssh2_init is not thread-safe and counts its calls; one for the life of the process.
bool InitLibrary() {
  static const bool ok = libssh2_init(0) == 0;
  return ok;
}

}  // namespace

Session::Session(EventLoop& loop, std::string name, const SessionTimes& times)
    : loop_(loop),
      name_(std::move(name)),
      times_(times),
      read_ahead_(kReadAhead),
      last_received_(loop.Now()),
      last_sent_(last_received_),
      last_keepalive_(last_received_),
      heard_(last_received_),
      due_(loop.Now() + WatchInterval(times)),
      timer_(loop.AddTimer(due_, this)) {}

Session::~Session() {
  if (timer_ != loop_.NoTimer()) loop_.RemoveTimer(timer_);
  if (raw_ != nullptr) {
    carrier_->Shut();
    failure_.emplace(Error{Reason::kInternal, "the connection object is gone", {}});
    // With a dead socket every remaining channel is freed without waiting; the bound is for what nobody foresaw.
    for (int i = 0; i < 1000 && libssh2_session_free(raw_) == LIBSSH2_ERROR_EAGAIN; ++i) {
    }
  }
  carrier_.reset();
}

Result<std::unique_ptr<Session>> Session::OverSocket(EventLoop& loop, UniqueFd socket, std::string name,
                                                     const SessionTimes& times) {
  std::unique_ptr<Session> session(new Session(loop, std::move(name), times));
  session->carrier_ = std::make_unique<SocketCarrier>(loop, std::move(socket), *session);
  const Status made = session->Init();
  if (!made) return Fail(made.error());
  return session;
}

Task<Result<std::unique_ptr<Session>>> Session::OverJump(Context context, std::unique_ptr<Session> via, std::string host,
                                                         std::uint16_t port, std::string name, SessionTimes times) {
  // RFC 4254, section 7.2. The originator is a formality: there is no connection to this process behind it.
  std::string message;
  AppendString(message, host);
  AppendUint32(message, port);
  AppendString(message, "127.0.0.1");
  AppendUint32(message, 22);
  Result<LIBSSH2_CHANNEL*> channel = co_await via->OpenChannel(context, "direct-tcpip", kJumpWindow, std::move(message));
  if (!channel) {
    Error error = channel.error();
    if (error.reason == Reason::kChannelRefused) {
      std::string why = error.message;
      if (const std::string who = via->name() + ": "; why.starts_with(who)) why.erase(0, who.size());
      const bool forbidden = why.find("prohibited") != std::string::npos;
      error = {
          forbidden ? Reason::kChannelRefused : Reason::kConnectFailed,
          via->name() + (forbidden ? " may not" : " cannot") + " connect to " + host + " port " + std::to_string(port) + ": " + why,
          forbidden ? "See that sshd on the jump host allows this account TCP forwarding to that host and port "
                      "(AllowTcpForwarding, PermitOpen; restrict or no-port-forwarding in authorized_keys)."
                    : "Check that that host is up, that its sshd listens on that port, and that the jump host reaches it."};
    }
    co_return Fail(std::move(error));
  }
  std::unique_ptr<Session> session(new Session(*context.loop, std::move(name), times));
  session->carrier_ = std::make_unique<ChannelCarrier>(*via, *channel, *session);
  session->via_ = std::move(via);
  const Status made = session->Init();
  if (!made) co_return Fail(made.error());
  co_return session;
}

Status Session::Init() {
  if (!InitLibrary() || (raw_ = libssh2_session_init_ex(nullptr, nullptr, nullptr, this)) == nullptr) {
    return Fail(Reason::kInternal, "libssh2 cannot be initialised");
  }
  libssh2_session_set_blocking(raw_, 0);
  libssh2_session_callback_set2(raw_, LIBSSH2_CALLBACK_RECV, reinterpret_cast<libssh2_cb_generic*>(&ReceiveCallback));
  libssh2_session_callback_set2(raw_, LIBSSH2_CALLBACK_SEND, reinterpret_cast<libssh2_cb_generic*>(&SendCallback));
  libssh2_keepalive_config(raw_, 1, 2);  // this class decides when; 2 s is the shortest that libssh2 takes
  return {};
}

ssize_t Session::ReceiveCallback(libssh2_socket_t, void* into, size_t size, int, void** abstract) {
  Session& self = *static_cast<Session*>(*abstract);
  if (self.read_begin_ == self.read_end_) {
    const ssize_t got = self.carrier_->Receive(self.read_ahead_.data(), self.read_ahead_.size());
    if (got <= 0) return got;
    self.received_ += static_cast<std::uint64_t>(got);
    self.heard_ = self.last_received_ = self.loop_.Now();
    self.read_begin_ = 0;
    self.read_end_ = static_cast<std::size_t>(got);
  }
  const std::size_t part = std::min(size, self.read_end_ - self.read_begin_);
  std::memcpy(into, self.read_ahead_.data() + self.read_begin_, part);
  self.read_begin_ += part;
  return static_cast<ssize_t>(part);
}

ssize_t Session::SendCallback(libssh2_socket_t, const void* bytes, size_t size, int, void** abstract) {
  Session& self = *static_cast<Session*>(*abstract);
  if (self.failure_) return -ECONNRESET;
  self.SendUnsent();
  std::size_t taken = 0;
  const char* const begin = static_cast<const char*>(bytes);
  if (!self.Unsent()) {
    const ssize_t put = self.Send(begin, size);
    if (put < 0 && put != -EAGAIN) return put;
    taken = put < 0 ? 0 : static_cast<std::size_t>(put);
  }
  self.half_sent_ = self.unsent_.size() - self.unsent_begin_ + size - taken > kMostUnsent;
  if (self.half_sent_) return taken == 0 ? -EAGAIN : static_cast<ssize_t>(taken);
  self.unsent_.insert(self.unsent_.end(), begin + taken, begin + size);
  return static_cast<ssize_t>(size);
}

ssize_t Session::Send(const char* bytes, std::size_t size) {
  const ssize_t put = carrier_->Send(bytes, size);
  if (put > 0) {
    sent_ += static_cast<std::uint64_t>(put);
    last_sent_ = loop_.Now();
  }
  return put;
}

void Session::SendUnsent() {
  // Over a jump host, sending may make progress there, which leads here again.
  if (sending_unsent_ || failure_) return;
  sending_unsent_ = true;
  ssize_t put = 1;
  while (Unsent() && put > 0) {
    put = Send(unsent_.data() + unsent_begin_, unsent_.size() - unsent_begin_);
    if (put > 0) unsent_begin_ += static_cast<std::size_t>(put);
  }
  sending_unsent_ = false;
  if (!Unsent()) {
    unsent_.clear();
    unsent_begin_ = 0;
  } else if (put < 0 && put != -EAGAIN) {
    Abort({Reason::kConnectionLost, name_ + ": the connection was lost (sending)", {}});
  }
}

void Session::NotifyAll() {
  ++generation_;
  inbound_.NotifyAll();
  outbound_.NotifyAll();
  if (child_ != nullptr) child_->OnCarrierReady();
}

void Session::OnCarrierReady() {
  SendUnsent();
  NotifyAll();
}

bool Session::WantsIn() const { return waiting_in_ != 0 || (child_ != nullptr && (child_->WantsIn() || child_->WantsOut())); }

// Whoever waits for the way out waits for this. A child may also wait for room in its channel's window, which comes in.
bool Session::WantsOut() const { return Unsent(); }

Task<Status> Session::WaitForProgress(Context context, bool held_back, const char* doing) {
  const bool out = held_back || half_sent_;
  if (half_sent_ && !held_back) {
    Context patient;
    patient.loop = context.loop;
    context = patient;
  }
  if (!held_back) ++waiting_in_;
  const Wake wake = co_await (out ? outbound_ : inbound_).Wait(context);
  if (!held_back) --waiting_in_;
  if (wake != Wake::kNotified) co_return Fail(InterruptedError(wake, std::string(doing) + " (" + name_ + ")"));
  co_return Status{};
}

Error Session::Translate(ssize_t code, const char* doing) {
  Error error = TranslateLibssh2(raw_, static_cast<int>(code), name_, doing);
  // What broke the jump host's connection broke this one.
  if (BreaksConnection(static_cast<int>(code)) && !failure_) Abort(via_ && via_->failure_ ? *via_->failure_ : error);
  return failure_ ? *failure_ : error;
}

void Session::Abort(Error error) {
  if (failure_) return;
  failure_ = std::move(error);
  carrier_->Shut();
  NotifyAll();
}

void Session::OnTimer() {
  const MonotonicTime now = loop_.Now();
  // While this process did not run (stopped, suspended, starved), it could not hear: that is nobody's silence.
  if (const auto late = now - due_; late > WatchInterval(times_)) {
    last_received_ = std::min(now, last_received_ + late);
    last_sent_ = std::min(now, last_sent_ + late);
  }
  due_ = now + WatchInterval(times_);
  timer_ = loop_.AddTimer(due_, this);
  if (failure_ || !authenticated_) return;
  // Only silence while somebody listens counts: where a reader holds back on purpose, nothing is expected to move.
  if (!WantsIn()) last_received_ = now;
  if (!WantsOut()) last_sent_ = now;
  const MonotonicTime since = WantsIn() ? last_received_ : last_sent_;
  if (now - since > times_.silence) {
    // A jump host that answers its own keepalives is not to blame for what is behind it.
    const Session* silent = this;
    while (silent->via_ && now - silent->via_->last_received_ > times_.silence / 2) silent = silent->via_.get();
    Abort({Reason::kNoProgress,
           silent->name_ + " has been silent for " +
               std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now - since).count()) + " s",
           {}});
    return;
  }
  // Also while nobody listens: what is between the machines (NAT) forgets a connection on which nothing is said.
  if (now - heard_ < times_.keepalive || now - last_keepalive_ < times_.keepalive) return;
  if (Unsent() || !carrier_->RoomForSmallPacket()) return;
  last_keepalive_ = now;
  int next = 0;
  const int code = Call([&] { return libssh2_keepalive_send(raw_, &next); });
  if (code != 0 && code != LIBSSH2_ERROR_EAGAIN) Translate(code, "sending a keepalive");
}

Task<Status> Session::Handshake(Context context, std::vector<PinnedKey> pins) {
  const Status preferred = SetAlgorithms(raw_, pins, name_);
  if (!preferred) co_return preferred;
  const int descriptor = carrier_->fd();
  const Result<ssize_t> done = co_await Do(
      context, [this, descriptor] { return libssh2_session_handshake(raw_, descriptor); }, "the SSH handshake");
  if (!done) co_return Fail(done.error());
  size_t size = 0;
  int type = 0;
  const char* blob = libssh2_session_hostkey(raw_, &size, &type);
  const std::string shown = blob == nullptr ? std::string() : std::string(blob, size);
  const bool pinned = std::any_of(pins.begin(), pins.end(), [&](const PinnedKey& pin) { return pin.blob == shown; });
  if (shown.empty() || !pinned) {
    Error error{
        Reason::kHostKeyMismatch, name_ + " shows the host key " + Fingerprint(shown) + ", pinned is " + Fingerprints(pins), {}};
    Abort(error);
    co_return Fail(std::move(error));
  }
  co_return Status{};
}

Task<Status> Session::Authenticate(Context context, const SshEndpoint& endpoint) {
  // libssh2 wants a C string. A key that needs no passphrase gets none, so that one is never sent to the KDF in vain.
  Secret passphrase;
  if (!endpoint.key_passphrase.empty()) {
    std::string text;
    text.reserve(endpoint.key_passphrase.size() + 1);  // no reallocation: it would leave a copy behind
    text.append(endpoint.key_passphrase.Reveal()).push_back('\0');
    passphrase = Secret::Consume(std::move(text));
  }
  const char* phrase = passphrase.empty() ? nullptr : passphrase.Reveal().data();
  const std::string_view key = endpoint.private_key.Reveal();
  const Result<ssize_t> done = co_await Do(
      context,
      [this, &endpoint, key, phrase] {
        return libssh2_userauth_publickey_frommemory(raw_, endpoint.user.data(), endpoint.user.size(), nullptr, 0, key.data(),
                                                     key.size(), phrase);
      },
      "logging in");
  if (!done) {
    if (done.error().reason == Reason::kAuthenticationFailed || done.error().reason == Reason::kKeyUnusable) {
      Error error = done.error();
      error.message = error.reason == Reason::kKeyUnusable ? "the private key for " + name_ + " cannot be used" +
                                                                 (phrase == nullptr ? "" : " (is its passphrase right?)")
                                                           : name_ + " does not let user " + endpoint.user + " in with this key";
      co_return Fail(std::move(error));
    }
    co_return Fail(done.error());
  }
  authenticated_ = true;
  co_return Status{};
}

Task<Result<LIBSSH2_CHANNEL*>> Session::OpenChannel(Context context, std::string type, std::uint32_t window, std::string message) {
  const Result<AsyncLock::Guard> turn = co_await open_lock_.Acquire(context, "opening a channel");
  if (!turn) co_return Fail(turn.error());
  if (open_broken_) co_return Fail(Reason::kConnectionLost, name_ + ": an earlier channel was given up while it was being opened");
  LIBSSH2_CHANNEL* channel = nullptr;
  const Result<ssize_t> done = co_await Do(
      context,
      [&] {
        channel = libssh2_channel_open_ex(raw_, type.data(), static_cast<unsigned>(type.size()), window, kPacketSize,
                                          message.empty() ? nullptr : message.data(), static_cast<unsigned>(message.size()));
        return channel != nullptr ? 0 : libssh2_session_last_errno(raw_);
      },
      "opening a channel");
  if (!done) {
    open_broken_ = done.error().reason == Reason::kCancelled || done.error().reason == Reason::kDeadlineExceeded;
    co_return Fail(done.error());
  }
  co_return channel;
}

Task<Result<std::unique_ptr<Channel>>> Session::Exec(Context context, std::string command, std::uint32_t window) {
  const Result<LIBSSH2_CHANNEL*> raw = co_await OpenChannel(context, "session", window, {});
  if (!raw) co_return Fail(raw.error());
  auto channel = std::make_unique<SessionChannel>(*this, *raw);
  const Result<ssize_t> started = co_await Do(
      context,
      [&] { return libssh2_channel_process_startup(*raw, "exec", 4, command.data(), static_cast<unsigned>(command.size())); },
      "starting a command");
  if (!started) co_return Fail(started.error());
  co_return std::unique_ptr<Channel>(std::move(channel));
}

Task<void> Session::Disconnect(Context context) {
  if (!failure_) {
    co_await Do(
        context, [this] { return libssh2_session_disconnect(raw_, "bye"); }, "saying goodbye");
    Status sent;
    while (sent && Unsent() && !failure_) sent = co_await WaitForProgress(context, true, "saying goodbye");
  }
  Abort({Reason::kConnectionLost, "the connection to " + name_ + " has been closed", {}});
  if (via_) co_await via_->Disconnect(context);
}

}  // namespace borgop
