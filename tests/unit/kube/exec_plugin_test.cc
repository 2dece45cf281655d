#include "controller/kube/exec_plugin.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <string>

#include "engine/base/rfc3339.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::kube {
namespace {

using namespace std::chrono_literals;

const std::string kV1 = "client.authentication.k8s.io/v1";

std::string Output(const std::string& status, const std::string& version = kV1) {
  return R"({"apiVersion":")" + version + R"(","kind":"ExecCredential","status":)" + status + "}";
}

TEST(ReadExecCredential, TokenAndExpiry) {
  const auto credential = ReadExecCredential(Output(R"({"token":"t","expirationTimestamp":"2026-11-01T13:32:03Z"})"), kV1);
  ASSERT_TRUE(credential) << credential.error().message;
  EXPECT_EQ(credential->token.Reveal(), "t");
  EXPECT_EQ(credential->expires, WallTime(1793539923s));
}

TEST(ReadExecCredential, Certificate) {
  const auto credential = ReadExecCredential(Output(R"({"clientCertificateData":"C","clientKeyData":"K"})"), kV1);
  ASSERT_TRUE(credential) << credential.error().message;
  EXPECT_EQ(credential->certificate_pem, "C");
  EXPECT_EQ(credential->key_pem.Reveal(), "K");
  EXPECT_FALSE(credential->expires);
}

TEST(ReadExecCredential, RefusesWhatIsNone) {
  for (const std::string& output :
       {std::string("token"), std::string("[]"), Output(R"({})"), Output(R"({"token":3})"), Output(R"("t")"),
        Output(R"({"token":""})"), Output(R"({"token":"s3cret"})", "client.authentication.k8s.io/v1beta1"),
        Output(R"({"clientKeyData":"s3cret"})"), Output(R"({"token":"s3cret","clientCertificateData":"C"})"),
        Output(R"({"token":"s3cret","expirationTimestamp":"soon"})"),
        std::string(R"({"apiVersion":")" + kV1 + R"(","kind":"Token","status":{"token":"s3cret"}})")}) {
    const auto credential = ReadExecCredential(output, kV1);
    ASSERT_FALSE(credential) << output;
    EXPECT_EQ(credential.error().message.find("s3cret"), std::string::npos);
  }
}

class ExecCredentialsTest : public testing::Test {
 protected:
  ExecCredentials Make(const std::string& script, std::chrono::milliseconds timeout = 60s) {
    ExecPlugin plugin;
    plugin.api_version = kV1;
    plugin.command = directory_.Write("login", "#!/bin/sh\necho run >>'" + directory_.At("runs") + "'\n" + script, true);
    plugin.args = {"a b", "$c"};
    plugin.env = {{"LOGIN_REGION", "x y"}};
    plugin.provide_cluster_info = true;
    return ExecCredentials(plugin, R"({"server":"https://h"})", clock_, timeout);
  }
  std::string File(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(directory_.At(name)).rdbuf();
    return text.str();
  }
  std::size_t Runs() const { return File("runs").size() / 4; }

  TemporaryDirectory directory_;
  ManualClock clock_;
};

TEST_F(ExecCredentialsTest, RunsTheProgramWithItsArgumentsAndEnvironment) {
  ExecCredentials source = Make("printf '%s|' \"$@\" \"$LOGIN_REGION\" \"$KUBERNETES_EXEC_INFO\" >'" + directory_.At("given") +
                                "'\ncat\necho '" + Output(R"({"token":"t"})") + "'");
  const auto credential = source.Get({});
  ASSERT_TRUE(credential) << credential.error().message;
  EXPECT_EQ((*credential)->token.Reveal(), "t");
  EXPECT_EQ(File("given"), "a b|$c|x y|{\"apiVersion\":\"" + kV1 +
                               "\",\"kind\":\"ExecCredential\",\"spec\":{\"cluster\":{\"server\":\"https://h\"},"
                               "\"interactive\":false}}|");
}

TEST_F(ExecCredentialsTest, AsksAgainWhenTheTokenIsAboutToExpireOrWasRefused) {
  ExecCredentials source = Make("echo '" + Output(R"({"token":"t","expirationTimestamp":"2026-09-21T14:13:50Z"})") + "'");
  clock_.JumpWall(std::chrono::duration_cast<std::chrono::seconds>(*ParseRfc3339("2026-09-21T14:13:30Z") - clock_.Wall()));
  const auto first = source.Get({});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(*source.Get({}), *first);
  EXPECT_EQ(Runs(), 1U);
  clock_.Advance(9s);
  ASSERT_TRUE(source.Get({}));
  EXPECT_EQ(Runs(), 1U);
  clock_.Advance(1s);
  const auto second = source.Get({});
  ASSERT_TRUE(second);
  EXPECT_EQ(Runs(), 2U);
  clock_.JumpWall(-10s);
  source.Reject(*first);  // long replaced
  ASSERT_TRUE(source.Get({}));
  EXPECT_EQ(Runs(), 2U);
  source.Reject(*second);
  ASSERT_TRUE(source.Get({}));
  EXPECT_EQ(Runs(), 3U);
}

TEST_F(ExecCredentialsTest, FailuresNameTheProgramAndHoldNothingOfItsOutput) {
  const auto exits = Make("echo s3cret; exit 3").Get({});
  ASSERT_FALSE(exits);
  EXPECT_EQ(exits.error().code, ApiError::Code::kUnauthorized);
  EXPECT_NE(exits.error().message.find("exit code 3"), std::string::npos) << exits.error().message;
  EXPECT_NE(exits.error().message.find(directory_.At("login")), std::string::npos);
  EXPECT_EQ(exits.error().message.find("s3cret"), std::string::npos);

  const auto dies = Make("kill -9 $$").Get({});
  ASSERT_FALSE(dies);
  EXPECT_NE(dies.error().message.find("a signal"), std::string::npos);

  const auto floods = Make("head -c 2000000 /dev/zero").Get({});
  ASSERT_FALSE(floods);
  EXPECT_NE(floods.error().message.find("1 MiB"), std::string::npos);
}

TEST_F(ExecCredentialsTest, AProgramThatHangsIsEnded) {
  const auto hangs = Make("exec sleep 1000", 200ms).Get({});
  ASSERT_FALSE(hangs);
  EXPECT_EQ(hangs.error().code, ApiError::Code::kTimeout);
  const auto silent = Make("exec >&-\nexec sleep 1000", 200ms).Get({});
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, ApiError::Code::kUnauthorized) << "its output ended, it did not";
}

TEST_F(ExecCredentialsTest, WhoeverWaitsMayLeaveAndTheNextFindsTheProgramRunning) {
  ExecCredentials source =
      Make("until test -e '" + directory_.At("go") + "'; do sleep 0.02; done\necho '" + Output(R"({"token":"t"})") + "'");
  const auto late = source.Get({{}, MonotonicTime::clock::now() + 50ms});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ApiError::Code::kTimeout);
  EXPECT_NE(late.error().message.find(directory_.At("login") + " has not answered yet"), std::string::npos);
  std::stop_source stop;
  std::jthread stopping([&stop] { stop.request_stop(); });
  const auto stopped = source.Get({stop.get_token()});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ApiError::Code::kCancelled);
  directory_.Write("go", "");
  const auto credential = source.Get({});
  ASSERT_TRUE(credential) << credential.error().message;
  EXPECT_EQ((*credential)->token.Reveal(), "t");
  EXPECT_EQ(Runs(), 1U);
}

TEST_F(ExecCredentialsTest, AProgramThatRunsEndsWithItsSource) {
  const auto began = MonotonicTime::clock::now();
  {
    ExecCredentials source = Make("exec sleep 1000", 1h);
    EXPECT_FALSE(source.Get({{}, MonotonicTime::clock::now()}));
  }
  EXPECT_LT(MonotonicTime::clock::now() - began, 900s);
}

TEST_F(ExecCredentialsTest, AMissingProgramIsNamedWithTheHint) {
  ExecPlugin plugin;
  plugin.api_version = kV1;
  plugin.command = directory_.At("none");
  plugin.install_hint = "install none";
  const auto credential = ExecCredentials(plugin, "", clock_).Get({});
  ASSERT_FALSE(credential);
  EXPECT_EQ(credential.error().code, ApiError::Code::kConfig);
  EXPECT_NE(credential.error().message.find("No such file or directory (install none)"), std::string::npos);
}

}  // namespace
}  // namespace borgop::kube
