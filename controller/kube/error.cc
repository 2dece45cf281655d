#include "controller/kube/error.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/kube/bounded_json.h"

namespace borgop::kube {
namespace {

using Code = ApiError::Code;

constexpr std::size_t kMaxMessage = 2048;
constexpr std::size_t kMaxQuotedBody = 200;
constexpr std::int64_t kMaxRetryAfter = 3600;
constexpr std::chrono::seconds kLongestWait{600};  // one that asks for more may have recovered long before

// Nothing in it that would disturb a log: control characters become spaces.
std::string OneLine(std::string_view text, std::size_t limit) {
  const bool cut = text.size() > limit;
  std::string line(text.substr(0, limit));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  // Cut within a character: its beginning goes as well.
  while (cut && !line.empty() && (static_cast<unsigned char>(line.back()) & 0xC0U) == 0x80U) line.pop_back();
  if (cut && !line.empty() && static_cast<unsigned char>(line.back()) >= 0xC0U) line.pop_back();
  return cut ? line + "…" : line;
}

Code CodeOf(int status, std::string_view reason) {
  switch (status) {
    case 401: return Code::kUnauthorized;
    case 403: return Code::kForbidden;
    case 404: return Code::kNotFound;
    case 408:
    case 504: return Code::kTimeout;
    case 409: return reason == "AlreadyExists" ? Code::kAlreadyExists : Code::kConflict;
    case 410: return Code::kGone;
    case 429: return Code::kThrottled;
    default: break;
  }
  if (status >= 400 && status < 500) return Code::kInvalid;
  if (status >= 500 && status < 600) return Code::kServerError;
  return Code::kProtocol;
}

}  // namespace

ErrorKind ApiError::kind() const {
  switch (code) {
    case Code::kUnreachable:
    case Code::kTimeout:
    case Code::kConflict:
    case Code::kAlreadyExists:
    case Code::kGone:
    case Code::kThrottled:
    case Code::kServerError:
    case Code::kProtocol:
    case Code::kTooLarge: return ErrorKind::kTransient;
    // Roles, tokens and objects may come; nobody has to touch the request.
    case Code::kUnauthorized:
    case Code::kForbidden:
    case Code::kNotFound: return ErrorKind::kWaiting;
    case Code::kInvalid:
    case Code::kConfig: return ErrorKind::kTerminal;
    case Code::kCancelled: return ErrorKind::kCancelled;
  }
  return ErrorKind::kTerminal;
}

std::chrono::seconds ApiError::AskedToWait() const {
  return std::clamp(retry_after.value_or(std::chrono::seconds::zero()), std::chrono::seconds::zero(), kLongestWait);
}

std::string_view ToString(Code code) {
  switch (code) {
    case Code::kUnreachable: return "Unreachable";
    case Code::kTimeout: return "Timeout";
    case Code::kUnauthorized: return "Unauthorized";
    case Code::kForbidden: return "Forbidden";
    case Code::kNotFound: return "NotFound";
    case Code::kConflict: return "Conflict";
    case Code::kAlreadyExists: return "AlreadyExists";
    case Code::kGone: return "Gone";
    case Code::kInvalid: return "Invalid";
    case Code::kThrottled: return "Throttled";
    case Code::kServerError: return "ServerError";
    case Code::kProtocol: return "Protocol";
    case Code::kTooLarge: return "TooLarge";
    case Code::kConfig: return "Config";
    case Code::kCancelled: return "Cancelled";
  }
  return "Unknown";
}

std::string Describe(const ApiError& error) {
  std::string text(ToString(error.code));
  if (error.status != 0) text += " (HTTP " + std::to_string(error.status) + ")";
  if (!error.message.empty()) text += ": " + error.message;
  return text;
}

ApiError ErrorFromAnswer(int status, std::string_view body, std::optional<std::chrono::seconds> retry_after) {
  ApiError error;
  error.status = status;
  error.retry_after = retry_after;
  const std::optional<nlohmann::json> object = ParseBoundedJson(body);
  if (object && object->is_object() && TextAt(*object, "kind") == "Status") {
    error.reason = OneLine(TextAt(*object, "reason"), kMaxQuotedBody);
    error.message = OneLine(TextAt(*object, "message"), kMaxMessage);
    const auto details = object->find("details");
    if (!error.retry_after && details != object->end() && details->is_object()) {
      const auto seconds = details->find("retryAfterSeconds");
      if (seconds != details->end() && seconds->is_number_integer() && *seconds > 0)
        error.retry_after = std::chrono::seconds(std::min(seconds->get<std::int64_t>(), kMaxRetryAfter));
    }
  } else {
    error.message = body.empty() ? "an answer without a body" : "not a Kubernetes answer: " + OneLine(body, kMaxQuotedBody);
  }
  error.code = CodeOf(status, error.reason);
  // An object with a field that is none, as server-side apply and strict validation tell it.
  if (status == 500 && error.message.starts_with("failed to create typed patch object")) error.code = Code::kInvalid;
  if (status == 400 && error.message.find(": strict decoding error: ") != std::string::npos) error.code = Code::kInvalid;
  return error;
}

}  // namespace borgop::kube
