#include "controller/runtime/measured_http.h"

#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

#include "tests/fakes/fake_http.h"

namespace borgop::runtime {
namespace {

using kube::ApiError;
using kube::HttpResponse;

class MeasuredHttpTest : public testing::Test {
 protected:
  // What is counted, but for the names that all have.
  std::string Counted() const {
    std::string all;
    std::istringstream lines(prometheus::TextSerializer().Serialize(metrics_.Collect()));
    for (std::string line; std::getline(lines, line);) {
      const std::string prefix = "borg_operator_api_";
      if (line.starts_with(prefix)) all += line.substr(prefix.size()) + '\n';
    }
    return all;
  }
  void Send(const char* method) {
    kube::HttpRequest request;
    request.method = method;
    (void)measured_.Send(request, {});
  }

  kube::FakeHttp http_;
  metrics::ControllerMetrics metrics_;
  MeasuredHttp measured_{http_, metrics_};
};

TEST_F(MeasuredHttpTest, AnswersAreCountedByTheirStatus) {
  Send("GET");
  http_.on_send = [](const kube::HttpRequest&) { return HttpResponse{409, ""}; };
  Send("PATCH");
  Send("PATCH");
  EXPECT_EQ(Counted(), "requests_total{code=\"409\",method=\"PATCH\"} 2\nrequests_total{code=\"200\",method=\"GET\"} 1\n");
}

TEST_F(MeasuredHttpTest, WhatGotNoAnswerIsCountedByItsCauseAndAStopIsNot) {
  http_.on_send = [](const kube::HttpRequest&) -> kube::Result<HttpResponse> {
    return kube::Fail(ApiError::Code::kTimeout, "late");
  };
  Send("GET");
  http_.on_send = [](const kube::HttpRequest&) -> kube::Result<HttpResponse> {
    return kube::Fail(ApiError::Code::kCancelled, "stopped");
  };
  Send("GET");
  EXPECT_EQ(Counted(), "request_errors_total{cause=\"Timeout\",method=\"GET\"} 1\n");
}

TEST_F(MeasuredHttpTest, StreamsAreCountedAsTheyEnd) {
  (void)measured_.Stream({}, [](std::string_view) { return true; }, {});
  http_.on_stream = [](const kube::HttpRequest&, const kube::HttpClient::OnBytes&, const std::stop_token&) -> kube::Status {
    return kube::Fail(kube::ErrorFromAnswer(410, ""));
  };
  (void)measured_.Stream({}, [](std::string_view) { return true; }, {});
  EXPECT_THAT(Counted(), testing::HasSubstr("requests_total{code=\"200\",method=\"GET\"} 1\n"));
  EXPECT_THAT(Counted(), testing::HasSubstr("requests_total{code=\"410\",method=\"GET\"} 1\n"));
}

TEST_F(MeasuredHttpTest, AnswersAndBytesPassUnchanged) {
  http_.on_send = [](const kube::HttpRequest& request) { return HttpResponse{418, request.target}; };
  kube::HttpRequest request;
  request.target = "/x";
  EXPECT_EQ(measured_.Send(request, {})->status, 418);
  EXPECT_EQ(measured_.Send(request, {})->body, "/x");
  http_.on_stream = [](const kube::HttpRequest&, const kube::HttpClient::OnBytes& on_bytes,
                       const std::stop_token&) -> kube::Status {
    on_bytes("bytes");
    return kube::Fail(ApiError::Code::kUnreachable, "cut");
  };
  std::string got;
  const kube::Status ended = measured_.Stream({}, [&](std::string_view bytes) { return got = bytes, true; }, {});
  EXPECT_EQ(got, "bytes");
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ApiError::Code::kUnreachable);
}

}  // namespace
}  // namespace borgop::runtime
