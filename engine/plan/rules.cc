#include "engine/plan/rules.h"

#include "engine/base/time_zone.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/finding.h"
#include "engine/base/utf8.h"
#include "engine/plan/archive_glob.h"
#include "engine/plan/document.h"
#include "engine/plan/regex_problem.h"

namespace borgop {
namespace {

constexpr std::size_t kMaxArchiveName = 200;
constexpr std::size_t kMaxPath = 4096;
constexpr std::size_t kMaxHost = 255;
constexpr std::size_t kMaxPassphrase = 4096;
// borg takes the interval from today's date and fails where that ends before the year 1.
constexpr int kMaxKeepWithinHours = 24 * 365 * 2000;
constexpr int kMaxCompactAfterHours = 24 * 366;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
bool HasControl(std::string_view text) { return std::any_of(text.begin(), text.end(), IsControl); }

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> Digits(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text[0] == '-' || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool IsIpv6(std::string_view host) {
  const std::string address(host.substr(0, host.find('%')));
  in6_addr parsed{};
  return host.find('%') != host.size() - 1 && inet_pton(AF_INET6, address.c_str(), &parsed) == 1;
}

bool LevelBetween(const std::vector<std::string_view>& parts, int low, int high) {
  if (parts.size() == 1) return true;
  const std::optional<int> level = Digits(parts[1]);
  return parts.size() == 2 && level && *level >= low && *level <= high;
}

// borg takes obfuscate only as the outermost, and nests auto without end; nothing is gained by that, so one of each it is.
bool IsCompression(std::string_view spec, bool auto_allowed, bool obfuscate_allowed) {
  const std::vector<std::string_view> parts = Split(spec, ',');
  if (parts[0] == "none" || parts[0] == "lz4") return parts.size() == 1;
  if (parts[0] == "zlib" || parts[0] == "lzma") return LevelBetween(parts, 0, 9);
  if (parts[0] == "zstd") return LevelBetween(parts, 1, 22);
  if (parts[0] == "auto" && auto_allowed && parts.size() > 1) return IsCompression(spec.substr(5), false, false);
  if (parts[0] == "obfuscate" && obfuscate_allowed && parts.size() > 2) {
    const std::optional<int> level = Digits(parts[1]);
    const bool known = level && ((*level >= 1 && *level <= 6) || (*level >= 110 && *level <= 123));
    return known && IsCompression(spec.substr(parts[0].size() + parts[1].size() + 2), true, false);
  }
  return false;
}

// The names between single braces; nullopt where the braces do not match. As Python's str.format reads them.
std::optional<std::vector<std::string_view>> Placeholders(std::string_view text) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{' && text[i] != '}') continue;
    if (i + 1 < text.size() && text[i + 1] == text[i]) {
      ++i;
      continue;
    }
    const std::size_t end = text.find_first_of("{}", i + 1);
    if (text[i] == '}' || end == std::string_view::npos || text[end] == '{') return std::nullopt;
    const std::string_view field = text.substr(i + 1, end - i - 1);
    names.push_back(field.substr(0, field.find(':')));
    i = end;
  }
  return names;
}

}  // namespace

std::string HostProblem(std::string_view host) {
  if (host.empty()) return "is empty (name the host, or give its address)";
  if (host.size() > kMaxHost) return "is longer than 255 bytes (give a host name or an address)";
  if (HasControl(host) || host.find(' ') != std::string_view::npos) {
    return "has a space, a line break or another control character in it (remove it)";
  }
  if (host[0] == '-') return "begins with a dash (give a host name or an address)";
  if (host[0] == '[') return "has brackets (write an IPv6 address without them, and the port as `port`)";
  if (host.find('@') != std::string_view::npos) return "has a user in it (give the user on its own)";
  if (host.find('/') != std::string_view::npos) return "has a slash in it (give a host name or an address, no URL)";
  if (host.find(':') != std::string_view::npos && !IsIpv6(host)) {
    return "has a colon in it and is no IPv6 address (give the port on its own)";
  }
  return {};
}

std::string UserProblem(std::string_view user) {
  if (user.empty()) return "is empty (say which user logs in)";
  if (HasControl(user)) return "has a line break or another control character in it (remove it)";
  return {};
}

std::string NameProblem(std::string_view name) {
  if (name.empty()) return "is empty (give the target a name)";
  if (HasControl(name)) return "has a line break or another control character in it (remove it)";
  return {};
}

