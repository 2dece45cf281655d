#include "engine/plan/known_hosts.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "engine/base/utf8.h"
#include "engine/plan/base64.h"
#include "engine/plan/document.h"
#include "engine/plan/public_key.h"
#include "engine/plan/wire_reader.h"

namespace borgop {
namespace {

constexpr std::size_t kMaxText = std::size_t{1} << 20;
constexpr std::size_t kMaxLines = 10'000;
constexpr std::size_t kMaxLine = 16'384;
constexpr std::size_t kMaxHostsPerLine = 64;
constexpr std::size_t kMaxNamesShown = 8;
constexpr std::size_t kSha1Size = 20;
constexpr std::string_view kHashMagic = "|1|";
constexpr std::array<std::string_view, 5> kSupported = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                                        "ecdsa-sha2-nistp521", "ssh-rsa"};

bool IsSupported(std::string_view type) { return std::find(kSupported.begin(), kSupported.end(), type) != kSupported.end(); }

bool IsHashed(std::string_view hosts) { return hosts.substr(0, kHashMagic.size()) == kHashMagic; }

std::string_view NextField(std::string_view& text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  const std::size_t end = std::min(text.find_first_of(" \t", begin), text.size());
  const std::string_view field = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return field;
}

// `*` and `?` as OpenSSH matches them; linear but for the last star, so that no pattern takes long.
bool MatchesPattern(std::string_view text, std::string_view pattern) {
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

struct HashedName {
  std::string salt;
  std::string hash;
};

std::optional<HashedName> ParseHashed(std::string_view hosts) {
  hosts.remove_prefix(kHashMagic.size());
  const std::size_t bar = hosts.find('|');
  if (bar == std::string_view::npos) return std::nullopt;
  std::optional<std::string> salt = DecodeBase64(hosts.substr(0, bar));
  std::optional<std::string> hash = DecodeBase64(hosts.substr(bar + 1));
  if (!salt || !hash || salt->size() != kSha1Size || hash->size() != kSha1Size) return std::nullopt;
  return HashedName{*std::move(salt), *std::move(hash)};
}

bool MatchesHash(std::string_view hosts, const std::string& name) {
  const std::optional<HashedName> hashed = ParseHashed(hosts);
  if (!hashed) return false;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const unsigned char* done = HMAC(EVP_sha1(), hashed->salt.data(), static_cast<int>(hashed->salt.size()),
                                   reinterpret_cast<const unsigned char*>(name.data()), name.size(), digest.data(), &size);
  return done != nullptr && std::string_view(reinterpret_cast<const char*>(digest.data()), size) == hashed->hash;
}

template <typename Visit>
void ForEachName(std::string_view hosts, const Visit& visit) {
  while (!hosts.empty()) {
    const std::size_t comma = std::min(hosts.find(','), hosts.size());
    if (comma > 0) visit(hosts.substr(0, comma));
    hosts.remove_prefix(std::min(comma + 1, hosts.size()));
  }
}

std::string Bracketed(const std::string& host, std::uint16_t port) { return '[' + host + "]:" + std::to_string(port); }

}  // namespace

Result<KnownHosts::Line> KnownHosts::ParseLine(std::string_view text) {
  Line line;
  std::string_view field = NextField(text);
  if (field[0] == '@') {
    if (field == "@revoked") {
      line.marker = Marker::kRevoked;
    } else if (field == "@cert-authority") {
      line.marker = Marker::kCertAuthority;
    } else {
      return Fail(Reason::kInvalidConfig, "has the marker " + Quoted(field) + ", which is not known (@revoked is)");
    }
    field = NextField(text);
  }
  if (!IsSupported(field)) {
    line.hosts = IsHashed(field) ? std::string(field) : AsciiLower(field);
    if (IsHashed(field) && !ParseHashed(field)) {
      return Fail(Reason::kInvalidConfig, "has a hashed name that is cut or changed (run ssh-keyscan again)");
    }
    if (static_cast<std::size_t>(std::count(field.begin(), field.end(), ',')) >= kMaxHostsPerLine) {
      return Fail(Reason::kInvalidConfig, "has more than 64 names (split it)");
    }
    field = NextField(text);
  }
  const std::string_view type = field;
  const std::string_view encoded = NextField(text);
  if (encoded.empty()) {
    return Fail(Reason::kInvalidConfig, "is no known_hosts line: NAMES TYPE KEY is wanted (give the output of ssh-keyscan)");
  }
  const std::optional<std::string> blob = DecodeBase64(encoded);
  if (!blob) return Fail(Reason::kInvalidConfig, "has a key that is not base64, or is cut (run ssh-keyscan again)");
  const std::optional<std::string_view> inner = WireReader(*blob).String();
  if (!inner || *inner != type) {
    return Fail(Reason::kInvalidConfig, "says " + Quoted(type) + " but holds another or a damaged key (run ssh-keyscan again)");
  }
  if (!IsWholePublicKey(type, *blob)) {
    return Fail(Reason::kInvalidConfig,
                "has a key of type " + Quoted(type) + " that is cut or has bytes too many (run ssh-keyscan again)");
  }
  line.supported = IsSupported(type);
  line.key = PinnedKey{std::string(type), *blob};
  return line;
}

Result<KnownHosts> KnownHosts::Parse(std::string_view text) {
  if (text.size() > kMaxText) return Fail(Reason::kInvalidConfig, "is larger than 1 MiB (give the lines of this host only)");
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // as editors of other systems write it
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  KnownHosts known;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty() || line[0] == '#') continue;
    const std::string where = "line " + std::to_string(number) + " of it ";
    if (known.lines_.size() >= kMaxLines)
      return Fail(Reason::kInvalidConfig, where + "is one too many (give the lines of this host only)");
    if (line.size() > kMaxLine)
      return Fail(Reason::kInvalidConfig, where + "is longer than 16 KiB (give the output of ssh-keyscan)");
    Result<Line> parsed = ParseLine(line);
    if (!parsed) return Fail(Reason::kInvalidConfig, where + parsed.error().message);
    known.lines_.push_back(*std::move(parsed));
  }
  return known;
}

