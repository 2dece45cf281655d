// Credentials that take their time: nothing is sent that is no longer wanted when they come, and nobody waits for them too long.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>

#include "controller/kube/client.h"
#include "controller/kube/exec_plugin.h"
#include "controller/kube/leader_elector.h"
#include "tests/fakes/temporary_directory.h"
#include "tests/kube_wire/http_fixture.h"

namespace borgop::kube {
namespace {

using namespace std::chrono_literals;

// Something happens before it answers.
class Meanwhile : public CredentialSource {
 public:
  explicit Meanwhile(std::function<void()> happens) : happens_(std::move(happens)) {}
  Result<std::shared_ptr<const Credential>> Get(const Patience&) override {
    happens_();
    return std::make_shared<const Credential>();
  }
  void Reject(const std::shared_ptr<const Credential>&) override {}

 private:
  const std::function<void()> happens_;
};

class SlowCredentials : public HttpTest {
 protected:
  std::unique_ptr<CpprestHttp> With(std::shared_ptr<CredentialSource> source) {
    ClusterConfig config = Config();
    config.credentials = std::move(source);
    return HttpTest::Client(std::move(config));
  }
};

TEST_F(SlowCredentials, AChangeIsNotSentOnceItMayNotBe) {
  Serve([](const FakeRequest&, FakeAnswer& answer) { answer.Send(200, "{}"); });
  std::atomic<bool> leads = true;
  bool loses = false;
  const auto http = With(std::make_shared<Meanwhile>([&] { leads = !loses; }));
  Client::Options options;
  options.may_change = [&] { return leads.load(); };
  kube::Client client(*http, options);
  EXPECT_TRUE(client.MergePatch(Jobs(), {"n", "j"}, {}));
  loses = true;
  const auto patched = client.MergePatch(Jobs(), {"n", "j"}, {});
  ASSERT_FALSE(patched);
  EXPECT_EQ(patched.error().code, ApiError::Code::kCancelled);
  EXPECT_TRUE(client.Get(Jobs(), {"n", "j"})) << "looking is always allowed";
  EXPECT_EQ(server_->Requests().size(), 2U);
}

TEST_F(SlowCredentials, NothingIsSentAfterAStop) {
  Serve([](const FakeRequest&, FakeAnswer& answer) { answer.Send(200, "{}"); });
  std::stop_source stop;
  const auto http = With(std::make_shared<Meanwhile>([&] { stop.request_stop(); }));
  EXPECT_EQ(Outcome(http->Send(Get(), stop.get_token())), "Cancelled");
  EXPECT_TRUE(server_->Requests().empty());
}

// A Lease behind a server.
class OneLease {
 public:
  void Answer(const FakeRequest& request, FakeAnswer& answer) {
    const std::lock_guard lock(mutex_);
    if (request.method == "GET" && lease_.is_null()) return answer.Send(404, "{}");
    if (request.method != "GET") {
      lease_ = nlohmann::json::parse(request.body);
      lease_["metadata"]["resourceVersion"] = std::to_string(++version_);
    }
    answer.Send(200, lease_.dump());
  }

 private:
  std::mutex mutex_;
  nlohmann::json lease_;
  int version_ = 0;
};

TEST_F(SlowCredentials, ALeaderHearsInTimeThatItLost) {
  OneLease lease;
  Serve([&](const FakeRequest& request, FakeAnswer& answer) { lease.Answer(request, answer); });
  const TemporaryDirectory directory;
  // Good for one request each; it hangs for longer than this test waits as soon as it is to.
  ExecPlugin plugin;
  plugin.api_version = "client.authentication.k8s.io/v1";
  plugin.command = directory.Write("login",
                                   "#!/bin/sh\ntest -e '" + directory.At("hang") + "' && exec sleep 1000\necho '" +
                                       R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)" +
                                       R"("status":{"token":"t","expirationTimestamp":"2020-01-01T00:00:00Z"}})" + "'\n",
                                   true);
  const auto http = With(std::make_shared<ExecCredentials>(plugin, "", Clock::Real(), 1h));
  Client::Options options;
  options.attempts = 1;
  options.timeout = 400ms;
  kube::Client client(*http, options);
  std::promise<std::string> lost;
  LeaderElector elector(client, {{"n", "l"}, "me", {3s, 1s, 100ms}},
                        {[&] { directory.Write("hang", ""); }, [&](const std::string& why) { lost.set_value(why); }});
  std::jthread running([&](const std::stop_token& stop) { elector.Run(stop); });
  std::future<std::string> why = lost.get_future();
  ASSERT_EQ(why.wait_for(60s), std::future_status::ready);
  EXPECT_EQ(why.get(), "the lease could not be renewed in time");
}

}  // namespace
}  // namespace borgop::kube
