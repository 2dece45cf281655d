#include "engine/plan/public_key.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "engine/plan/base64.h"
#include "engine/plan/known_hosts.h"
#include "plan_fixture.h"

namespace borgop {
namespace {

std::string KeyWireString(std::string_view text) {
  return std::string(2, '\0') + static_cast<char>(text.size() >> 8) + static_cast<char>(text.size() & 0xFF) + std::string(text);
}

std::string Point(std::size_t coordinate_size) { return '\x04' + std::string(2 * coordinate_size, 'p'); }

struct KeyRow {
  const char* name;
  std::string type;
  std::string (*blob)();
};
void PrintTo(const KeyRow& row, std::ostream* out) { *out << row.name; }

// What ssh-keygen made.
template <const char* kType, const char* kBits>
std::string Made() {
  const std::string& line = test::PublicKey({"-t", kType, "-b", kBits, "-N", ""});
  return DecodeBase64(line.substr(line.find(' ') + 1)).value();
}
constexpr char kEd25519[] = "ed25519";
constexpr char kEcdsa[] = "ecdsa";
constexpr char kRsaLine[] = "rsa";
constexpr char k256[] = "256";
constexpr char k384[] = "384";
constexpr char k521[] = "521";
constexpr char k1024[] = "1024";
constexpr char k2048[] = "2048";

class PublicKeys : public testing::TestWithParam<KeyRow> {};

TEST_P(PublicKeys, PassWholeAndNotWhereverTheyAreCut) {
  const std::string& type = GetParam().type;
  const std::string blob = GetParam().blob();
  EXPECT_TRUE(IsWholePublicKey(type, blob));
  for (std::size_t size = 0; size < blob.size(); ++size) EXPECT_FALSE(IsWholePublicKey(type, blob.substr(0, size))) << size;
  for (std::size_t more = 1; more < 8; ++more) EXPECT_FALSE(IsWholePublicKey(type, blob + std::string(more, '\0'))) << more;
  EXPECT_FALSE(IsWholePublicKey(type, blob + KeyWireString("more")));
}

TEST_P(PublicKeys, AreLookedAtInKnownHosts) {
  const std::string& type = GetParam().type;
  const std::string blob = GetParam().blob();
  const auto status = [&](const std::string& bytes) { return CheckKnownHosts("h " + type + ' ' + EncodeBase64(bytes)); };
  EXPECT_TRUE(status(blob).has_value());
  for (std::size_t size = 0; size < blob.size(); ++size) EXPECT_FALSE(status(blob.substr(0, size)).has_value()) << size;
  EXPECT_FALSE(status(blob + 'x').has_value());
}

const KeyRow kKeys[] = {
    {"Ed25519", "ssh-ed25519", Made<kEd25519, k256>},
    {"Rsa1024", "ssh-rsa", Made<kRsaLine, k1024>},
    {"Rsa2048", "ssh-rsa", Made<kRsaLine, k2048>},
    {"Ecdsa256", "ecdsa-sha2-nistp256", Made<kEcdsa, k256>},
    {"Ecdsa384", "ecdsa-sha2-nistp384", Made<kEcdsa, k384>},
    {"Ecdsa521", "ecdsa-sha2-nistp521", Made<kEcdsa, k521>},
    {"Dsa", "ssh-dss",
     [] {
       return KeyWireString("ssh-dss") + KeyWireString("\1p") + KeyWireString("\1q") + KeyWireString("\1g") + KeyWireString("\1y");
     }},
    {"SecurityEd25519", "sk-ssh-ed25519@openssh.com",
     [] { return KeyWireString("sk-ssh-ed25519@openssh.com") + KeyWireString(std::string(32, 'k')) + KeyWireString("ssh:"); }},
    {"SecurityEcdsa", "sk-ecdsa-sha2-nistp256@openssh.com",
     [] {
       return KeyWireString("sk-ecdsa-sha2-nistp256@openssh.com") + KeyWireString("nistp256") + KeyWireString(Point(32)) +
              KeyWireString("ssh:");
     }},
};
INSTANTIATE_TEST_SUITE_P(Kinds, PublicKeys, testing::ValuesIn(kKeys), [](const auto& row) { return std::string(row.param.name); });

TEST(PublicKey, EachPartHasItsSizeAndForm) {
  const auto ed25519 = [](std::size_t size) { return KeyWireString("ssh-ed25519") + KeyWireString(std::string(size, 'k')); };
  EXPECT_TRUE(IsWholePublicKey("ssh-ed25519", ed25519(32)));
  for (const std::size_t size : {0U, 31U, 33U}) EXPECT_FALSE(IsWholePublicKey("ssh-ed25519", ed25519(size))) << size;

  const auto ecdsa = [](std::string_view curve, const std::string& point) {
    return KeyWireString("ecdsa-sha2-nistp256") + KeyWireString(curve) + KeyWireString(point);
  };
  EXPECT_TRUE(IsWholePublicKey("ecdsa-sha2-nistp256", ecdsa("nistp256", Point(32))));
  EXPECT_FALSE(IsWholePublicKey("ecdsa-sha2-nistp256", ecdsa("nistp384", Point(32)))) << "another curve than the type's";
  EXPECT_FALSE(IsWholePublicKey("ecdsa-sha2-nistp256", ecdsa("nistp384", Point(48)))) << "another curve than the type's";
  EXPECT_FALSE(IsWholePublicKey("ecdsa-sha2-nistp256", ecdsa("nistp256", Point(48))));
  EXPECT_FALSE(IsWholePublicKey("ecdsa-sha2-nistp256", ecdsa("nistp256", "\x03" + std::string(64, 'p')))) << "no plain point";
  EXPECT_FALSE(IsWholePublicKey("ecdsa-sha2-nistp256", ecdsa("nistp256", "\x02" + std::string(32, 'p')))) << "compressed";

  const auto rsa = [](std::string_view exponent, std::string_view modulus) {
    return KeyWireString("ssh-rsa") + KeyWireString(exponent) + KeyWireString(modulus);
  };
  EXPECT_TRUE(IsWholePublicKey("ssh-rsa", rsa("\1\1", std::string("\0\xff", 2))));
  EXPECT_FALSE(IsWholePublicKey("ssh-rsa", rsa("", "\1\1"))) << "a number that is 0";
  EXPECT_FALSE(IsWholePublicKey("ssh-rsa", rsa("\1\1", "\xff"))) << "a number below 0";
}

TEST(PublicKey, OtherTypesAreNotLookedInto) {
  EXPECT_TRUE(IsWholePublicKey("ssh-ed25519-cert-v01@openssh.com", KeyWireString("ssh-ed25519-cert-v01@openssh.com")));
  EXPECT_TRUE(IsWholePublicKey("ssh-ed25519", KeyWireString("ssh-ed25519") + KeyWireString(std::string(32, 'k'))));
}

}  // namespace
}  // namespace borgop
