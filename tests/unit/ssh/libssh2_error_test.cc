#include "engine/ssh/libssh2_error.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace borgop {
namespace {

struct Libssh2ErrorRow {
  const char* name;
  int code;
  Reason reason;
  bool breaks;
};

TEST(Libssh2Error, Table) {
  const std::vector<Libssh2ErrorRow> rows = {
      {"the socket was closed", LIBSSH2_ERROR_SOCKET_DISCONNECT, Reason::kConnectionLost, true},
      {"sending failed", LIBSSH2_ERROR_SOCKET_SEND, Reason::kConnectionLost, true},
      {"receiving failed", LIBSSH2_ERROR_SOCKET_RECV, Reason::kConnectionLost, true},
      {"hung up before the banner", LIBSSH2_ERROR_BANNER_RECV, Reason::kConnectionLost, true},
      {"no common algorithm", LIBSSH2_ERROR_KEX_FAILURE, Reason::kNoCommonAlgorithm, true},
      {"the host could not prove its key", LIBSSH2_ERROR_HOSTKEY_SIGN, Reason::kHostKeyMismatch, true},
      {"a forged packet", LIBSSH2_ERROR_INVALID_MAC, Reason::kSshProtocol, true},
      {"nonsense", LIBSSH2_ERROR_PROTO, Reason::kSshProtocol, true},
      {"not let in", LIBSSH2_ERROR_AUTHENTICATION_FAILED, Reason::kAuthenticationFailed, false},
      {"the key was not accepted", LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED, Reason::kAuthenticationFailed, false},
      {"the private key is unreadable", LIBSSH2_ERROR_FILE, Reason::kKeyUnusable, false},
      {"a channel was refused", LIBSSH2_ERROR_CHANNEL_FAILURE, Reason::kChannelRefused, false},
      {"a command was refused", LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED, Reason::kSshProtocol, false},
      {"one channel was closed", LIBSSH2_ERROR_CHANNEL_CLOSED, Reason::kConnectionLost, false},
      {"no memory", LIBSSH2_ERROR_ALLOC, Reason::kInternal, false},
      {"a code of tomorrow", -9999, Reason::kSshProtocol, false},
  };
  const std::unique_ptr<LIBSSH2_SESSION, int (*)(LIBSSH2_SESSION*)> session(libssh2_session_init(), &libssh2_session_free);
  ASSERT_NE(session, nullptr);
  for (const Libssh2ErrorRow& row : rows) {
    SCOPED_TRACE(row.name);
    const Error error = TranslateLibssh2(session.get(), row.code, "the target", "reading");
    EXPECT_EQ(error.reason, row.reason);
    EXPECT_TRUE(error.message.starts_with("the target: ")) << error.message;
    EXPECT_TRUE(error.message.ends_with(" (reading)")) << error.message;
    EXPECT_EQ(BreaksConnection(row.code), row.breaks);
  }
}

TEST(Libssh2Error, TellsWhatTheLibrarySaidOnlyOfThatVeryError) {
  const std::unique_ptr<LIBSSH2_SESSION, int (*)(LIBSSH2_SESSION*)> session(libssh2_session_init(), &libssh2_session_free);
  ASSERT_NE(session, nullptr);
  libssh2_session_set_last_error(session.get(), LIBSSH2_ERROR_CHANNEL_FAILURE, "the very words");
  EXPECT_NE(TranslateLibssh2(session.get(), LIBSSH2_ERROR_CHANNEL_FAILURE, "B", "x").message.find("the very words"),
            std::string::npos);
  EXPECT_EQ(TranslateLibssh2(session.get(), LIBSSH2_ERROR_PROTO, "B", "x").message, "B: libssh2 error -14 (x)");
}

}  // namespace
}  // namespace borgop
