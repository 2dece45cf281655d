// Bytes that nobody meant: thousands of small changes to good inputs, always the same ones. Nothing may crash, hang or throw, and what
// is still accepted must still be a plan.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "engine/plan/known_hosts.h"
#include "engine/plan/private_key.h"
#include "engine/plan/prune_setting.h"
#include "engine/plan/toml_reader.h"
#include "engine/plan/yaml_reader.h"
#include "plan_fixture.h"

namespace borgop {
namespace {

class Mutator {
 public:
  explicit Mutator(std::string seed) : seed_(std::move(seed)) {}

  std::string Next() {
    std::string text = seed_;
    for (std::size_t n = 1 + Below(4); n > 0; --n) Mutate(text);
    return text;
  }

 private:
  std::size_t Below(std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(random_()) % n; }

  void Mutate(std::string& text) {
    static const std::vector<std::string> kPieces = {"\"",
                                                     "'",
                                                     "\n",
                                                     "\r\n",
                                                     "[",
                                                     "]",
                                                     "{",
                                                     "}",
                                                     ": ",
                                                     "- ",
                                                     "#",
                                                     "&a ",
                                                     "*a",
                                                     "!!binary ",
                                                     "|\n",
                                                     ">-\n",
                                                     "\"\"\"",
                                                     "'''",
                                                     "\\",
                                                     "\\u",
                                                     "=",
                                                     ".",
                                                     ",",
                                                     "\t",
                                                     "  ",
                                                     "\xFF",
                                                     "\xF4\x8F",
                                                     "\xE2\x82",
                                                     "\x04",
                                                     "---\n",
                                                     "...\n",
                                                     "? ",
                                                     "<<",
                                                     "@revoked ",
                                                     "|1|",
                                                     "*",
                                                     "!",
                                                     "AAAA",
                                                     "-----BEGIN ",
                                                     "-----END ",
                                                     "99999999999999999999",
                                                     std::string(1, '\0'),
                                                     std::string(40, '[')};
    const std::size_t at = Below(text.size() + 1);
    const std::size_t length = std::min(Below(40), text.size() - at);
    switch (Below(6)) {
      case 0: text.erase(at, length); break;
      case 1: text.insert(at, kPieces[Below(kPieces.size())]); break;
      case 2: text.insert(at, text.substr(Below(text.size() + 1), Below(60))); break;
      case 3:
        if (at < text.size()) text[at] = static_cast<char>(Below(256));
        break;
      case 4:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << Below(8)));
        break;
      default: text.resize(at); break;
    }
  }

  std::string seed_;
  std::mt19937 random_{20'261'124};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
};

// How many were accepted and refused: both must happen, or the mutations test nothing.
struct Tally {
  int accepted = 0;
  int refused = 0;
  void Count(bool good) { ++(good ? accepted : refused); }
};

void ExpectBoth(const Tally& tally) {
  EXPECT_GT(tally.accepted, 0);
  EXPECT_GT(tally.refused, 0);
}

template <typename Read>
Tally Mutate(const std::string& seed, int rounds, const Read& read) {
  Mutator mutator(seed);
  Tally tally;
  for (int i = 0; i < rounds; ++i) {
    const Result<Plan> plan = read(mutator.Next());
    tally.Count(plan.has_value());
    if (plan) {
      EXPECT_FALSE(plan->targets.empty());
      for (const Target& target : plan->targets) EXPECT_FALSE(target.repository.path.empty() || target.source.paths.empty());
    } else {
      EXPECT_EQ(plan.error().message.rfind("file", 0), 0U) << plan.error().message;
    }
  }
  return tally;
}

TEST(Mutation, Toml) {
  ExpectBoth(Mutate(test::GoodToml(), 3000, [](const std::string& text) { return ReadToml(text, "file"); }));
}

TEST(Mutation, Yaml) {
  ExpectBoth(Mutate(test::GoodYaml(), 3000, [](const std::string& text) { return ReadYaml(text, "file"); }));
}

TEST(Mutation, YamlOfEveryStyle) {
  const std::string seed =
      "a: &x [1, {b: c}, 'd', \"e\\x41\", !!str f]\n? g\n: *x\nh: |2-\n   i\n\n  j\nk: >+\n  l\n  m\n\n# n\n%YAML 1.2\n---\n- - "
      "o\n  - p: q\n    r: ~\n...\n";
  Mutator mutator(seed);
  for (int i = 0; i < 5000; ++i) {
    const Result<Plan> plan = ReadYaml(mutator.Next(), "file");
    ASSERT_FALSE(plan.has_value());
    EXPECT_EQ(plan.error().reason, Reason::kInvalidConfig);
  }
}

TEST(Mutation, TomlOfEveryStyle) {
  const std::string seed =
      "a.b.'c'=1\n\"d\"=[1.5,{e=true,f.g='h'},\"\"\"\\\n "
      "i\"\"\"]\n[[j.k]]\nl=1979-05-27T07:32:00-08:00\n[[j.k]]\n[j.m]\nn=0xFF_FF\no='''p'''''\n# q\nr=-inf\n";
  Mutator mutator(seed);
  for (int i = 0; i < 5000; ++i) {
    const Result<Plan> plan = ReadToml(mutator.Next(), "file");
    ASSERT_FALSE(plan.has_value());
    EXPECT_EQ(plan.error().reason, Reason::kInvalidConfig);
  }
}

TEST(Mutation, KnownHosts) {
  Mutator mutator("# c\nweb,[web]:2222,*.x,!y " + test::PublicKey(test::kEd25519) + "\r\n@revoked * " +
                  test::PublicKey(test::kEcdsa) + " c\n|1|" + std::string(27, 'A') + "=|" + std::string(27, 'A') + "= " +
                  test::PublicKey(test::kEd25519) + "\n" + test::PublicKey(test::kEcdsa) + "\n");
  Tally tally;
  for (int i = 0; i < 5000; ++i) tally.Count(KeysFor(mutator.Next(), "web", 2222).has_value());
  ExpectBoth(tally);
}

TEST(Mutation, PrivateKey) {
  for (const auto& arguments :
       {test::kEd25519, test::kEncryptedEd25519, std::vector<std::string>{"-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""},
        std::vector<std::string>{"-t", "ecdsa", "-m", "PKCS8", "-N", ""}}) {
    Mutator mutator(test::PrivateKey(arguments));
    Tally tally;
    for (int i = 0; i < 2000; ++i) tally.Count(CheckPrivateKey(Secret(mutator.Next()), Secret("sesame")).has_value());
    ExpectBoth(tally);
  }
}

TEST(Mutation, PruneSetting) {
  Mutator mutator("--keep-daily 7 --keep-within=2d -P 'a b' -w \"3\" --stats -H4 \\--list");
  Tally tally;
  for (int i = 0; i < 5000; ++i) tally.Count(ParsePruneSetting(mutator.Next()).problems.empty());
  ExpectBoth(tally);
}

}  // namespace
}  // namespace borgop
