// Who holds a repository's lock, and whether he is dead.
//
// borg locks a repository where it is: it is `borg serve` on B that holds the lock, of whichever client. Its name is a host's id with a process
// there (lock.exclusive, a directory with a file for the holder; lock.roster, JSON, which has readers too). borg removes by itself what a
// process left that is dead on the same host; it cannot where B has another name by now, or the process id was given to somebody else.
//
// So a run that knows that it is the only one of its kind (its owner, 8 to 64 of [a-z0-9-], is at work nowhere else) gives its sessions a
// host's id of its own: `borg-engine-OWNER@MACHINE`. MACHINE is B since it was started (Linux's boot id) and its process ids (the number of
// their namespace), so that borg's own rule holds for it as well: a process id means the same wherever MACHINE does.
//
// Source: borg 1.2.4 and 1.4.5: locking.py, platform/base.py (BORG_HOST_ID), platform/posix.pyx (process_alive).
// Thread safety: pure functions on values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace borgop {

struct LockHolder {
  std::string host;
  std::uint64_t process = 0;
  std::uint64_t thread = 0;
  auto operator<=>(const LockHolder&) const = default;
};

struct RepositoryLock {
  std::string machine;  // MACHINE of B now; empty: B does not say
  std::vector<LockHolder> holders;
  bool legible = true;                      // nothing else is there
  std::optional<std::chrono::seconds> age;  // since it was last taken or given back
  bool operator==(const RepositoryLock&) const = default;
};

// POSIX sh text for B. What names the locks of a `borg serve` that is started after it in the same shell.
std::string LockNaming(std::string_view owner);
// Prints who holds the lock of the repository at `path`, for ParseLock.
std::string LockScript(const std::string& path);
// Prints those of the processes that are not there, a line each.
std::string GoneScript(const std::vector<LockHolder>& holders);

// Nothing: it is cut, or none of LockScript's. At most kMaxLockText bytes of it are of use.
inline constexpr std::size_t kMaxLockText = std::size_t{64} * 1024;
std::optional<RepositoryLock> ParseLock(std::string_view text);
std::set<std::uint64_t> ParseGone(std::string_view text);

// Those of engine's sessions on this very machine: whether they are still there can be seen.
std::vector<LockHolder> HoldersHere(const RepositoryLock& lock);

enum class LockFate {
  kFree,     // nobody holds it
  kDead,     // it is an engine's, of a process that is gone
  kForlorn,  // `owner` left some of it on another machine: dead once what watches over `borg serve` there must have ended it
  kHeld,     // everything else
};
// `gone`: processes of HoldersHere that are not there. `owner`: of this run, which knows that no other has it; empty: it does not.
LockFate FateOf(const RepositoryLock& lock, const std::set<std::uint64_t>& gone, std::string_view owner);

// "HOST.PROCESS-THREAD, HOST.PROCESS-THREAD for 3600 s": as far as it is known.
std::string DescribeLock(const RepositoryLock& lock);

}  // namespace borgop
