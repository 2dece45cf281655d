#include "tests/conformance/plain_session.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "tests/lab/lab.h"

namespace borgop {
namespace {

constexpr int kPatience = 30'000;  // milliseconds

UniqueFd Connect(const std::string& host, std::uint16_t port) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  const int on = 1;
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1 ||
      connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
    throw std::runtime_error("cannot connect to " + host);
  }
  return socket;
}

bool Has(LIBSSH2_SESSION* session, int method, const std::string& name) {
  const char** names = nullptr;
  const int count = libssh2_session_supported_algs(session, method, &names);
  const bool has = count > 0 && std::find(names, names + count, name) != names + count;
  if (count > 0) libssh2_free(session, reinterpret_cast<void*>(names));
  return has;
}

}  // namespace

bool PlainSession::Knows(const std::string& cipher, const std::string& mac) {
  libssh2_init(0);
  LIBSSH2_SESSION* session = libssh2_session_init();
  const bool knows = Has(session, LIBSSH2_METHOD_CRYPT_CS, cipher) && Has(session, LIBSSH2_METHOD_MAC_CS, mac);
  libssh2_session_free(session);
  return knows;
}

PlainSession::PlainSession(const PlainOptions& options) {
  libssh2_init(0);
  const lab::Lab& machines = lab::Lab::Shared();
  const SshEndpoint endpoint = machines.Endpoint(machines.target());
  socket_ = Connect(endpoint.host, endpoint.port);
  raw_ = libssh2_session_init_ex(nullptr, nullptr, nullptr, this);
  if (raw_ == nullptr) throw std::runtime_error("no session");
  libssh2_session_set_blocking(raw_, 0);
  libssh2_session_callback_set2(raw_, LIBSSH2_CALLBACK_RECV, reinterpret_cast<libssh2_cb_generic*>(&ReceiveCallback));
  libssh2_session_callback_set2(raw_, LIBSSH2_CALLBACK_SEND, reinterpret_cast<libssh2_cb_generic*>(&SendCallback));
  for (const int method : {LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC}) {
    Finish("choosing a cipher", [&] { return libssh2_session_method_pref(raw_, method, options.cipher.c_str()); });
  }
  for (const int method : {LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC}) {
    Finish("choosing a MAC", [&] { return libssh2_session_method_pref(raw_, method, options.mac.c_str()); });
  }
  Finish("the handshake", [&] { return libssh2_session_handshake(raw_, socket_.get()); });
  const std::string key = machines.ClientKey();
  Finish("logging in", [&] {
    return libssh2_userauth_publickey_frommemory(raw_, endpoint.user.data(), endpoint.user.size(), nullptr, 0, key.data(),
                                                 key.size(), nullptr);
  });
  Finish("opening a channel", [&] {
    channel_ = libssh2_channel_open_ex(raw_, "session", 7, options.window, options.packet, nullptr, 0);
    return channel_ != nullptr ? 0 : libssh2_session_last_errno(raw_);
  });
  Finish("starting cat", [&] { return libssh2_channel_process_startup(channel_, "exec", 4, "exec cat", 8); });
}

PlainSession::~PlainSession() {
  ended_ = true;  // so that nothing waits
  arrived_.clear();
  if (raw_ != nullptr) libssh2_session_free(raw_);
}

template <typename F>
void PlainSession::Finish(const char* doing, F call) {
  int code = LIBSSH2_ERROR_EAGAIN;
  while ((code = call()) == LIBSSH2_ERROR_EAGAIN) {
    if (!Wait()) break;
  }
  if (code == 0) return;
  char* message = nullptr;
  libssh2_session_last_error(raw_, &message, nullptr, 0);
  throw std::runtime_error(std::string(doing) + ": " + std::to_string(code) + " " + (message != nullptr ? message : ""));
}

void PlainSession::Pieces(std::vector<std::size_t> sizes) {
  pieces_ = std::move(sizes);
  next_piece_ = 0;
  paused_ = false;
}

void PlainSession::Flip(std::ptrdiff_t offset) { flip_ = offset; }

bool PlainSession::Wait() {
  SendUnsent();
  if (!arrived_.empty() || ended_) return true;
  pollfd entry{socket_.get(), static_cast<short>(POLLIN | (unsent_.empty() ? 0 : POLLOUT)), 0};
  return poll(&entry, 1, kPatience) == 1;
}

