// An HTTP client that speaks to a fake API server, with credentials that a test changes.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "controller/kube/cpprest_http.h"
#include "tests/fakes/fake_api_server.h"

namespace borgop::kube {

// Hands out "token-0", and after each refusal the next one.
class CountingCredentials : public CredentialSource {
 public:
  Result<std::shared_ptr<const Credential>> Get(const Patience&) override {
    const std::lock_guard lock(mutex_);
    if (!current_)
      current_ = std::make_shared<const Credential>(
          Credential{Secret("token-" + std::to_string(refused_)), certificate_, key_.Clone(), {}});
    return current_;
  }
  void Reject(const std::shared_ptr<const Credential>& used) override {
    const std::lock_guard lock(mutex_);
    if (used != current_) return;
    ++refused_;
    current_.reset();
  }
  void Present(const TestIdentity& identity) {
    const std::lock_guard lock(mutex_);
    certificate_ = identity.certificate_pem;
    key_ = Secret(identity.key_pem);
    current_.reset();
  }

 private:
  std::mutex mutex_;
  int refused_ = 0;
  std::string certificate_;
  Secret key_;
  std::shared_ptr<const Credential> current_;
};

class HttpTest : public testing::Test {
 protected:
  void Serve(FakeApiServer::Handler handler, FakeApiServer::Options options = {}) {
    server_ = std::make_unique<FakeApiServer>(authority_, std::move(handler), std::move(options));
  }
  ClusterConfig Config() { return {server_->url(), authority_.pem(), {}, {}, credentials_}; }
  std::unique_ptr<CpprestHttp> Client(ClusterConfig config) {
    auto client = CpprestHttp::Make(std::move(config));
    EXPECT_TRUE(client) << client.error().message;
    return client ? *std::move(client) : nullptr;
  }
  std::unique_ptr<CpprestHttp> Client() { return Client(Config()); }
  // Serves one request, with silence, and requests the stop as soon as it is there.
  std::jthread StopWhenAsked(std::stop_source stop) {
    auto asked = std::make_shared<std::promise<void>>();
    Serve([asked](const FakeRequest&, FakeAnswer& answer) {
      asked->set_value();
      answer.WaitForPeer();
      answer.Cut();
    });
    return std::jthread([asked, stop]() mutable {
      asked->get_future().wait();
      stop.request_stop();
    });
  }
  static HttpRequest Get(const std::string& target = "/x") {
    HttpRequest request;
    request.target = target;
    request.timeout = std::chrono::seconds(60);
    return request;
  }
  static std::string Outcome(const Result<HttpResponse>& response) {
    return response ? std::to_string(response->status) + " " + response->body : std::string(ToString(response.error().code));
  }
  static std::string Outcome(const Status& status) { return status ? "ended" : std::string(ToString(status.error().code)); }

  TestAuthority authority_;
  std::shared_ptr<CountingCredentials> credentials_ = std::make_shared<CountingCredentials>();
  std::unique_ptr<FakeApiServer> server_;
};

}  // namespace borgop::kube
