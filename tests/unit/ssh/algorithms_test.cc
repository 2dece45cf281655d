#include "engine/ssh/algorithms.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "tests/lab/process.h"

namespace borgop {
namespace {

class Keys : public testing::Test {
 public:
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;

 protected:
  Keys() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ssh-keys.XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~Keys() override { std::filesystem::remove_all(directory_); }

  // Makes a key by ssh-keygen; its line in authorized_keys format is in public_.
  void Make(const std::string& type, const std::string& bits) {
    const std::string path = directory_ + "/" + type + bits;
    const lab::Ended made = lab::RunToEnd({.argv = {"ssh-keygen", "-q", "-t", type, "-b", bits, "-N", "", "-f", path}});
    ASSERT_TRUE(made.ok()) << made.err;
    const lab::Ended listed = lab::RunToEnd({.argv = {"ssh-keygen", "-lf", path + ".pub"}});
    ASSERT_TRUE(listed.ok()) << listed.err;
    std::istringstream words(listed.out);
    std::string size;
    words >> size >> fingerprint_;
    std::ostringstream text;
    text << std::ifstream(path + ".pub").rdbuf();
    public_ = text.str();
  }

  std::string directory_, fingerprint_, public_;
};

TEST_F(Keys, FingerprintIsWhatSshKeygenPrints) {
  for (const auto& [type, bits, name] :
       {std::tuple{"ed25519", "256", "ssh-ed25519"}, std::tuple{"ecdsa", "256", "ecdsa-sha2-nistp256"},
        std::tuple{"ecdsa", "521", "ecdsa-sha2-nistp521"}, std::tuple{"rsa", "2048", "ssh-rsa"}}) {
    SCOPED_TRACE(name);
    ASSERT_NO_FATAL_FAILURE(Make(type, bits));
    const Result<std::vector<PinnedKey>> pins = KeysFor("host.example " + public_, "host.example", 22);
    ASSERT_TRUE(pins.has_value()) << pins.error().message;
    ASSERT_EQ(pins->size(), 1U);
    EXPECT_EQ(Fingerprint(pins->front().blob), std::string(name) + " " + fingerprint_);
    EXPECT_TRUE(fingerprint_.starts_with("SHA256:"));
  }
}

TEST(Fingerprint, OfWhatIsNoKeyIsStillSomething) {
  EXPECT_TRUE(Fingerprint("").starts_with("unknown SHA256:"));
  EXPECT_TRUE(Fingerprint(std::string("\xff\xff\xff\xff", 4)).starts_with("unknown SHA256:"));
  const std::vector<PinnedKey> pins = {{"ssh-rsa", "a"}, {"ssh-rsa", "b"}};
  EXPECT_EQ(Fingerprints(pins), Fingerprint("a") + " or " + Fingerprint("b"));
}

struct AlgorithmsRow {
  const char* name;
  std::vector<std::string> types;
  std::string expected;  // empty: refused
};

TEST(SetAlgorithms, OffersOnlyThePinnedTypes) {
  const std::vector<AlgorithmsRow> rows = {
      {"one", {"ssh-ed25519"}, "ssh-ed25519"},
      {"RSA never with SHA-1", {"ssh-rsa"}, "rsa-sha2-512,rsa-sha2-256"},
      {"several, in their order", {"ssh-rsa", "ssh-ed25519"}, "rsa-sha2-512,rsa-sha2-256,ssh-ed25519"},
      {"each once", {"ssh-ed25519", "ssh-ed25519", "ecdsa-sha2-nistp256"}, "ssh-ed25519,ecdsa-sha2-nistp256"},
      {"none", {}, ""},
      {"only one that the library does not know", {"sk-of-tomorrow"}, ""},
  };
  for (const AlgorithmsRow& row : rows) {
    SCOPED_TRACE(row.name);
    const std::unique_ptr<LIBSSH2_SESSION, int (*)(LIBSSH2_SESSION*)> session(libssh2_session_init(), &libssh2_session_free);
    ASSERT_NE(session, nullptr);
    std::vector<PinnedKey> pins;
    for (const std::string& type : row.types) pins.push_back({type, "blob"});
    const Status set = SetAlgorithms(session.get(), pins, "the target");
    EXPECT_EQ(set.has_value(), !row.expected.empty());
    if (!set) {
      EXPECT_EQ(set.error().reason, Reason::kNoCommonAlgorithm);
    } else {
      EXPECT_EQ(HostKeyMethods(pins), row.expected);
    }
  }
}

}  // namespace
}  // namespace borgop
