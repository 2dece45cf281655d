// What went wrong in a request to the Kubernetes API.
//
// An ApiError is made once, where the answer (or its absence) is met, and passed up unchanged. `Code` is the closed list of causes that
// callers tell apart; kind() says what may be done about one, so that policy is in one place.
//
// Thread safety: values. Errors hold no credentials: messages come from the API server or are written here.
// Sources: Kubernetes API conventions, "Response Status Kind" and "HTTP Status codes".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "engine/base/error.h"

namespace borgop::kube {

struct ApiError {
  enum class Code : std::uint8_t {
    kUnreachable,   // no connection, or it broke
    kTimeout,       // no answer in time, ours or the server's
    kUnauthorized,  // who we are was not accepted
    kForbidden,
    kNotFound,
    kConflict,       // somebody else wrote first: read again
    kAlreadyExists,  // a create found its name taken
    kGone,           // a resourceVersion or continue token is too old: list again
    kInvalid,        // the server refuses the request as it is
    kThrottled,
    kServerError,
    kProtocol,  // an answer that is none
    kTooLarge,  // an answer beyond the limit of its size
    kConfig,    // the cluster's configuration cannot be used
    kCancelled,
  };

  Code code = Code::kServerError;
  int status = 0;      // HTTP's; 0 where there was no answer
  std::string reason;  // metav1.Status.reason, such as AlreadyExists
  std::string message;
  std::optional<std::chrono::seconds> retry_after{};

  ErrorKind kind() const;
  // How long the server asks to be left alone, at most ten minutes; zero where it does not.
  std::chrono::seconds AskedToWait() const;
};

std::string_view ToString(ApiError::Code code);
// One line for a log or a condition: code, HTTP status and message.
std::string Describe(const ApiError& error);

// The error that an answer with `status` >= 400, or an ERROR event's object, stands for. `body` is a metav1.Status or anything else; an
// answer of a proxy is quoted in part. `retry_after` is the header's; the body's details.retryAfterSeconds counts where there is none.
ApiError ErrorFromAnswer(int status, std::string_view body, std::optional<std::chrono::seconds> retry_after = {});

template <typename T>
using Result = tl::expected<T, ApiError>;
using Status = Result<void>;

inline tl::unexpected<ApiError> Fail(ApiError error) { return tl::unexpected<ApiError>(std::move(error)); }
inline tl::unexpected<ApiError> Fail(ApiError::Code code, std::string message) {
  return tl::unexpected<ApiError>(ApiError{code, 0, {}, std::move(message)});
}

}  // namespace borgop::kube
