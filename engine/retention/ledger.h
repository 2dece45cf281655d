// The ledger: what C knows of a repository from one run to the next. Which one it is; and which archives C saw made, when by its own clock.
//
// T names and dates its archives and may lie. So what is kept is worked out from this alone. An archive that is not in it was not seen
// made: it counts for nothing, and nobody here drops it.
//
// An archive is marked as dropped before borg drops it. A run that is cut between the two leaves one that is marked and still there, and
// the next run drops it; the other way round it would look as if somebody else had. Dropped ones are remembered for a while: should the
// repository be rolled back, they are known again.
//
// Thread safety: values and pure functions; reading and writing files is the caller's. Errors: kLedgerInvalid, and kTargetMisbehaved where
// it says so.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace borgop {

using LedgerTime = std::chrono::sys_time<std::chrono::milliseconds>;

struct LedgerArchive {
  std::string id;                     // 64 lower-case hexadecimal digits; no two are the same
  std::string name;                   // as borg lists it; of those that are not dropped no two are the same
  LedgerTime seen;                    // by C's clock; of an adopted one by the repository's word
  bool adopted = false;               // not seen made: a person took it for good
  std::optional<LedgerTime> dropped;  // when C decided so
  bool operator==(const LedgerArchive&) const = default;
};

struct Ledger {
  std::string repository_id;  // as LedgerArchive::id
  std::vector<LedgerArchive> archives;
  std::string encryption = {};              // as borg names the mode; empty: not known
  std::optional<std::uint64_t> nonce = {};  // the highest that B has shown or confirmed (guard::Pins)
  std::string key = {};                     // the fingerprint of the repository's key there, as LedgerArchive::id; empty: not known
  bool operator==(const Ledger&) const = default;
};

inline constexpr std::size_t kMaxLedgerArchives = 20'000;
inline constexpr std::size_t kMaxLedgerName = 512;  // bytes
// More than WriteLedger makes of the largest ledger: a byte of a name takes six at most.
inline constexpr std::size_t kMaxLedgerBytes = kMaxLedgerArchives * (6 * kMaxLedgerName + 300) + 1000;

// Takes in an archive that was just seen made. kTargetMisbehaved where the ledger has that id or, not dropped, that name: borg makes
// neither, so the target passes an old archive off as a new one.
Status Record(Ledger& ledger, std::string_view id, std::string_view name, LedgerTime now);
// False: the ledger has no such archive, or it is marked already.
bool MarkDropped(Ledger& ledger, std::string_view id, LedgerTime now);

// Empty, or what is wrong with it.
std::string LedgerProblem(const Ledger& ledger);
// 64 lower-case hexadecimal digits: a repository's, an archive's, a key's fingerprint.
bool IsLedgerId(std::string_view id);
// Whether the ledger can hold an archive of that name: 1 to kMaxLedgerName bytes of UTF-8, none that
// IsUnfinished, and one that borg delete takes for a name: no NUL in it, at which an argument ends, and not "--", which its command line drops.
bool CanHold(std::string_view name);
// Whether borg takes it for what an interrupted `borg create` left (do_prune, checkpoint_re).
bool IsUnfinished(std::string_view name);

// An object, an archive a line. Unknown and repeated keys are refused. What is written can be read and is the same.
Result<Ledger> ReadLedger(std::string_view text);
Result<std::string> WriteLedger(const Ledger& ledger);

}  // namespace borgop