std::string ProgramProblem(std::string_view program) {
  if (program.empty()) return "is empty (name the program, or remove the key for `borg`)";
  if (HasControl(program)) return "has a line break or another control character in it (remove it)";
  if (program[0] == '-') return "begins with a dash (give a program's name or its absolute path)";
  if (program[0] != '/' && program.find('/') != std::string_view::npos) return "is a relative path (make it absolute)";
  return {};
}

std::string RootDirProblem(std::string_view path) {
  if (path.empty()) return "is empty (give the absolute path that all repositories are below)";
  if (path.size() > kMaxPath) return "is longer than 4096 bytes (use a shorter path)";
  if (path[0] != '/') return "is not absolute (begin it with a slash: " + Quoted("/" + std::string(path)) + ")";
  return LocationProblem(NormalizedPath(std::string(path) + "/x"));  // as it will be used
}

std::string LocalFileProblem(std::string_view path) {
  if (path.empty()) return "is empty (give the absolute path of a file on this machine)";
  if (path.size() > kMaxPath) return "is longer than 4096 bytes (use a shorter path)";
  if (path[0] != '/') return "is not absolute (begin it with a slash: " + Quoted("/" + std::string(path)) + ")";
  if (path.back() == '/') return "names a directory (give the path of a file)";
  return {};
}

std::string LockOwnerProblem(std::string_view owner) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (owner.size() >= 8 && owner.size() <= 64 && std::all_of(owner.begin(), owner.end(), fits)) return {};
  return "is no owner of locks (give 8 to 64 lower-case letters, digits and dashes that no other target has, such as a UUID)";
}

std::string AcknowledgeProblem(std::string_view finding) {
  if (finding.empty() || IsFindingId(finding)) return {};
  return "is no finding's id (give the 32 digits that the report has for it)";
}

std::string RepositoryPathProblem(std::string_view path) {
  if (path.empty()) return "is empty (give the repository's path below the root directory)";
  if (path.size() > kMaxPath) return "is longer than 4096 bytes (use a shorter path)";
  if (path[0] == '/')
    return "begins with a slash (it is relative to the root directory: write " + Quoted(NormalizedPath(path.substr(1))) + ")";
  for (const std::string_view component : Split(path, '/')) {
    if (component.empty()) return "has an empty component (write " + Quoted(NormalizedPath(path)) + ")";
    if (component == "." || component == "..") return "has " + Quoted(component) + " in it (write the path without)";
  }
  return {};
}

std::string LocationProblem(std::string_view absolute_path) {
  if (absolute_path.substr(0, 1) != "/") return "is not absolute (begin it with a slash)";
  if (absolute_path == "/") return "is the root directory (name a directory below it)";
  if (absolute_path.find('\0') != std::string_view::npos) return "holds a NUL byte (remove it)";
  if (absolute_path.substr(1, 1) == "~") {
    return "begins with ~, which borg reads as a home directory (name the directory from the root, or rename it)";
  }
  if (absolute_path.find("::") != std::string_view::npos || absolute_path.back() == ':') {
    return "holds `::` or ends in a colon, where borg expects an archive's name (rename the directory)";
  }
  if (absolute_path.find_first_of("{}") != std::string_view::npos) {
    return "holds a brace, which borg serve reads as a placeholder (rename the directory)";
  }
  for (const std::string_view component : Split(absolute_path.substr(1), '/')) {
    if (component.empty() || component == "." || component == "..") {
      return "has " + Quoted(component) + " as a component (write it in its shortest form, without a slash at the end)";
    }
  }
  return {};
}

std::string SourcePathProblem(std::string_view path) {
  if (path.empty()) return "is empty (give a path, or remove it)";
  if (path.size() > kMaxPath) return "is longer than 4096 bytes (use a shorter path)";
  if (IsUtf8(path)) return {};
  // Such a path does not reach borg as it is written: borg 1.4 reads "/./" as the end of what it strips.
  for (const std::string_view component : Split(path, '/')) {
    if (component == "." || component == "..")
      return "is not UTF-8 and has " + Quoted(component) + " as a component (write the path without)";
  }
  return {};
}

