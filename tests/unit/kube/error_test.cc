#include "controller/kube/error.h"

#include <gtest/gtest.h>

#include <string>

namespace borgop::kube {
namespace {

using Code = ApiError::Code;

std::string StatusBody(std::string_view reason, std::string_view message) {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","reason":")" + std::string(reason) + R"(","message":")" +
         std::string(message) + R"("})";
}

struct ErrorRow {
  const char* name;
  int status;
  const char* reason;
  Code code;
  ErrorKind kind;
};

class ErrorFromStatus : public testing::TestWithParam<ErrorRow> {};

TEST_P(ErrorFromStatus, HasCodeAndKind) {
  const ErrorRow& row = GetParam();
  const ApiError error = ErrorFromAnswer(row.status, StatusBody(row.reason, "why"));
  EXPECT_EQ(ToString(error.code), ToString(row.code));
  EXPECT_EQ(error.kind(), row.kind);
  EXPECT_EQ(error.status, row.status);
  EXPECT_EQ(error.reason, row.reason);
  EXPECT_EQ(error.message, "why");
}

INSTANTIATE_TEST_SUITE_P(
    Table, ErrorFromStatus,
    testing::Values(ErrorRow{"bad_request", 400, "BadRequest", Code::kInvalid, ErrorKind::kTerminal},
                    ErrorRow{"unauthorized", 401, "Unauthorized", Code::kUnauthorized, ErrorKind::kWaiting},
                    ErrorRow{"forbidden", 403, "Forbidden", Code::kForbidden, ErrorKind::kWaiting},
                    ErrorRow{"not_found", 404, "NotFound", Code::kNotFound, ErrorKind::kWaiting},
                    ErrorRow{"request_timeout", 408, "Timeout", Code::kTimeout, ErrorKind::kTransient},
                    ErrorRow{"conflict", 409, "Conflict", Code::kConflict, ErrorKind::kTransient},
                    ErrorRow{"already_exists", 409, "AlreadyExists", Code::kAlreadyExists, ErrorKind::kTransient},
                    ErrorRow{"expired", 410, "Expired", Code::kGone, ErrorKind::kTransient},
                    ErrorRow{"gone", 410, "Gone", Code::kGone, ErrorKind::kTransient},
                    ErrorRow{"invalid", 422, "Invalid", Code::kInvalid, ErrorKind::kTerminal},
                    ErrorRow{"too_large", 413, "RequestEntityTooLarge", Code::kInvalid, ErrorKind::kTerminal},
                    ErrorRow{"throttled", 429, "TooManyRequests", Code::kThrottled, ErrorKind::kTransient},
                    ErrorRow{"internal", 500, "InternalError", Code::kServerError, ErrorKind::kTransient},
                    ErrorRow{"unavailable", 503, "ServiceUnavailable", Code::kServerError, ErrorKind::kTransient},
                    ErrorRow{"gateway_timeout", 504, "Timeout", Code::kTimeout, ErrorKind::kTransient},
                    ErrorRow{"redirect", 302, "", Code::kProtocol, ErrorKind::kTransient}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(ErrorFromAnswer, AFieldThatIsNoneIsAFaultOfTheObject) {
  const ApiError error = ErrorFromAnswer(
      500,
      StatusBody("", "failed to create typed patch object (n/c; batch/v1, Kind=CronJob): .spec.x: field not declared in schema"));
  EXPECT_EQ(ToString(error.code), "Invalid");
  const ApiError strict = ErrorFromAnswer(
      400,
      StatusBody("BadRequest", R"(Job in version "v1" cannot be handled as a Job: strict decoding error: unknown field "spec.x")"));
  EXPECT_EQ(ToString(strict.code), "Invalid");
}

TEST(ErrorFromAnswer, TakesTheHeaderBeforeTheBodysDelay) {
  const std::string body = R"({"kind":"Status","details":{"retryAfterSeconds":7}})";
  EXPECT_EQ(ErrorFromAnswer(429, body).retry_after, std::chrono::seconds(7));
  EXPECT_EQ(ErrorFromAnswer(429, body, std::chrono::seconds(2)).retry_after, std::chrono::seconds(2));
}

TEST(ErrorFromAnswer, BoundsTheBodysDelay) {
  for (const char* value : {"-1", "0", "\"5\"", "1.5"})
    EXPECT_FALSE(
        ErrorFromAnswer(429, R"({"kind":"Status","details":{"retryAfterSeconds":)" + std::string(value) + "}}").retry_after);
  EXPECT_EQ(ErrorFromAnswer(429, R"({"kind":"Status","details":{"retryAfterSeconds":4611686018427387904}})").retry_after,
            std::chrono::hours(1));
}

TEST(ErrorFromAnswer, QuotesAStrangersAnswerInPartAndOnOneLine) {
  const ApiError error = ErrorFromAnswer(502, "<html>\r\n\x1b[31mBad Gateway" + std::string(5000, 'x'));
  EXPECT_EQ(error.code, Code::kServerError);
  EXPECT_LT(error.message.size(), 300U);
  EXPECT_EQ(error.message.find('\n'), std::string::npos);
  EXPECT_EQ(error.message.find('\x1b'), std::string::npos);
  EXPECT_NE(error.message.find("Bad Gateway"), std::string::npos);
}

TEST(ErrorFromAnswer, NeverCutsACharacter) {
  std::string body;
  for (int i = 0; i < 200; ++i) body += "€";
  const std::string message = ErrorFromAnswer(500, body).message;
  const std::string kept = message.substr(0, message.rfind("…"));
  EXPECT_TRUE(kept.ends_with("€"));
}

TEST(ErrorFromAnswer, AnEmptyBodyIsSaid) { EXPECT_EQ(ErrorFromAnswer(500, "").message, "an answer without a body"); }

TEST(Describe, HasCodeStatusAndMessage) {
  EXPECT_EQ(Describe({Code::kConflict, 409, "Conflict", "somebody wrote"}), "Conflict (HTTP 409): somebody wrote");
  EXPECT_EQ(Describe({Code::kTimeout, 0, "", ""}), "Timeout");
}

}  // namespace
}  // namespace borgop::kube
