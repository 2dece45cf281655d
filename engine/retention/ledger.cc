#include "engine/retention/ledger.h"

#include <algorithm>
#include <unordered_set>

#include "engine/base/hex.h"
#include "engine/base/utf8.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

constexpr std::size_t kMaxEncryption = 50;

std::string Shown(std::string_view name) { return '"' + Printable(name, 200) + '"'; }

std::string ProblemOf(std::string_view id, std::string_view name) {
  if (!IsLedgerId(id)) return "the id of the archive " + Shown(name) + " is not 64 hexadecimal digits";
  if (!CanHold(name)) {
    return "the archive's name " + Shown(name) + " is empty, longer than " + std::to_string(kMaxLedgerName) +
           " bytes, not UTF-8, no argument (a NUL in it, or --), or one that borg gives to unfinished archives";
  }
  return {};
}

}  // namespace

bool IsLedgerId(std::string_view id) { return IsHex(id, kSha256Digits); }

bool IsUnfinished(std::string_view name) {
  static constexpr std::string_view kMark = ".checkpoint";
  const std::size_t digits = name.find_last_not_of("0123456789");
  if (digits != std::string_view::npos && digits + 1 < name.size() && name[digits] == '.') name = name.substr(0, digits);
  return name.ends_with(kMark);
}

bool CanHold(std::string_view name) {
  const bool argument = name.find('\0') == std::string_view::npos && name != "--";
  return argument && !name.empty() && name.size() <= kMaxLedgerName && IsUtf8(name) && !IsUnfinished(name);
}

std::string LedgerProblem(const Ledger& ledger) {
  if (!IsLedgerId(ledger.repository_id)) return "the repository's id is not 64 hexadecimal digits";
  if (!ledger.key.empty() && !IsLedgerId(ledger.key)) return "the fingerprint of the key is not 64 hexadecimal digits";
  if (ledger.encryption.size() > kMaxEncryption || !IsUtf8(ledger.encryption)) return "the encryption mode is none";
  if (ledger.archives.size() > kMaxLedgerArchives) return "it has more than " + std::to_string(kMaxLedgerArchives) + " archives";
  std::unordered_set<std::string_view> ids, names;
  for (const LedgerArchive& archive : ledger.archives) {
    if (std::string problem = ProblemOf(archive.id, archive.name); !problem.empty()) return problem;
    if (!ids.insert(archive.id).second) return "the archive " + archive.id + " stands in it twice";
    if (!archive.dropped && !names.insert(archive.name).second)
      return "two archives that are not dropped have the name " + Shown(archive.name);
  }
  return {};
}

Status Record(Ledger& ledger, std::string_view id, std::string_view name, LedgerTime now) {
  if (const std::string problem = ProblemOf(id, name); !problem.empty()) return Fail(Reason::kLedgerInvalid, problem);
  for (const LedgerArchive& archive : ledger.archives) {
    if (archive.id != id && (archive.dropped || archive.name != name)) continue;
    return Fail(Reason::kTargetMisbehaved, "the target says that it made the archive " + Shown(name) + " (" + std::string(id) +
                                               "), but " + Shown(archive.name) + " (" + archive.id + ") was made before");
  }
  if (ledger.archives.size() >= kMaxLedgerArchives) {
    return Fail(Reason::kLedgerInvalid, "the ledger is full: it has " + std::to_string(kMaxLedgerArchives) + " archives",
                "Keep fewer archives (retention), or split what is backed up over several repositories.");
  }
  ledger.archives.push_back({std::string(id), std::string(name), now, false, std::nullopt});
  return {};
}

bool MarkDropped(Ledger& ledger, std::string_view id, LedgerTime now) {
  const auto found =
      std::find_if(ledger.archives.begin(), ledger.archives.end(), [id](const LedgerArchive& archive) { return archive.id == id; });
  if (found == ledger.archives.end() || found->dropped) return false;
  found->dropped = now;
  return true;
}

}  // namespace borgop