bool KnownHosts::Matches(const Line& line, const std::string& name) {
  if (line.hosts.empty()) return true;
  if (IsHashed(line.hosts)) return MatchesHash(line.hosts, name);
  bool matches = false;
  bool negated = false;
  ForEachName(line.hosts, [&](std::string_view pattern) {
    const bool negative = pattern[0] == '!';
    if (!MatchesPattern(name, pattern.substr(negative ? 1 : 0))) return;
    (negative ? negated : matches) = true;
  });
  return matches && !negated;
}

std::string KnownHosts::Names() const {
  std::vector<std::string_view> names;
  std::size_t hashed = 0;
  for (const Line& line : lines_) {
    if (IsHashed(line.hosts)) {
      ++hashed;
      continue;
    }
    ForEachName(line.hosts, [&](std::string_view name) {
      if (std::find(names.begin(), names.end(), name) == names.end() && names.size() <= kMaxNamesShown) names.push_back(name);
    });
  }
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMaxNamesShown); ++i) text += (i == 0 ? "" : ", ") + Quoted(names[i]);
  if (names.size() > kMaxNamesShown) text += " and others";
  if (hashed > 0) text += (text.empty() ? "" : " and ") + std::to_string(hashed) + (hashed == 1 ? " hashed name" : " hashed names");
  return text;
}

Result<std::vector<PinnedKey>> KnownHosts::KeysFor(std::string_view host, std::uint16_t port) const {
  const std::string lower = AsciiLower(host);
  const std::string bracketed = Bracketed(lower, port);
  std::vector<const Line*> matching;
  const auto collect = [&](const std::vector<std::string>& names) {
    for (const Line& line : lines_) {
      if (std::any_of(names.begin(), names.end(), [&](const std::string& name) { return Matches(line, name); }))
        matching.push_back(&line);
    }
  };
  // A line that only says `host` may serve another port, as ssh-keyscan is often run without -p, but never beside one that is exact.
  // Bare keys name no host, so they do not make a name exact; revoked keys are revoked under either name.
  const auto is_exact = [&](const Line& line) {
    return !line.hosts.empty() && line.marker == Marker::kNone && Matches(line, bracketed);
  };
  const bool plain_too = port == 22 || std::none_of(lines_.begin(), lines_.end(), is_exact);
  collect(plain_too ? std::vector<std::string>{bracketed, lower} : std::vector<std::string>{bracketed});

  std::vector<const PinnedKey*> revoked;
  for (const Line& line : lines_) {
    if (line.marker == Marker::kRevoked && (Matches(line, bracketed) || Matches(line, lower))) revoked.push_back(&line.key);
  }
  std::vector<PinnedKey> keys;
  bool has_revoked = false;
  bool has_authority = false;
  std::string unsupported;
  for (const Line* line : matching) {
    if (line->marker == Marker::kCertAuthority) has_authority = true;
    if (line->marker != Marker::kNone) continue;
    if (!line->supported) {
      unsupported = line->key.type;
    } else if (std::any_of(revoked.begin(), revoked.end(), [&](const PinnedKey* key) { return *key == line->key; })) {
      has_revoked = true;
    } else if (std::find(keys.begin(), keys.end(), line->key) == keys.end()) {
      keys.push_back(line->key);
    }
  }
  if (!keys.empty()) return keys;

  const std::string wanted = port == 22 ? lower : bracketed;
  const std::string scan = "run ssh-keyscan " + (port == 22 ? std::string() : "-p " + std::to_string(port) + ' ') + lower;
  if (has_revoked || (!revoked.empty() && unsupported.empty() && !has_authority))
    return Fail(Reason::kInvalidConfig, "has only keys for " + Quoted(wanted) + " that are marked @revoked (pin the key in use)");
  if (!unsupported.empty()) {
    return Fail(Reason::kInvalidConfig, "has only keys for " + Quoted(wanted) + " of types that are not supported, such as " +
                                            Quoted(unsupported) + " (pin its ssh-ed25519, ecdsa or ssh-rsa key: " + scan + ")");
  }
  if (has_authority) {
    return Fail(Reason::kInvalidConfig, "has only a @cert-authority for " + Quoted(wanted) +
                                            ", which is not supported (pin the host's own key: " + scan + ")");
  }
  const std::string names = Names();
  if (names.empty()) return Fail(Reason::kInvalidConfig, "has no key in it (" + scan + ")");
  return Fail(Reason::kInvalidConfig, "has no key for " + Quoted(wanted) + ", only for " + names + " (" + scan + ")");
}

Status CheckKnownHosts(std::string_view text) {
  Result<KnownHosts> known = KnownHosts::Parse(text);
  if (!known) return Fail(std::move(known).error());
  return {};
}

Result<std::vector<PinnedKey>> KeysFor(std::string_view text, const std::string& host, std::uint16_t port) {
  const Result<KnownHosts> known = KnownHosts::Parse(text);
  if (!known) return Fail(known.error());
  return known->KeysFor(host, port);
}

}  // namespace borgop
