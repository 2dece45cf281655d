// Private keys in every form that there is of them log in; nobody's agent is asked for one.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "engine/base/unique_fd.h"
#include "engine/plan/base64.h"
#include "tests/engine/engine_fixture.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;

std::string Succeeded(std::vector<std::string> argv) {
  auto ended = RunToEnd({.argv = std::move(argv)});
  EXPECT_TRUE(ended.ok()) << ended.err;
  return std::move(ended.out);
}

std::string CrLf(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

class ClientKeysTest : public EngineTest {
 protected:
  // A new key by ssh-keygen that T lets in.
  std::string Made(std::vector<std::string> options, const std::string& passphrase = "") {
    const std::string file = folder_.path() + "/key" + std::to_string(++made_);
    options.insert(options.begin(), {"ssh-keygen", "-q", "-N", passphrase, "-f", file});
    Succeeded(std::move(options));
    LetIn(ReadReadable(file + ".pub"));
    return ReadReadable(file);
  }
  // The same as openssl has it, which not every ssh-keygen reads.
  std::string MadePkcs8Ed25519() const {
    const std::string file = folder_.path() + "/pkcs8";
    Succeeded({"openssl", "genpkey", "-algorithm", "ed25519", "-out", file});
    const std::string der = Succeeded({"openssl", "pkey", "-in", file, "-pubout", "-outform", "DER"});
    constexpr std::string_view kHead("\0\0\0\x0bssh-ed25519\0\0\0\x20", 19);
    LetIn("ssh-ed25519 " + EncodeBase64(std::string(kHead) + der.substr(der.size() - 32)) + "\n");
    return ReadReadable(file);
  }
  void LetIn(const std::string& public_key) const { t_.Output("cat >>/home/backup/.ssh/authorized_keys", {.input = public_key}); }

  // The file of one that nobody lets in.
  std::string WrongKey() const {
    std::string file = folder_.path() + "/wrong";
    Succeeded({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file});
    return file;
  }

  TemporaryDirectory folder_;

 private:
  int made_ = 0;
};

// In one run, each with a target of its own.
TEST_F(ClientKeysTest, WhateverCheckConfigAcceptsLogsIn) {
  struct Row {
    std::string name, key, passphrase;
  };
  const std::string word = "it's open";
  const std::vector<std::string> rsa = {"-t", "rsa", "-b", "2048"}, pem = {"-t", "rsa", "-b", "2048", "-m", "PEM"};
  const std::string ed25519 = Made({"-t", "ed25519"});
  const std::vector<Row> rows = {
      {"Ed25519", ed25519, ""},
      {"Ed25519 with CRLF", CrLf(ed25519), ""},
      {"Ed25519 without a last newline", ed25519.substr(0, ed25519.size() - 1), ""},
      {"Ed25519 as PKCS8", MadePkcs8Ed25519(), ""},
      {"ECDSA 256", Made({"-t", "ecdsa", "-b", "256"}), ""},
      {"ECDSA 384", Made({"-t", "ecdsa", "-b", "384"}), ""},
      {"ECDSA 521", Made({"-t", "ecdsa", "-b", "521"}), ""},
      {"ECDSA as PKCS8, encrypted", Made({"-t", "ecdsa", "-m", "PKCS8"}, word), word},
      {"RSA", Made(rsa), ""},
      {"RSA, encrypted", Made(rsa, word), word},
      {"RSA as PEM", Made(pem), ""},
      {"RSA as PEM with CRLF", CrLf(Made(pem)), ""},
      {"RSA as PEM, encrypted", Made(pem, word), word},
  };
  Plan plan = MakePlan(static_cast<int>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    plan.targets[i].name = rows[i].name;
    plan.targets[i].connection.private_key = Secret(rows[i].key);
    if (!rows[i].passphrase.empty()) plan.targets[i].connection.key_passphrase = Secret(rows[i].passphrase);
  }
  auto check = StartVerb(plan, {"check-config", "--plan", "-"});
  const auto checked = check.Wait(seconds(60));
  ASSERT_TRUE(checked);
  ASSERT_EQ(checked->exit_code, 0) << checked->out << checked->err;
  const auto result = RunEngine(plan, kLimit);
  EXPECT_EQ(result.exit_code(), 0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(result.outcome(i), "Completed") << rows[i].name << ": " << result.reason(i) << ": " << result.message(i);
  }
}

// A socket where an agent would be.
class AgentSocket {
 public:
  explicit AgentSocket(std::string path)
      : path_(std::move(path)), fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) throw std::runtime_error("the path is too long");
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    if (bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd_.get(), 16) != 0)
      throw std::runtime_error("cannot listen at " + path_);
  }
  const std::string& path() const { return path_; }
  bool Asked(std::chrono::milliseconds limit) const {
    pollfd ready{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    return poll(&ready, 1, static_cast<int>(limit.count())) == 1;
  }

 private:
  std::string path_;
  UniqueFd fd_;
};

TEST_F(ClientKeysTest, NoAgentIsAsked) {
  const AgentSocket agent(folder_.path() + "/agent");
  const std::vector<std::pair<std::string, std::string>> env = {{"SSH_AUTH_SOCK", agent.path()}};
  Plan plan = MakePlan();
  auto process = StartVerb(plan, {"run", "--plan", "-", "--log-format", "json"}, env);
  ExpectCompleted(Finish(process, kLimit));
  plan.targets[0].connection.private_key = Secret(ReadReadable(WrongKey()));
  auto refused = StartVerb(plan, {"run", "--plan", "-", "--log-format", "json"}, env);
  ExpectFailed(Finish(refused, kLimit), "AuthenticationFailed", "Terminal", 1);
  EXPECT_FALSE(agent.Asked(seconds(0)));
  // Who does ask is seen.
  auto asking = lab_.StartInClient({.argv = {"ssh-add", "-l"}, .env = env});
  EXPECT_TRUE(agent.Asked(seconds(20)));
}

TEST_F(ClientKeysTest, AnAgentWithTheRightKeyIsNoHelp) {
  const std::string socket = folder_.path() + "/agent", wrong = WrongKey();
  const std::vector<std::pair<std::string, std::string>> env = {{"SSH_AUTH_SOCK", socket}};
  auto agent = lab_.StartInClient({.argv = {"ssh-agent", "-D", "-a", socket}});
  ASSERT_TRUE(agent.WaitUntil([&] { return std::filesystem::exists(socket); }, seconds(20))) << agent.Err();
  auto add = lab_.StartInClient({.argv = {"ssh-add", "-"}, .input = lab_.ClientKey(), .env = env});
  ASSERT_EQ(add.Wait(seconds(20)).value_or(Ended{}).exit_code, 0) << add.Err();
  // OpenSSH gets in by it.
  auto ssh = lab_.StartInClient({.argv = {"ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o",
                                          "UserKnownHostsFile=/dev/null", "-i", wrong, "backup@" + t_.address(), "true"},
                                 .env = env});
  ASSERT_EQ(ssh.Wait(seconds(30)).value_or(Ended{}).exit_code, 0) << ssh.Err();
  Plan plan = MakePlan();
  plan.targets[0].connection.private_key = Secret(ReadReadable(wrong));
  auto process = StartVerb(plan, {"run", "--plan", "-", "--log-format", "json"}, env);
  ExpectFailed(Finish(process, kLimit), "AuthenticationFailed", "Terminal", 1);
}

}  // namespace
}  // namespace borgop::lab