void PlainSession::Fill() {
  std::array<char, 64 * 1024> buffer{};
  const ssize_t got = recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got > 0) arrived_.append(buffer.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EAGAIN)) ended_ = true;
}

ssize_t PlainSession::Receive(char* into, std::size_t size) {
  if (arrived_.empty() && !ended_) Fill();
  if (arrived_.empty()) return ended_ ? 0 : -EAGAIN;
  if (flip_) {
    // All that will come has to be there, or nobody knows where the last packet ends.
    pollfd entry{socket_.get(), POLLIN, 0};
    while (!ended_ && poll(&entry, 1, 100) == 1) Fill();
    const auto size_now = static_cast<std::ptrdiff_t>(arrived_.size());
    const std::ptrdiff_t at = std::clamp<std::ptrdiff_t>(*flip_ < 0 ? size_now + *flip_ : *flip_, 0, size_now - 1);
    arrived_[static_cast<std::size_t>(at)] ^= 1;
    flip_.reset();
  }
  std::size_t part = std::min(size, arrived_.size());
  if (!pieces_.empty()) {
    paused_ = !paused_;
    if (!paused_) return -EAGAIN;
    part = std::min(part, pieces_[next_piece_]);
    next_piece_ = (next_piece_ + 1) % pieces_.size();
  }
  std::copy_n(arrived_.begin(), part, into);
  arrived_.erase(0, part);
  return static_cast<ssize_t>(part);
}

ssize_t PlainSession::ReceiveCallback(libssh2_socket_t, void* into, size_t size, int, void** abstract) {
  return static_cast<PlainSession*>(*abstract)->Receive(static_cast<char*>(into), size);
}

// Takes everything: libssh2 1.11.1 does not survive half-sent packets while keys are renewed (its issue 2110).
ssize_t PlainSession::SendCallback(libssh2_socket_t, const void* bytes, size_t size, int, void** abstract) {
  auto& self = *static_cast<PlainSession*>(*abstract);
  self.unsent_.append(static_cast<const char*>(bytes), size);
  self.SendUnsent();
  return static_cast<ssize_t>(size);
}

void PlainSession::SendUnsent() {
  while (!unsent_.empty()) {
    const ssize_t put = send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put <= 0) return;
    unsent_.erase(0, static_cast<std::size_t>(put));
  }
}

PlainSession::Echo PlainSession::Exchange(std::string_view bytes) {
  constexpr std::size_t kMostUnsent = 256 * 1024;
  Echo echo;
  std::size_t sent = 0;
  std::string buffer(128 * 1024, '\0');
  // An empty packet is one too.
  if (bytes.empty()) echo.error = static_cast<int>(libssh2_channel_write_ex(channel_, 0, bytes.data(), 0));
  while (echo.bytes.size() < bytes.size()) {
    bool moved = false;
    if (sent < bytes.size() && unsent_.size() < kMostUnsent) {
      const ssize_t put = libssh2_channel_write_ex(channel_, 0, bytes.data() + sent, bytes.size() - sent);
      if (put < 0 && put != LIBSSH2_ERROR_EAGAIN) {
        echo.error = static_cast<int>(put);
        return echo;
      }
      moved = put > 0;
      if (put > 0) sent += static_cast<std::size_t>(put);
    }
    const ssize_t got = libssh2_channel_read_ex(channel_, 0, buffer.data(), buffer.size());
    if (got > 0) echo.bytes.append(buffer, 0, static_cast<std::size_t>(got));
    if (got > 0 || (got == LIBSSH2_ERROR_EAGAIN && (moved || Wait()))) continue;
    echo.error = got == 0 ? LIBSSH2_ERROR_CHANNEL_CLOSED : static_cast<int>(got);
    return echo;
  }
  return echo;
}

std::vector<std::string> PlainSession::Methods() const {
  std::vector<std::string> all;
  for (const int method : {LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_CRYPT_SC, LIBSSH2_METHOD_MAC_SC}) {
    const char* name = libssh2_session_methods(raw_, method);
    all.emplace_back(name != nullptr ? name : "");
  }
  return all;
}

}  // namespace borgop
