// The operator reads Secrets to see what is in them, and keeps nothing of it.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <sstream>

#include "tests/api/operator_fixture.h"

namespace borgop::api_tests {
namespace {

class SecretsOfTargets : public OperatorTest {};

TEST_F(SecretsOfTargets, AreInNoLog) {
  AddServer();
  const std::string secret = "sesame-open-42";
  Api().Patch(kube::Secrets(), Key("vault-ssh"), {{"stringData", {{"ssh-privatekey", secret}}}});
  Api().Patch(kube::Secrets(), Key("web-01-borg"), {{"stringData", {{"passphrase", secret}}}});
  AddTarget("web");
  Backup("web", "1", GoodReport());
  const auto log = Operator().Log();
  EXPECT_NE(log.find("web"), std::string::npos);
  EXPECT_EQ(log.find(secret), std::string::npos);
}

// AddressSanitizer has a heap of its own, which keeps what was given back, and more memory than can be read.
#ifndef __SANITIZE_ADDRESS__
// How often `text` stands in a process's memory.
int InMemory(pid_t pid, const std::string& text) {
  const auto proc = "/proc/" + std::to_string(pid);
  std::ifstream maps(proc + "/maps"), memory(proc + "/mem", std::ios::binary);
  int found = 0;
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t begin = 0, end = 0;
    const char* at = std::from_chars(line.data(), line.data() + line.size(), begin, 16).ptr;
    const char* rights = std::from_chars(at + 1, line.data() + line.size(), end, 16).ptr + 1;
    if (std::string_view(rights, 2) != "rw") continue;
    std::string bytes(end - begin, '\0');
    memory.clear();
    memory.seekg(static_cast<std::streamoff>(begin));
    memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(memory.gcount()));
    for (auto hit = bytes.find(text); hit != std::string::npos; hit = bytes.find(text, hit + 1)) ++found;
  }
  return found;
}

TEST_F(SecretsOfTargets, AreInItsMemoryNoLongerThanNeeded) {
  AddServer();
  // Small ones and large ones go other ways through a heap. As they are, and as the API has them (base64).
  const std::map<std::string, std::string> wanted = {{"c2VzYW1lLW9wZW4tNDMt", "sesame-open-43-"},
                                                     {"b3BlbnNlc2FtZW9wZW5zZXNhbWVv", "opensesameopensesameo"}};
  Api().Patch(kube::Secrets(), Key("vault-ssh"),
              {{"data", {{"ssh-privatekey", std::string("b3BlbnNlc2FtZW9wZW5zZXNhbWVv") + std::string(40'000, 'A')}}}});
  Api().Patch(kube::Secrets(), Key("web-01-borg"), {{"data", {{"passphrase", "c2VzYW1lLW9wZW4tNDMt"}}}});
  AddTarget("web");
  AwaitReady("web", "True", "Unscheduled");
  // That they were read at all, and that this finds what is there.
  Api().Patch(kube::Secrets(), Key("web-01-borg"), {{"data", {{"passphrase", ""}}}});
  AwaitReady("web", "False", "SecretKeyMissing");
  EXPECT_GT(InMemory(Operator().pid(), "web-01-borg"), 0);
  for (const auto& [encoded, plain] : wanted) {
    // Another worker may be reading it at this moment.
    for (const std::string& text : {encoded, plain})
      EXPECT_TRUE(Eventually([&] { return InMemory(Operator().pid(), text) == 0; }, std::chrono::seconds(10))) << text;
  }
}
#endif

}  // namespace
}  // namespace borgop::api_tests
