// Every cipher and MAC that libssh2 shares with a real sshd, down to the byte: this project patches how libssh2 calls its ciphers
// (engine/ssh/libssh2-patches). Also those that the engine never offers, as the patch changes them too.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "tests/conformance/machine.h"
#include "tests/conformance/plain_session.h"
#include "tests/conformance/sample_bytes.h"
#include "tests/lab/lab.h"

namespace borgop {
namespace {

struct Methods {
  std::string cipher, mac;
  bool has_own_tag() const { return cipher.find('@') != std::string::npos; }  // and so uses no MAC
};

std::vector<Methods> All() {
  std::vector<Methods> all;
  for (const char* cipher : {"aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"})
    all.push_back({cipher, "hmac-sha2-256"});
  for (const char* cipher : {"aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"}) {
    for (const char* mac : {"hmac-sha2-256", "hmac-sha2-512", "hmac-sha1", "hmac-sha1-96", "hmac-md5"})
      all.push_back({cipher, mac});
    for (const char* mac : {"hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha1-etm@openssh.com"})
      all.push_back({cipher, mac});
  }
  return all;
}

// One of each way in which a packet is made, taken apart and authenticated.
std::vector<Methods> Kinds() {
  std::vector<Methods> kinds;
  for (const Methods& methods : All()) {
    const bool has_twin = methods.cipher.starts_with("aes192") || methods.cipher.starts_with("aes256-c");
    if (methods.has_own_tag() || (!has_twin && methods.mac.starts_with("hmac-sha2-256"))) kinds.push_back(methods);
  }
  return kinds;
}

std::string NameOf(const testing::TestParamInfo<Methods>& info) {
  const auto plain = [](std::string name) {
    name = name.substr(0, name.find('@'));
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
  };
  return plain(info.param.cipher) + (info.param.has_own_tag() ? "" : "_with_" + plain(info.param.mac));
}

class Ciphers : public testing::TestWithParam<Methods> {
 protected:
  void SetUp() override {
    BORGOP_NEEDS_ISOLATION();
    if (!PlainSession::Knows(GetParam().cipher, GetParam().mac)) GTEST_SKIP() << "this libssh2 does not have it";
  }
  static std::unique_ptr<PlainSession> LogIn(PlainOptions options = {}) {
    options.cipher = GetParam().cipher;
    options.mac = GetParam().mac;
    return std::make_unique<PlainSession>(options);
  }
  static void ExpectEcho(PlainSession& session, const std::string& bytes) {
    const PlainSession::Echo echo = session.Exchange(bytes);
    ASSERT_EQ(echo.error, 0) << "of " << bytes.size() << " bytes " << echo.bytes.size() << " came back";
    ASSERT_TRUE(echo.bytes == bytes) << "not what was sent, of " << bytes.size() << " bytes";
  }
};

class KindsOfCiphers : public Ciphers {};

TEST_P(Ciphers, PacketsOfEveryLength) {
  const std::unique_ptr<PlainSession> session = LogIn();
  const std::vector<std::string> methods = session->Methods();
  EXPECT_EQ(methods[0], GetParam().cipher);
  EXPECT_EQ(methods[2], GetParam().cipher);
  if (!GetParam().has_own_tag()) {
    EXPECT_EQ(methods[1], GetParam().mac);
    EXPECT_EQ(methods[3], GetParam().mac);
  }
  std::vector<std::size_t> sizes(71);
  std::iota(sizes.begin(), sizes.end(), 0);
  // libssh2 sends up to 32,700 bytes a packet, sshd up to what it was told.
  for (const std::size_t around : {std::size_t{32'700}, std::size_t{32 * 1024}}) {
    for (std::size_t size = around - 20; size <= around + 20; ++size) sizes.push_back(size);
  }
  for (const std::size_t size : sizes) {
    ASSERT_NO_FATAL_FAILURE(ExpectEcho(*session, Bytes(size, static_cast<std::uint32_t>(size))));
  }
  ASSERT_NO_FATAL_FAILURE(ExpectEcho(*session, Bytes(1 << 20)));
}

TEST_P(KindsOfCiphers, PacketsThatArriveInTwoPartsOfAnyLength) {
  const std::unique_ptr<PlainSession> session = LogIn();
  for (std::size_t first = 1; first <= 160; ++first) {
    session->Pieces({first, 100'000});
    ASSERT_NO_FATAL_FAILURE(ExpectEcho(*session, Bytes(70, static_cast<std::uint32_t>(first))));
  }
}

TEST_P(KindsOfCiphers, PacketsThatArriveByteByByte) {
  const std::unique_ptr<PlainSession> session = LogIn();
  session->Pieces({1});
  for (const std::size_t size : std::vector<std::size_t>{1, 15, 16, 17, 64, 1000, 40'000}) {
    ASSERT_NO_FATAL_FAILURE(ExpectEcho(*session, Bytes(size)));
  }
}

// The server wants new keys after each MiB, whatever is under way.
TEST_P(KindsOfCiphers, ManyBytesBothWaysAcrossNewKeys) {
  for (const auto& [window, packet, pieces] :
       {std::tuple{2U << 20U, 32U * 1024, std::vector<std::size_t>{}},
        std::tuple{96U * 1024, 32U * 1024, std::vector<std::size_t>{1, 2, 3, 5, 15, 16, 17, 33, 1000, 4096, 32'768, 33'001}},
        std::tuple{256U * 1024, 5'003U, std::vector<std::size_t>{1448, 65'000}}}) {
    SCOPED_TRACE(std::to_string(window));
    const std::unique_ptr<PlainSession> session = LogIn({.window = window, .packet = packet});
    session->Pieces(pieces);
    ASSERT_NO_FATAL_FAILURE(ExpectEcho(*session, Bytes(std::size_t{5} << 19U)));
  }
}

// One bit on the way, wherever it is: the length, the first block, the middle, the tag.
TEST_P(KindsOfCiphers, AChangedBitIsRefused) {
  const std::string bytes = Bytes(100'000);
  for (const std::ptrdiff_t at : {3, 4, 24, 20'000, -20, -1}) {
    SCOPED_TRACE(at);
    const std::unique_ptr<PlainSession> session = LogIn();
    ASSERT_NO_FATAL_FAILURE(ExpectEcho(*session, "still as it was sent"));
    session->Flip(at);
    const PlainSession::Echo echo = session->Exchange(bytes);
    EXPECT_TRUE(echo.error == LIBSSH2_ERROR_INVALID_MAC || echo.error == LIBSSH2_ERROR_DECRYPT ||
                echo.error == LIBSSH2_ERROR_OUT_OF_BOUNDARY)
        << echo.error;
#ifdef LIBSSH2_WHOLE_PACKETS
    // A length that is no whole number of blocks is refused before the cipher is given a part of one.
    if (at == 3 && GetParam().cipher == "aes128-ctr" && GetParam().mac == "hmac-sha2-256") {
      EXPECT_EQ(echo.error, LIBSSH2_ERROR_DECRYPT);
    }
#endif
    EXPECT_LT(echo.bytes.size(), bytes.size());
    EXPECT_TRUE(bytes.starts_with(echo.bytes)) << "something changed was taken for good, or left out";
  }
}

INSTANTIATE_TEST_SUITE_P(All, Ciphers, testing::ValuesIn(All()), NameOf);
INSTANTIATE_TEST_SUITE_P(All, KindsOfCiphers, testing::ValuesIn(Kinds()), NameOf);

class Lab final : public testing::Environment {
 public:
  void SetUp() override {
    StandAtClient();
    if (!lab::Lab::Shared().isolated()) return;
    lab::Lab::Shared().target().RestartSshd(
        {"Ciphers=" + Joined(&Methods::cipher), "MACs=" + Joined(&Methods::mac), "RekeyLimit=1M"});
  }

 private:
  static std::string Joined(std::string Methods::*what) {
    std::string list;
    for (const Methods& methods : All()) {
      if (("," + list + ",").find("," + methods.*what + ",") == std::string::npos)
        list += (list.empty() ? "" : ",") + methods.*what;
    }
    return list;
  }
};
const testing::Environment* const kLab = testing::AddGlobalTestEnvironment(new Lab);

}  // namespace
}  // namespace borgop
