#include "engine/plan/known_hosts.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "engine/plan/base64.h"
#include "plan_fixture.h"

namespace borgop {
namespace {

using test::PublicKey;

std::string WireString(std::string_view text) { return std::string(3, '\0') + static_cast<char>(text.size()) + std::string(text); }

// A key in wire format that is only as real as the parser looks: whole, and full of `letter`.
std::string Key(const std::string& type, char letter = 'x') {
  std::string blob = WireString(type);
  if (type == "ssh-rsa" || type == "ssh-dss") {
    for (int numbers = type == "ssh-rsa" ? 2 : 4; numbers > 0; --numbers) blob += WireString(std::string(20, letter));
  } else if (type.starts_with("ecdsa")) {
    const std::size_t size = type.ends_with("256") ? 64 : type.ends_with("384") ? 96 : 132;
    blob += WireString(type.substr(type.rfind('-') + 1)) + std::string(3, '\0') + static_cast<char>(size + 1) + '\x04' +
            std::string(size, letter);
  } else {
    blob += WireString(std::string(32, letter));
    if (type.starts_with("sk-")) blob += WireString("ssh:");
  }
  return type + ' ' + EncodeBase64(blob);
}

const std::string kA = Key("ssh-ed25519", 'A');
const std::string kB = Key("ssh-ed25519", 'B');
const std::string kRsa = Key("ssh-rsa", 'R');

// The letters of the keys found, such as "A,R"; or "! " and the error.
std::string Found(std::string_view text, const std::string& host, std::uint16_t port) {
  const auto keys = KeysFor(text, host, port);
  if (!keys) return "! " + keys.error().message;
  std::string found;
  for (const PinnedKey& key : *keys) found += (found.empty() ? "" : ",") + key.blob.substr(key.blob.size() - 1);
  return found;
}

struct MatchRow {
  const char* name;
  std::string text;
  std::string host;
  std::uint16_t port;
  std::string found;
};
void PrintTo(const MatchRow& row, std::ostream* out) { *out << row.name; }

class KnownHostsMatch : public testing::TestWithParam<MatchRow> {};

TEST_P(KnownHostsMatch, Finds) { EXPECT_EQ(Found(GetParam().text, GetParam().host, GetParam().port), GetParam().found); }

const MatchRow kMatches[] = {
    {"Plain", "h " + kA, "h", 22, "A"},
    {"SeveralKeys", "h " + kA + "\nh " + kRsa + "\n", "h", 22, "A,R"},
    {"Twice", "h " + kA + "\nh " + kA, "h", 22, "A"},
    {"KeyscanComments", "# h:22 SSH-2.0-OpenSSH_9.2\nh " + kA + "\n# h:22 SSH-2.0-OpenSSH_9.2\n\n", "h", 22, "A"},
    {"TrailingComment", "h " + kA + " root@h # really", "h", 22, "A"},
    {"ByteOrderMark", "\xEF\xBB\xBFh " + kA, "h", 22, "A"},
    {"CrLf", "# c\r\nh " + kA + "\r\nh " + kB + "\r\n", "h", 22, "A,B"},
    {"Tabs", "\th\t" + kA + "\t", "h", 22, "A"},
    {"CaseOfTheText", "HOST.Example " + kA, "host.example", 22, "A"},
    {"CaseOfTheHost", "host.example " + kA, "HOST.Example", 22, "A"},
    {"CommaList", "x,h,10.0.0.1 " + kA, "10.0.0.1", 22, "A"},
    {"BracketsAnd22", "[h]:22 " + kA, "h", 22, "A"},
    {"OtherPort", "[h]:2222 " + kA, "h", 2222, "A"},
    {"WrongPort", "[h]:2222 " + kA, "h", 22, "! has no key for `h`, only for `[h]:2222` (run ssh-keyscan h)"},
    {"WrongOtherPort", "[h]:2222 " + kA, "h", 2223, "! has no key for `[h]:2223`, only for `[h]:2222` (run ssh-keyscan -p 2223 h)"},
    {"PlainForAnotherPort", "h " + kA, "h", 2222, "A"},
    {"ExactBeforePlain", "h " + kA + "\n[h]:2222 " + kB, "h", 2222, "B"},
    {"ExactElsewhereDoesNotCount", "h " + kA + "\n[h]:2223 " + kB, "h", 2222, "A"},
    {"Ipv6", "fd00::1 " + kA, "fd00::1", 22, "A"},
    {"Ipv6Port", "[fd00::1]:2222 " + kA, "fd00::1", 2222, "A"},
    {"Star", "*.example.org " + kA, "web.example.org", 22, "A"},
    {"StarNeedsTheDot", "*.example.org " + kA, "example.org", 22,
     "! has no key for `example.org`, only for `*.example.org` (run ssh-keyscan example.org)"},
    {"QuestionMark", "web-?? " + kA, "web-01", 22, "A"},
    {"QuestionMarkIsOne", "web-? " + kA, "web-01", 22, "! has no key for `web-01`, only for `web-?` (run ssh-keyscan web-01)"},
    {"ManyStars", "a*a*a*a*a*b " + kA, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 22, "A"},
    {"StarPort", "[*.example.org]:2222 " + kA, "web.example.org", 2222, "A"},
    {"Negated", "*.example.org,!web.example.org " + kA + "\nweb.example.org " + kB, "web.example.org", 22, "B"},
    {"NegatedAlone", "!other " + kA, "h", 22, "! has no key for `h`, only for `!other` (run ssh-keyscan h)"},
    {"BareKey", kA, "whatever", 2222, "A"},
    {"BareKeyWithComment", kA + " root@h", "h", 22, "A"},
    {"BareBesideExact", kA + "\n[h]:2222 " + kB, "h", 2222, "A,B"},
    {"BareBesidePlain", kA + "\nh " + kB, "h", 2222, "A,B"},
    {"Revoked", "h " + kA + "\nh " + kB + "\n@revoked h " + kA, "h", 22, "B"},
    {"RevokedEverywhere", "h " + kA + "\nh " + kB + "\n@revoked * " + kB, "h", 22, "A"},
    {"RevokedBare", "h " + kA + "\nh " + kB + "\n@revoked " + kB, "h", 22, "A"},
    {"RevokedPlainHoldsForPort", "[h]:2222 " + kA + "\n@revoked h " + kA, "h", 2222,
     "! has only keys for `[h]:2222` that are marked @revoked (pin the key in use)"},
    {"RevokedElsewhere", "h " + kA + "\n@revoked x " + kA, "h", 22, "A"},
    {"OnlyRevoked", "h " + kA + "\n@revoked h " + kA, "h", 22,
     "! has only keys for `h` that are marked @revoked (pin the key in use)"},
    {"RevokedLineIsNoPin", "@revoked h " + kA, "h", 22, "! has only keys for `h` that are marked @revoked (pin the key in use)"},
    {"RevokedOfAnotherIsNoneOfIts", "@revoked x " + kA + "\nx " + kB, "h", 22,
     "! has no key for `h`, only for `x` (run ssh-keyscan h)"},
    {"CertAuthority", "@cert-authority h " + kA + "\nh " + kB, "h", 22, "B"},
    {"OnlyCertAuthority", "@cert-authority h " + kA, "h", 22,
     "! has only a @cert-authority for `h`, which is not supported (pin the host's own key: run ssh-keyscan h)"},
    {"DsaIsLeftOut", "h " + Key("ssh-dss") + "\nh " + kA, "h", 22, "A"},
    {"OnlyUnsupported", "h " + Key("sk-ssh-ed25519@openssh.com"), "h", 22,
     "! has only keys for `h` of types that are not supported, such as `sk-ssh-ed25519@openssh.com` (pin its ssh-ed25519, ecdsa or "
     "ssh-rsa key: "
     "run ssh-keyscan h)"},
    {"Empty", "", "h", 22, "! has no key in it (run ssh-keyscan h)"},
    {"OnlyComments", "# a\n \n", "h", 2222, "! has no key in it (run ssh-keyscan -p 2222 h)"},
    {"NamesAreListed", "a,b " + kA + "\nb,c " + kB, "h", 22, "! has no key for `h`, only for `a`, `b`, `c` (run ssh-keyscan h)"},
    {"ManyNames", "a,b,c,d,e,f,g,i,j,k " + kA, "h", 22,
     "! has no key for `h`, only for `a`, `b`, `c`, `d`, `e`, `f`, `g`, `i` and others (run ssh-keyscan h)"},
    {"Ecdsa",
     "h " + Key("ecdsa-sha2-nistp256", '1') + "\nh " + Key("ecdsa-sha2-nistp384", '2') + "\nh " + Key("ecdsa-sha2-nistp521", '3'),
     "h", 22, "1,2,3"},
};
INSTANTIATE_TEST_SUITE_P(Rows, KnownHostsMatch, testing::ValuesIn(kMatches),
                         [](const auto& row) { return std::string(row.param.name); });

struct SyntaxRow {
  const char* name;
  std::string text;
  std::string problem;
};
void PrintTo(const SyntaxRow& row, std::ostream* out) { *out << row.name; }

class KnownHostsSyntax : public testing::TestWithParam<SyntaxRow> {};

TEST_P(KnownHostsSyntax, Refuses) {
  const Status status = CheckKnownHosts(GetParam().text);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().message, GetParam().problem);
  EXPECT_FALSE(KeysFor(GetParam().text, "h", 22).has_value());
}

const SyntaxRow kSyntax[] = {
    {"OneWord", "h", "line 1 of it is no known_hosts line: NAMES TYPE KEY is wanted (give the output of ssh-keyscan)"},
    {"TwoWords", "\n\nh ssh-ed25519",
     "line 3 of it is no known_hosts line: NAMES TYPE KEY is wanted (give the output of ssh-keyscan)"},
    {"NotBase64", "h ssh-ed25519 AAAA!", "line 1 of it has a key that is not base64, or is cut (run ssh-keyscan again)"},
    {"Cut", "h " + kA.substr(0, kA.size() - 1), "line 1 of it has a key that is not base64, or is cut (run ssh-keyscan again)"},
    {"CutAfterWholeBytes", "10.231.1.2 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPSc17dG",
     "line 1 of it has a key of type `ssh-ed25519` that is cut or has bytes too many (run ssh-keyscan again)"},
    {"RevokedCut", "@revoked h " + kA.substr(0, kA.size() - 8),
     "line 1 of it has a key of type `ssh-ed25519` that is cut or has bytes too many (run ssh-keyscan again)"},
    {"LeftOutButCut", "h " + Key("ssh-dss").substr(0, 80),
     "line 1 of it has a key of type `ssh-dss` that is cut or has bytes too many (run ssh-keyscan again)"},
    {"Prose", "h " + kA + "\nthis is no key", "line 2 of it has a key that is not base64, or is cut (run ssh-keyscan again)"},
    {"AnotherType", "h ssh-rsa " + kA.substr(kA.find(' ') + 1),
     "line 1 of it says `ssh-rsa` but holds another or a damaged key (run ssh-keyscan again)"},
    {"TooShort", "h ssh-rsa AAAA", "line 1 of it says `ssh-rsa` but holds another or a damaged key (run ssh-keyscan again)"},
    {"LengthLies", "h ssh-rsa /////w==", "line 1 of it says `ssh-rsa` but holds another or a damaged key (run ssh-keyscan again)"},
    {"Marker", "@revked h " + kA, "line 1 of it has the marker `@revked`, which is not known (@revoked is)"},
    {"MarkerAlone", "@revoked", "line 1 of it is no known_hosts line: NAMES TYPE KEY is wanted (give the output of ssh-keyscan)"},
    {"Hash", "|1|AAAA|AAAA " + kA, "line 1 of it has a hashed name that is cut or changed (run ssh-keyscan again)"},
    {"HashNoBar", "|1|AAAA " + kA, "line 1 of it has a hashed name that is cut or changed (run ssh-keyscan again)"},
    {"LongLine", "h " + std::string(20'000, 'x'), "line 1 of it is longer than 16 KiB (give the output of ssh-keyscan)"},
    {"LongText", std::string((1 << 20) + 1, '\n'), "is larger than 1 MiB (give the lines of this host only)"},
};
INSTANTIATE_TEST_SUITE_P(Rows, KnownHostsSyntax, testing::ValuesIn(kSyntax),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(KnownHosts, LimitsTheNumberOfLinesAndNames) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "h " + kA + "\n";
  EXPECT_TRUE(CheckKnownHosts(text).has_value());
  EXPECT_EQ(CheckKnownHosts(text + "h " + kA).error().message,
            "line 10001 of it is one too many (give the lines of this host only)");
  std::string names = "h";
  for (int i = 1; i < 64; ++i) names += ",h";
  EXPECT_TRUE(CheckKnownHosts(names + ' ' + kA).has_value());
  EXPECT_FALSE(CheckKnownHosts(names + ",h " + kA).has_value());
}

TEST(KnownHosts, ReadsWhatSshKeygenHashed) {
  const test::TempDir directory;
  const std::string& a = PublicKey(test::kEd25519);
  const std::string& b = PublicKey(test::kEcdsa);
  const std::string file = directory.Write("known_hosts", "web.example.org,10.0.0.1 " + a + "\n[web.example.org]:2222 " + b + "\n");
  test::Run({"ssh-keygen", "-q", "-H", "-f", file});
  const std::string text = test::ReadWhole(file);
  ASSERT_EQ(text.find("web."), std::string::npos);  // no word of base64, which may spell "web" by chance
  for (const char* host : {"web.example.org", "WEB.example.org", "10.0.0.1"}) {
    const auto keys = KeysFor(text, host, 22);
    ASSERT_TRUE(keys.has_value()) << host << keys.error().message;
    ASSERT_EQ(keys->size(), 1U);
    EXPECT_EQ((*keys)[0].type + ' ' + EncodeBase64((*keys)[0].blob), a);
  }
  const auto other = KeysFor(text, "web.example.org", 2222);
  ASSERT_TRUE(other.has_value());
  ASSERT_EQ(other->size(), 1U);
  EXPECT_EQ((*other)[0].type + ' ' + EncodeBase64((*other)[0].blob), b);
  EXPECT_EQ(KeysFor(text, "db", 22).error().message, "has no key for `db`, only for 3 hashed names (run ssh-keyscan db)");
}

}  // namespace
}  // namespace borgop
