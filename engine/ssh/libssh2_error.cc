#include "engine/ssh/libssh2_error.h"

namespace borgop {
namespace {

Reason ReasonOf(int code) {
  switch (code) {
    case LIBSSH2_ERROR_SOCKET_SEND:
    case LIBSSH2_ERROR_SOCKET_RECV:
    case LIBSSH2_ERROR_SOCKET_DISCONNECT:
    case LIBSSH2_ERROR_BANNER_RECV:  // it hung up, or was silent, before the first line
    case LIBSSH2_ERROR_BANNER_SEND: return Reason::kConnectionLost;
    case LIBSSH2_ERROR_KEX_FAILURE:
    case LIBSSH2_ERROR_METHOD_NONE:
    case LIBSSH2_ERROR_METHOD_NOT_SUPPORTED:
    case LIBSSH2_ERROR_ALGO_UNSUPPORTED: return Reason::kNoCommonAlgorithm;
    case LIBSSH2_ERROR_HOSTKEY_INIT:
    case LIBSSH2_ERROR_HOSTKEY_SIGN: return Reason::kHostKeyMismatch;
    case LIBSSH2_ERROR_AUTHENTICATION_FAILED:
    case LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED:
    case LIBSSH2_ERROR_PASSWORD_EXPIRED: return Reason::kAuthenticationFailed;
    case LIBSSH2_ERROR_FILE:  // libssh2's word for a key in memory that it cannot read
    case LIBSSH2_ERROR_KEYFILE_AUTH_FAILED: return Reason::kKeyUnusable;
    case LIBSSH2_ERROR_CHANNEL_FAILURE: return Reason::kChannelRefused;
    case LIBSSH2_ERROR_CHANNEL_CLOSED:
    case LIBSSH2_ERROR_CHANNEL_EOF_SENT: return Reason::kConnectionLost;
    case LIBSSH2_ERROR_ALLOC:
    case LIBSSH2_ERROR_BAD_USE:
    case LIBSSH2_ERROR_INVAL: return Reason::kInternal;
    default: return Reason::kSshProtocol;
  }
}

}  // namespace

Error TranslateLibssh2(LIBSSH2_SESSION* session, int code, const std::string& name, const char* doing) {
  const Reason reason = ReasonOf(code);
  char* text = nullptr;
  int size = 0;
  // The stored text belongs to the last error: only there when it is this one.
  const bool stored = libssh2_session_last_error(session, &text, &size, 0) == code && size > 0;
  std::string message = name + ": ";
  switch (code) {
    case LIBSSH2_ERROR_SOCKET_SEND:
    case LIBSSH2_ERROR_SOCKET_RECV:
    case LIBSSH2_ERROR_SOCKET_DISCONNECT: message += "the connection was lost"; break;
    case LIBSSH2_ERROR_CHANNEL_CLOSED: message += "the other side closed the channel"; break;
    default: message += stored ? std::string(text, static_cast<std::size_t>(size)) : "libssh2 error " + std::to_string(code);
  }
  message += std::string(" (") + doing + ")";
  return {reason, std::move(message), {}};
}

bool BreaksConnection(int code) {
  switch (code) {
    case LIBSSH2_ERROR_SOCKET_SEND:
    case LIBSSH2_ERROR_SOCKET_RECV:
    case LIBSSH2_ERROR_SOCKET_DISCONNECT:
    case LIBSSH2_ERROR_SOCKET_TIMEOUT:
    case LIBSSH2_ERROR_SOCKET_NONE:
    case LIBSSH2_ERROR_BANNER_RECV:
    case LIBSSH2_ERROR_BANNER_SEND:
    case LIBSSH2_ERROR_INVALID_MAC:
    case LIBSSH2_ERROR_DECRYPT:
    case LIBSSH2_ERROR_ENCRYPT:
    case LIBSSH2_ERROR_KEX_FAILURE:
    case LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE:
    case LIBSSH2_ERROR_PROTO:
    case LIBSSH2_ERROR_OUT_OF_BOUNDARY:
    case LIBSSH2_ERROR_HOSTKEY_INIT:
    case LIBSSH2_ERROR_HOSTKEY_SIGN: return true;
    default: return false;
  }
}

}  // namespace borgop