std::string SourcePathsProblem(const std::vector<std::string>& paths) {
  const auto absolute = [](const std::string& path) { return path.starts_with('/'); };
  const bool all = std::all_of(paths.begin(), paths.end(), absolute);
  const bool none = std::none_of(paths.begin(), paths.end(), absolute);
  if (all || none || std::all_of(paths.begin(), paths.end(), [](const std::string& path) { return IsUtf8(path); })) return {};
  return "has a path that is not UTF-8, which borg is told by a pattern, and patterns do not tell absolute and relative paths "
         "apart "
         "(make all paths absolute)";
}

std::string ExcludeProblem(std::string_view pattern) {
  if (pattern.empty()) return "is empty (give a pattern, or remove it)";
  return pattern.starts_with("re:") ? RegexProblem(pattern.substr(3)) : std::string();
}

std::string PassphraseProblem(std::string_view passphrase) {
  if (passphrase.size() > kMaxPassphrase) return "is longer than 4096 bytes (use a shorter one)";
  if (passphrase.find_first_of("\r\n") != std::string_view::npos) {
    return "has a line break in it (borg reads one line: remove the break)";
  }
  if (!IsUtf8(passphrase)) return "is not UTF-8, as which borg reads it (write it in UTF-8)";
  return {};
}

std::string EncryptionProblem(std::string_view mode) {
  static const std::vector<std::string_view> kModes = {"repokey-blake2", "repokey", "authenticated-blake2", "authenticated",
                                                       "none"};
  if (std::find(kModes.begin(), kModes.end(), mode) != kModes.end()) return {};
  if (mode == "keyfile" || mode == "keyfile-blake2") {
    return "is " + Quoted(mode) +
           ", which keeps the key in a file on the machine that makes the repository, where it would be lost (use "
           "`repokey-blake2`)";
  }
  const std::string_view nearest = NearestName(mode, kModes);
  return "is " + Quoted(mode) + ", which borg does not know (" +
         (nearest.empty() ? std::string("use `repokey-blake2`") : "did you mean `" + std::string(nearest) + "`?") + ")";
}

bool IsUnencrypted(std::string_view mode) { return mode == "none" || mode == "authenticated" || mode == "authenticated-blake2"; }

std::string CompressionProblem(std::string_view spec) {
  if (IsCompression(spec, true, true)) return {};
  return "is " + Quoted(spec) +
         ", which borg does not know (use none, lz4, zstd[,1-22], zlib[,0-9], lzma[,0-9], auto,C[,L] or obfuscate,SPEC,C[,L])";
}

std::string ArchiveNameProblem(std::string_view name) {
  if (name.empty()) return "is empty (remove the key for `snapshot-{utcnow}`)";
  if (name.size() > kMaxArchiveName) return "is longer than 200 bytes (use a shorter name)";
  if (name.find('\0') != std::string_view::npos) return "has a NUL in it (remove it)";
  if (name.find('/') != std::string_view::npos) return "has a slash in it (an archive's name must not)";
  if (name.find("::") != std::string_view::npos) return "has `::` in it (give the archive's name only)";
  if (!IsUtf8(name)) return "is not UTF-8 (write it in UTF-8)";
  if (name.front() == ' ' || name.back() == ' ') return "begins or ends with a space (remove it)";
  if (name == "--") return "is `--`, which borg's command line takes for no name (use another name)";
  // Anywhere: `borg list` leaves out all such names (1.2.4 and 1.4.5, manifest.py), prune takes only those that end with it for unfinished.
  if (name.find(".checkpoint") != std::string_view::npos)
    return "has `.checkpoint` in it, which is how borg marks unfinished archives (use another name)";
  static const std::vector<std::string_view> kKnown = {"hostname", "fqdn",  "reverse-fqdn", "now",       "utcnow",    "user",
                                                       "pid",      "uuid4", "borgversion",  "borgmajor", "borgminor", "borgpatch"};
  const std::optional<std::vector<std::string_view>> names = Placeholders(name);
  if (!names) return "has a brace that does not match (write `{{` or `}}` for a brace itself)";
  for (const std::string_view placeholder : *names) {
    if (std::find(kKnown.begin(), kKnown.end(), placeholder) != kKnown.end()) continue;
    const std::string_view nearest = NearestName(placeholder, kKnown);
    return "has the placeholder " + Quoted("{" + std::string(placeholder) + "}") + ", which borg does not know (" +
           (nearest.empty() ? std::string("see borg help placeholders") : "did you mean `{" + std::string(nearest) + "}`?") + ")";
  }
  return {};
}

