#include "engine/borg/repository_lock.h"

#include <algorithm>
#include <charconv>

#include "engine/borg/foreign_json.h"
#include "engine/borg/shell_quote.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

constexpr std::string_view kPrefix = "borg-engine-";
constexpr std::size_t kShown = 4;

// Sets $machine.
constexpr std::string_view kMachine = R"sh(
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
space=$(readlink /proc/self/ns/pid 2>/dev/null | tr -dc 0-9)
machine=
[ -z "$boot" ] || [ -z "$space" ] || machine=${boot}_$space
)sh";

constexpr std::string_view kLook = R"sh(
echo "machine $machine"
for f in "$path"/lock.exclusive/* "$path"/lock.exclusive/.[!.]*; do
  [ ! -e "$f" ] || printf 'holder %s\n' "${f##*/}"
done
for f in "$path/lock.exclusive" "$path/lock.roster"; do
  [ -e "$f" ] || continue
  since=$(stat -c %Y "$f" 2>/dev/null || stat -f %m "$f" 2>/dev/null) && echo "since $since"
done
echo "now $(date +%s)"
if [ -e "$path/lock.roster" ]; then
  printf 'roster '
  tr -d '\n' <"$path/lock.roster" || echo unreadable
  echo
fi
echo end
)sh";

std::optional<std::uint64_t> NumberIn(std::string_view text, int base = 10) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// HOST.PROCESS-THREAD, the last in hexadecimal.
std::optional<LockHolder> HolderIn(std::string_view name) {
  const std::size_t dash = name.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::size_t dot = name.substr(0, dash).rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  const auto process = NumberIn(name.substr(dot + 1, dash - dot - 1));
  const auto thread = NumberIn(name.substr(dash + 1), 16);
  if (!process || !thread) return std::nullopt;
  return LockHolder{std::string(name.substr(0, dot)), *process, *thread};
}

bool AddRoster(std::string_view text, std::vector<LockHolder>& holders) {
  const auto roster = ParseForeignObject(text, kMaxLockText);
  if (!roster) return text.empty();  // for borg an empty one is none
  for (const auto& [kind, entries] : roster->items()) {
    if (!entries.is_array()) return false;
    for (const auto& entry : entries) {
      if (!entry.is_array() || entry.size() != 3 || !entry[1].is_number_unsigned() || !entry[2].is_number_unsigned()) return false;
      const auto host = TextIn(entry[0]);
      if (!host) return false;
      holders.push_back({*host, entry[1].get<std::uint64_t>(), entry[2].get<std::uint64_t>()});
    }
  }
  return true;
}

// OWNER and MACHINE of an engine's session; empty: it is none.
struct Session {
  std::string_view owner, machine;
};
Session SessionOf(const LockHolder& holder) {
  const std::string_view host = holder.host;
  const std::size_t at = host.rfind('@');
  if (!host.starts_with(kPrefix) || at == std::string_view::npos || holder.thread != 0) return {};
  return {host.substr(kPrefix.size(), at - kPrefix.size()), host.substr(at + 1)};
}

bool IsHere(const RepositoryLock& lock, const LockHolder& holder) {
  const Session session = SessionOf(holder);
  return !lock.machine.empty() && !session.owner.empty() && session.machine == lock.machine;
}

}  // namespace

std::string LockNaming(std::string_view owner) {
  return std::string(kMachine) +
         "[ -z \"$machine\" ] || export BORG_HOST_ID=" + ShellQuote(std::string(kPrefix) + std::string(owner) + "@") +
         "\"$machine\"\n";
}

std::string LockScript(const std::string& path) {
  return "path=" + ShellQuote(path) + "\n" + std::string(kMachine) + std::string(kLook);
}

std::string GoneScript(const std::vector<LockHolder>& holders) {
  std::string script = "for p in";
  for (const LockHolder& holder : holders) script += " " + std::to_string(holder.process);
  // One of another user is there, and may not be told so.
  return script +
         "\ndo\n  case $(LC_ALL=C kill -0 \"$p\" 2>&1 || echo failed) in *'o such process'*failed) echo \"$p\" ;; esac\ndone\n";
}

std::optional<RepositoryLock> ParseLock(std::string_view text) {
  RepositoryLock lock;
  std::optional<std::uint64_t> now, since;
  bool ended = false;
  while (!text.empty() && !ended) {
    const std::size_t size = text.find('\n');
    if (size == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, size);
    text.remove_prefix(size + 1);
    const auto behind = [line](std::string_view word) { return line.substr(word.size()); };
    if (line.starts_with("machine ")) {
      lock.machine = behind("machine ");
    } else if (line.starts_with("since ")) {
      if (const auto time = NumberIn(behind("since "))) since = std::max(*time, since.value_or(0));
    } else if (line.starts_with("now ")) {
      now = NumberIn(behind("now "));
    } else if (line.starts_with("holder ")) {
      const auto holder = HolderIn(behind("holder "));
      if (holder) lock.holders.push_back(*holder);
      lock.legible &= holder.has_value();
    } else if (line.starts_with("roster ")) {
      lock.legible &= AddRoster(behind("roster "), lock.holders);
    } else {
      ended = line == "end";
      if (!ended) lock.legible = false;
    }
  }
  if (!ended) return std::nullopt;
  std::sort(lock.holders.begin(), lock.holders.end());
  lock.holders.erase(std::unique(lock.holders.begin(), lock.holders.end()), lock.holders.end());
  if (now && since && *since <= *now) lock.age = std::chrono::seconds(*now - *since);
  return lock;
}

std::set<std::uint64_t> ParseGone(std::string_view text) {
  std::set<std::uint64_t> gone;
  while (!text.empty()) {
    const std::size_t size = text.find('\n');
    if (size == std::string_view::npos) break;
    if (const auto process = NumberIn(text.substr(0, size))) gone.insert(*process);
    text.remove_prefix(size + 1);
  }
  return gone;
}

std::vector<LockHolder> HoldersHere(const RepositoryLock& lock) {
  std::vector<LockHolder> here;
  std::copy_if(lock.holders.begin(), lock.holders.end(), std::back_inserter(here),
               [&lock](const LockHolder& holder) { return IsHere(lock, holder); });
  return here;
}

LockFate FateOf(const RepositoryLock& lock, const std::set<std::uint64_t>& gone, std::string_view owner) {
  if (!lock.legible) return LockFate::kHeld;
  if (lock.holders.empty()) return LockFate::kFree;
  LockFate fate = LockFate::kDead;
  for (const LockHolder& holder : lock.holders) {
    const Session session = SessionOf(holder);
    if (IsHere(lock, holder)) {
      if (!gone.contains(holder.process)) return LockFate::kHeld;
    } else if (!lock.machine.empty() && !owner.empty() && session.owner == owner) {
      fate = LockFate::kForlorn;
    } else {
      return LockFate::kHeld;
    }
  }
  return fate;
}

std::string DescribeLock(const RepositoryLock& lock) {
  std::string text;
  for (std::size_t i = 0; i < lock.holders.size() && i < kShown; ++i) {
    const LockHolder& holder = lock.holders[i];
    text += (i == 0 ? "" : ", ") + Printable(holder.host, 200) + '.' + std::to_string(holder.process) + '-' +
            std::to_string(holder.thread);
  }
  if (lock.holders.size() > kShown) text += " and " + std::to_string(lock.holders.size() - kShown) + " more";
  if (text.empty()) text = "somebody";
  if (lock.age) text += " for " + std::to_string(lock.age->count()) + " s";
  return text;
}

}  // namespace borgop
