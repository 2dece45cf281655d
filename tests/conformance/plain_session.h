// libssh2 itself against a real sshd, without the engine on top: with a cipher and a MAC of the test's choice, some of which the engine
// never offers, and with a say in how the other side's bytes arrive.
//
// Threading: one thread. Ownership: owns its socket and its libssh2 session. Errors: std::runtime_error until it is logged in, which
// GoogleTest reports; from then on libssh2's codes.
#pragma once

#include <libssh2.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/unique_fd.h"

namespace borgop {

struct PlainOptions {
  std::string cipher = {}, mac = {};       // the only ones offered, in both directions
  std::uint32_t window = 2 * 1024 * 1024;  // of the channel, as far as this side decides
  std::uint32_t packet = 32 * 1024;        // the longest that the other side may send
};

class PlainSession {
 public:
  // Whether this libssh2 has both.
  static bool Knows(const std::string& cipher, const std::string& mac);

  // Logged in to the lab's T, where a channel runs cat.
  explicit PlainSession(const PlainOptions& options);
  ~PlainSession();
  PlainSession(const PlainSession&) = delete;
  PlainSession& operator=(const PlainSession&) = delete;

  // From now on what arrives is handed over in pieces of these sizes, again and again, with "nothing more now" after each. Empty: as it comes.
  void Pieces(std::vector<std::size_t> sizes);
  // Changes one bit of what arrives next: of byte `offset`, or of the one that is -`offset` before the end of all that comes until the
  // other side falls silent.
  void Flip(std::ptrdiff_t offset);

  struct Echo {
    std::string bytes;  // that came back
    int error = 0;      // why not all did
  };
  // Has cat repeat `bytes`, sending and reading at once.
  Echo Exchange(std::string_view bytes);
  // What is in use, there and back: {"aes128-ctr", "hmac-sha2-256", "aes128-ctr", "hmac-sha2-256"}.
  std::vector<std::string> Methods() const;

 private:
  template <typename F>
  void Finish(const char* doing, F call);
  bool Wait();
  void Fill();
  void SendUnsent();
  ssize_t Receive(char* into, std::size_t size);
  static ssize_t ReceiveCallback(libssh2_socket_t, void* into, size_t size, int, void** abstract);
  static ssize_t SendCallback(libssh2_socket_t, const void* bytes, size_t size, int, void** abstract);

  UniqueFd socket_;
  LIBSSH2_SESSION* raw_ = nullptr;
  LIBSSH2_CHANNEL* channel_ = nullptr;
  std::string arrived_, unsent_;
  bool ended_ = false;
  std::vector<std::size_t> pieces_;
  std::size_t next_piece_ = 0;
  bool paused_ = false;
  std::optional<std::ptrdiff_t> flip_;
};

}  // namespace borgop