std::string KeepWithinProblem(std::string_view interval) {
  const std::string_view number = interval.substr(0, interval.empty() ? 0 : interval.size() - 1);
  const std::optional<int> count = Digits(number);
  static constexpr std::array<std::pair<char, int>, 5> kUnits = {
      {{'H', 1}, {'d', 24}, {'w', 24 * 7}, {'m', 24 * 31}, {'y', 24 * 365}}};
  for (const auto& [letter, unit] : kUnits) {
    if (!count || *count <= 0 || interval.back() != letter) continue;
    if (*count <= kMaxKeepWithinHours / unit) return {};
    return "is " + Quoted(interval) +
           ", which is before the years that borg can count (use at most `2000y`, or `keepLast: -1` to keep all)";
  }
  if (count && *count > 0 && interval.back() == 'h')
    return "is " + Quoted(interval) + " (hours are " + Quoted(std::string(number) + "H") + ")";
  return "is " + Quoted(interval) + " (write a number above 0 and one of H, d, w, m, y, such as `48H`)";
}

std::string KeepCountProblem(std::int64_t count) {
  if (count >= -1) return {};
  return "is " + std::to_string(count) + " (use a number from 0, or -1 to keep all)";
}

std::string GlobArchivesProblem(std::string_view glob) {
  if (glob.empty()) return "is empty (remove it to consider all archives)";
  if (HasControl(glob)) return "has a line break or another control character in it (remove it)";
  if (glob.find_first_of("{}") != std::string_view::npos) {
    return "has a placeholder in it, and pruning does not run on the target (write out what it stands for)";
  }
  if (!ArchiveGlob::Parse(glob))
    return "has a range in brackets that runs backwards, on which borg fails (write `[a-z]`, not `[z-a]`)";
  return {};
}

std::string TimeZoneProblem(std::string_view name) {
  if (name.empty()) return "is empty (name a time zone, such as Europe/Amsterdam, or remove the key)";
  const auto zone = TimeZone::Find(name);
  return zone ? std::string() : zone.error();
}

std::string RetentionProblem(const Retention& retention) {
  if (retention.empty()) {
    return retention.glob_archives.empty() ? std::string()
                                           : "says which archives to consider, but not how many to keep (add a keep rule)";
  }
  const std::array counts = {retention.keep_last,   retention.keep_minutely, retention.keep_hourly, retention.keep_daily,
                             retention.keep_weekly, retention.keep_monthly,  retention.keep_yearly};
  const bool keeps =
      !retention.keep_within.empty() || std::any_of(counts.begin(), counts.end(), [](const auto& c) { return c.value_or(0) != 0; });
  return keeps ? std::string()
               : "keeps nothing, which borg refuses (make one of the numbers more than 0, or remove all to keep everything)";
}

std::string CheckMaxDurationProblem(const Maintenance& maintenance) {
  if (maintenance.check_max_duration.count() == 0 || maintenance.check == CheckMode::kRepository) return {};
  return "needs check: repository (borg checks archives only as a whole; remove one of the two)";
}

std::chrono::hours CompactAfterOf(std::string_view interval) {
  static constexpr std::array<std::pair<char, int>, 4> kUnits = {{{'h', 1}, {'H', 1}, {'d', 24}, {'w', 24 * 7}}};
  if (interval.empty()) return {};
  const std::optional<int> count = Digits(interval.substr(0, interval.size() - 1));
  for (const auto& [letter, unit] : kUnits) {
    if (count && *count > 0 && *count <= kMaxCompactAfterHours / unit && interval.back() == letter)
      return std::chrono::hours(std::int64_t{*count} * unit);
  }
  return {};
}

std::string CompactAfterProblem(std::string_view interval) {
  if (CompactAfterOf(interval).count() > 0) return {};
  return "is " + Quoted(interval) + " (write a number above 0 and one of h, d, w, such as `72h`; at most a year)";
}

std::string NormalizedPath(std::string_view path) {
  std::string normalized;
  for (const char c : path) {
    if (c != '/' || normalized.empty() || normalized.back() != '/') normalized += c;
  }
  if (normalized.size() > 1 && normalized.back() == '/') normalized.pop_back();
  return normalized;
}

}  // namespace borgop
