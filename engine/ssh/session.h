// One SSH connection over libssh2 (RFC 4253, 4252, 4254), as a Connection.
//
// libssh2 is non-blocking here; every call into it goes through Call or Do. What has to hold, and why:
//  - libssh2 does not get on with packets that are half sent: what is called next must be the same call with the same bytes (issue
//    1672), and a key re-exchange that begins meanwhile never ends (issue 2110). So it never sees one: what the carrier does not take is
//    kept here (unsent_), and bulk data is held back until that has gone (kHeldBack). Only when unsent_ is full, which small packets
//    alone can hardly do, libssh2 is told to wait; such a wait is not given up when its context stops.
//  - Any call may take in packets that another waits for, after which the socket is silent. So whenever bytes came in, all who
//    wait try again.
//  - Opening a channel keeps its state in the session: one at a time (open_lock_).
//
// Threading: the loop's thread. Ownership: owns the libssh2 session, its carrier, and the session to the jump host, if any.
#pragma once

#include <libssh2.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/plan/known_hosts.h"
#include "engine/plan/plan.h"
#include "engine/ssh/carrier.h"
#include "engine/ssh/connection.h"

namespace borgop {

struct SessionTimes {
  std::chrono::milliseconds keepalive{15'000};  // after so long without a byte from the other side a keepalive is sent
  std::chrono::milliseconds silence{60'000};    // after so long without any progress the connection is given up
};

class Session final : public Connection, public CarrierUser, private EventLoop::TimerTarget {
 public:
  // Over a connected TCP socket.
  static Result<std::unique_ptr<Session>> OverSocket(EventLoop& loop, UniqueFd socket, std::string name, const SessionTimes& times);
  // Over a direct-tcpip channel of `via` to `host` and `port` as the jump host resolves it. Takes `via`.
  static Task<Result<std::unique_ptr<Session>>> OverJump(Context context, std::unique_ptr<Session> via, std::string host,
                                                         std::uint16_t port, std::string name, SessionTimes times);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Version and key exchange. The host must show one of `pins`; only their types are negotiated.
  // Errors: kHostKeyMismatch, kNoCommonAlgorithm, kConnectionLost when it hung up, kSshProtocol.
  Task<Status> Handshake(Context context, std::vector<PinnedKey> pins);
  // Public key authentication (RFC 4252, section 7). Errors: kAuthenticationFailed, kKeyUnusable.
  Task<Status> Authenticate(Context context, const SshEndpoint& endpoint);

  const std::string& name() const override { return name_; }
  Task<Result<std::unique_ptr<Channel>>> Exec(Context context, std::string command, std::uint32_t window) override;
  const std::optional<Error>& failure() const override { return failure_; }
  void Abort(Error error) override;
  Task<void> Disconnect(Context context) override;

  bool WantsIn() const override;
  bool WantsOut() const override;
  void OnCarrierReady() override;

 private:
  static constexpr ssize_t kHeldBack = -1'000'000;  // no libssh2 code

  friend class SessionChannel;
  friend class ChannelCarrier;

  Session(EventLoop& loop, std::string name, const SessionTimes& times);
  Status Init();
  // Runs `call` once and lets others try again when bytes moved.
  template <typename F>
  auto Call(F call) {
    const std::uint64_t received = received_;
    const std::uint64_t sent = sent_;
    const auto result = call();
    if (received_ != received || (sent_ != sent && child_ != nullptr)) {
      NotifyAll();
    } else if (sent_ != sent) {
      outbound_.NotifyAll();
    }
    return result;
  }
  // Runs `call`, which returns a libssh2 code or a count, again and again until it is not EAGAIN.
  template <typename F>
  Task<Result<ssize_t>> Do(Context context, F call, const char* doing) {
    while (true) {
      if (failure_) co_return Fail(*failure_);
      const std::uint64_t generation = generation_;
      const auto code = static_cast<ssize_t>(Call(call));
      if (code >= 0) co_return code;
      if (code != LIBSSH2_ERROR_EAGAIN && code != kHeldBack) co_return Fail(Translate(code, doing));
      // What it waits for may have come in while it was under way: over a jump host, sending takes in what the other session receives.
      if (generation_ != generation) continue;
      const Status ready = co_await WaitForProgress(context, code == kHeldBack, doing);
      if (!ready) co_return Fail(ready.error());
    }
  }
  // Waits until a call should be tried again: after kHeldBack until unsent_ has gone, after EAGAIN until anything moved.
  Task<Status> WaitForProgress(Context context, bool held_back, const char* doing);
  // Whether bulk data has to wait: see the head of this file.
  bool Unsent() const { return unsent_begin_ != unsent_.size(); }
  void SendUnsent();
  ssize_t Send(const char* bytes, std::size_t size);
  Task<Result<LIBSSH2_CHANNEL*>> OpenChannel(Context context, std::string type, std::uint32_t window, std::string message);
  // The Error for a negative code; breaks the connection when the code means that it is broken.
  Error Translate(ssize_t code, const char* doing);
  void NotifyAll();
  void OnTimer() override;
  // `child` (a session over a channel of this one) is told whenever this one makes progress.
  void SetChild(CarrierUser* child) { child_ = child; }
  static ssize_t ReceiveCallback(libssh2_socket_t, void* into, size_t size, int, void** abstract);
  static ssize_t SendCallback(libssh2_socket_t, const void* bytes, size_t size, int, void** abstract);

  EventLoop& loop_;
  std::string name_;
  SessionTimes times_;
  std::unique_ptr<Session> via_;  // the jump host's, destroyed last
  std::unique_ptr<Carrier> carrier_;
  LIBSSH2_SESSION* raw_ = nullptr;
  bool authenticated_ = false;
  std::optional<Error> failure_;
  AsyncLock open_lock_;
  bool open_broken_ = false;  // an opening was given up half way: libssh2 cannot open another
  CarrierUser* child_ = nullptr;

  std::vector<char> read_ahead_;  // fewer, larger recv(2)
  std::size_t read_begin_ = 0, read_end_ = 0;

  std::vector<char> unsent_;  // what libssh2 has sent and the carrier has not taken yet, from unsent_begin_ on
  std::size_t unsent_begin_ = 0;
  bool sending_unsent_ = false;
  bool half_sent_ = false;  // libssh2 was told to wait although it has a packet

  WaitQueue inbound_, outbound_;  // who waits for bytes to come; who waits for bytes to go
  int waiting_in_ = 0;
  std::uint64_t generation_ = 0;  // counts NotifyAll
  std::uint64_t received_ = 0, sent_ = 0;
  MonotonicTime last_received_;  // a byte came in, or nobody waited for one
  MonotonicTime last_sent_;      // likewise for bytes going out
  MonotonicTime last_keepalive_;
  MonotonicTime heard_;  // a byte came in
  MonotonicTime due_;    // when timer_ should fire
  EventLoop::Timers::iterator timer_;
};

}  // namespace borgop
