#include "engine/plan/private_key.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "engine/plan/base64.h"
#include "plan_fixture.h"

namespace borgop {
namespace {

using test::PrivateKey;
using test::PublicKey;
using test::With;

// Empty: the key is good.
std::string Check(std::string_view key, std::string_view passphrase = "") {
  const Status status = CheckPrivateKey(Secret(key), Secret(passphrase));
  return status ? std::string() : status.error().message;
}

// What openssl wrote to a file.
std::string OpenSsl(std::vector<std::string> arguments) {
  const test::TempDir directory;
  const std::string file = directory.File("key");
  arguments.insert(arguments.begin(), "openssl");
  arguments.insert(arguments.end(), {"-out", file});
  test::Run(arguments);
  return test::ReadWhole(file);
}

std::string CrLf(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

// The bytes of an OpenSSH key, changed and put back.
template <typename Change>
std::string Rewritten(const std::string& key, const Change& change) {
  const std::size_t begin = key.find('\n') + 1;
  const std::size_t end = key.find("-----END");
  std::string body = key.substr(begin, end - begin);
  std::erase(body, '\n');
  std::string bytes = DecodeBase64(body).value();
  change(bytes);
  body = EncodeBase64(bytes);
  std::string lines;
  for (std::size_t i = 0; i < body.size(); i += 70) lines += body.substr(i, 70) + '\n';
  return key.substr(0, begin) + lines + key.substr(end);
}

struct GoodKey {
  const char* name;
  std::vector<std::string> arguments;
  std::string passphrase;
};
void PrintTo(const GoodKey& row, std::ostream* out) { *out << row.name; }

class GoodKeys : public testing::TestWithParam<GoodKey> {};

TEST_P(GoodKeys, PassInEveryLineFormat) {
  const std::string& key = PrivateKey(GetParam().arguments);
  const std::string& passphrase = GetParam().passphrase;
  EXPECT_EQ(Check(key, passphrase), "");
  EXPECT_EQ(Check(CrLf(key), passphrase), "");
  EXPECT_EQ(Check(key.substr(0, key.size() - 1), passphrase), "") << "no newline at the end";
  EXPECT_EQ(Check("\n\n" + key + "\n\n", passphrase), "") << "blank lines around it";
}

TEST_P(GoodKeys, FailWhereverTheyAreCut) {
  const std::string& key = PrivateKey(GetParam().arguments);
  for (std::size_t size = 0; size + 2 < key.size(); size += 7)
    EXPECT_NE(Check(key.substr(0, size), GetParam().passphrase), "") << size;
}

TEST_P(GoodKeys, NeedTheirPassphrase) {
  const std::string problem = Check(PrivateKey(GetParam().arguments));
  if (GetParam().passphrase.empty()) {
    EXPECT_EQ(problem, "");
  } else {
    EXPECT_EQ(problem, "is encrypted, and there is no passphrase for it (give keyPassphrase in a plan; TOML has no place for one)");
  }
}

const GoodKey kGood[] = {
    {"Ed25519", test::kEd25519, ""},
    {"Ecdsa256", test::kEcdsa, ""},
    {"Ecdsa384", {"-t", "ecdsa", "-b", "384", "-N", ""}, ""},
    {"Ecdsa521", {"-t", "ecdsa", "-b", "521", "-N", ""}, ""},
    {"Rsa", {"-t", "rsa", "-b", "2048", "-N", ""}, ""},
    {"EncryptedEd25519", test::kEncryptedEd25519, "sesame"},
    {"EncryptedRsa", {"-t", "rsa", "-b", "2048", "-N", "sesame"}, "sesame"},
    {"EncryptedCbc", {"-t", "ed25519", "-Z", "aes256-cbc", "-N", "sesame"}, "sesame"},
    {"PemRsa", {"-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""}, ""},
    {"PemEcdsa", {"-t", "ecdsa", "-m", "PEM", "-N", ""}, ""},
    {"PemEncrypted", {"-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "sesame"}, "sesame"},
    {"Pkcs8", {"-t", "ecdsa", "-m", "PKCS8", "-N", ""}, ""},
    {"Pkcs8Encrypted", {"-t", "rsa", "-b", "2048", "-m", "PKCS8", "-N", "sesame"}, "sesame"},
};
INSTANTIATE_TEST_SUITE_P(Kinds, GoodKeys, testing::ValuesIn(kGood), [](const auto& row) { return std::string(row.param.name); });

TEST(PrivateKeyCheck, TellsAWrongPassphraseWhereOpenSslCan) {
  const std::string wrong = "cannot be decrypted (check its passphrase; otherwise the key is damaged)";
  EXPECT_EQ(Check(PrivateKey({"-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "sesame"}), "simsim"), wrong);
  EXPECT_EQ(Check(PrivateKey({"-t", "rsa", "-b", "2048", "-m", "PKCS8", "-N", "sesame"}), "simsim"), wrong);
}

TEST(PrivateKeyCheck, Pkcs8Ed25519) { EXPECT_EQ(Check(OpenSsl({"genpkey", "-algorithm", "ed25519"})), ""); }

TEST(PrivateKeyCheck, CurveNameInFrontOfTheKey) {
  const std::string key = OpenSsl({"ecparam", "-name", "prime256v1", "-genkey"});
  ASSERT_NE(key.find("-----BEGIN EC PARAMETERS-----"), std::string::npos);
  EXPECT_EQ(Check(key), "");
  EXPECT_EQ(Check(CrLf(key)), "");
  EXPECT_EQ(Check(key.substr(0, 40)), "is damaged or cut (give the whole file as ssh-keygen wrote it)");
  EXPECT_EQ(Check(key.substr(0, key.find("-----BEGIN EC PRIVATE"))), "is empty (give the private key)");
}

struct BadKey {
  const char* name;
  std::string (*make)();
  std::string problem;
};
void PrintTo(const BadKey& row, std::ostream* out) { *out << row.name; }

class BadKeys : public testing::TestWithParam<BadKey> {};

TEST_P(BadKeys, AreRefusedWithoutShowingThem) {
  const std::string key = GetParam().make();
  const std::string problem = Check(key, "a passphrase");
  EXPECT_EQ(problem, GetParam().problem);
  EXPECT_EQ(problem.find("AAAA"), std::string::npos);
}

std::string Ed() { return PrivateKey(test::kEd25519); }
const std::string kDamagedText = "is damaged or cut (give the whole file as ssh-keygen wrote it)";
const std::string kPublicText = "is a public key (give the private one, from the file without .pub)";

const BadKey kBad[] = {
    {"Empty", [] { return std::string(" \n"); }, "is empty (give the private key)"},
    {"Prose", [] { return std::string("hunter2"); },
     "has no line `-----BEGIN ... PRIVATE KEY-----` at its start (give the whole file as ssh-keygen wrote it)"},
    {"PathInsteadOfKey", [] { return std::string("/root/.ssh/id_ed25519"); },
     "has no line `-----BEGIN ... PRIVATE KEY-----` at its start (give the whole file as ssh-keygen wrote it)"},
    {"Public", [] { return PublicKey(test::kEd25519); }, kPublicText},
    {"PublicPem", [] { return std::string("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"); }, kPublicText},
    {"Putty", [] { return std::string("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n"); },
     "is a PuTTY key (convert it: puttygen KEY.ppk -O private-openssh -o KEY)"},
    {"Binary", [] { return std::string("-----BEGIN \0", 12); }, "is binary (give it in OpenSSH or PEM format)"},
    {"Huge", [] { return std::string(65'537, 'x'); }, "is larger than 64 KiB (give one private key)"},
    {"NoEnd", [] { return Ed().substr(0, Ed().find("-----END")); }, "has no END line (give the whole file as ssh-keygen wrote it)"},
    {"WrongEnd", [] { return With(Ed(), "END OPENSSH", "END RSA"); },
     "has no END line (give the whole file as ssh-keygen wrote it)"},
    {"Indented", [] { return With(test::Indented(Ed(), 4), "    ", ""); },
     "has lines that begin with a space (give it as ssh-keygen wrote it, without indentation)"},
    {"OtherLabel", [] { return std::string("-----BEGIN PGP PRIVATE KEY BLOCK-----\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----\n"); },
     "is in a format that is not supported (give an OpenSSH or PEM private key)"},
    {"NotBase64", [] { return With(Ed(), "\nb3Bl", "\nb3B!"); },
     "is not base64 between its BEGIN and END lines (give the whole file as ssh-keygen wrote it)"},
    {"LongLines", [] { return With(With(Ed(), "-----\n", "-----\r"), "-----\r", "-----\n" + std::string(127, 'A') + "\n"); },
     "has lines longer than 126 characters (rewrite it: ssh-keygen -p -f FILE)"},
    {"Magic", [] { return Rewritten(Ed(), [](std::string& bytes) { bytes[0] = 'O'; }); }, kDamagedText},
    {"CheckInts", [] { return Rewritten(Ed(), [](std::string& bytes) { bytes[98] = static_cast<char>(bytes[98] ^ 1); }); },
     kDamagedText},
    {"Padding", [] { return Rewritten(Ed(), [](std::string& bytes) { bytes.back() = 'x'; }); }, kDamagedText},
    {"MoreBehind", [] { return Rewritten(Ed(), [](std::string& bytes) { bytes += "more"; }); }, kDamagedText},
    {"LengthLies", [] { return Rewritten(Ed(), [](std::string& bytes) { bytes[15] = '\x7f'; }); }, kDamagedText},
    {"TwoKeys", [] { return Rewritten(Ed(), [](std::string& bytes) { bytes[38] = 2; }); },
     "holds more than one key, or none (give a file with one key)"},
    {"SecurityKey",
     [] { return Rewritten(Ed(), [](std::string& bytes) { bytes.replace(bytes.find("ssh-ed25519"), 11, "sk-ssh-ed25"); }); },
     "is a security key (sk-), which needs its token at each login (use an ed25519 key)"},
    {"UnknownType",
     [] { return Rewritten(Ed(), [](std::string& bytes) { bytes.replace(bytes.find("ssh-ed25519"), 11, "ssh-ed44819"); }); },
     "is of a type that is not supported (use an ed25519, ecdsa or rsa key)"},
    {"Gcm",
     [] {
       return PrivateKey({"-t", "ed25519", "-Z", "aes256-gcm@openssh.com", "-N", "sesame"});
     },
     "is encrypted with a cipher that is not supported (rewrite it: ssh-keygen -p -Z aes256-ctr -f FILE)"},
    {"DsaPem", [] { return std::string("-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n"); },
     "is a DSA key, which sshd does not accept any more (use an ed25519 key)"},
    {"RsaTooShort",
     [] {
       return OpenSsl({"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:768"});
     },
     "is an RSA key of less than 1024 bits, which sshd does not accept (use an ed25519 key)"},
    {"OddCurve",
     [] {
       return OpenSsl({"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"});
     },
     "is an ECDSA key on a curve that SSH does not have (use an ed25519 key)"},
    {"X25519",
     [] {
       return OpenSsl({"genpkey", "-algorithm", "X25519"});
     },
     "is of a type that is not supported (use an ed25519, ecdsa or rsa key)"},
    {"PemDamaged", [] { return std::string("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"); },
     kDamagedText},
};
INSTANTIATE_TEST_SUITE_P(Kinds, BadKeys, testing::ValuesIn(kBad), [](const auto& row) { return std::string(row.param.name); });

TEST(PrivateKeyCheck, EveryCutOfTheDecodedBytesIsNoticed) {
  for (const auto& arguments : {test::kEd25519, test::kEcdsa, test::kEncryptedEd25519}) {
    std::size_t size = 0;
    Rewritten(PrivateKey(arguments), [&](const std::string& bytes) { size = bytes.size(); });
    for (std::size_t cut = 0; cut < size; ++cut) {
      const std::string key = Rewritten(PrivateKey(arguments), [&](std::string& bytes) { bytes.resize(cut); });
      EXPECT_NE(Check(key, "sesame"), "") << cut;
    }
  }
}

}  // namespace
}  // namespace borgop
