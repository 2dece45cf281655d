#include "engine/remote/keeper.h"

#include <array>
#include <sstream>

#include "engine/borg/shell_quote.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

// Commands, a line each: b heartbeat, u the socket has been used, k NAME kill a process, f NAME forget a process, e end. What `finish`
// and the after hooks say goes to standard output: see hook_log.h.
//
// Everything stays below the private directory: whoever else has an account there can make any other name in /tmp first, and what `finish`
// kills and removes must come from nobody else.
//
// `finish` may be entered by the main shell and by the timer at once: renaming p decides, and makes later registrations fail; one that
// is half written just then is waited for. So what it does is done exactly once, and no signal keeps it from going on to its end. Hooks in
// it may take long, and meanwhile nobody reads heartbeats: the timer lets it come to its end. Told to end, the main shell goes on reading
// afterwards, until its input ends or the timer finds that nobody is there any more. On its way out it ends the timer unless it is the
// timer that cleans up (`ours` says so); then it waits for it.
//
// A heartbeat is written by true, as a shell ends where the redirection of a special builtin (:) fails: there may be no room.
//
// What does not end by being told to is killed with all that it started (kin), as that has nobody then who would end it. Where there is no
// ps, that is left to end by itself.
//
// `read -t` is not POSIX (dash has none), so the timer is a subshell that looks for the file that each heartbeat makes. A sleep is
// waited for in the background, so that ending the timer ends its sleep too and nothing lingers.
constexpr std::string_view kScript = R"sh(
mask=$(umask)
umask 077
ulimit -c 0 2>/dev/null
ours=
d=
for b in /tmp /var/tmp; do
  d=$(mktemp -d "$b/borg-engine.XXXXXXXXXX" 2>/dev/null) && break
  d=
done
if [ -z "$d" ]; then echo no-directory; exit 1; fi
if ! mkdir "$d/p"; then rmdir "$d"; echo no-directory; exit 1; fi
kin() {
  ps -A -o pid= -o ppid= 2>/dev/null | while read -r c q; do [ "$q" != "$1" ] || { kin "$c"; echo "$c"; }; done
}
finish() {
  trap : HUP INT TERM
  mv "$d/p" "$d/end" 2>/dev/null || return 1
  ours=y
  pids=
  n=0
  for f in "$d/end"/*.pid; do
    [ -f "$f" ] || continue
    [ -s "$f" ] || nap
    read -r p <"$f" && [ -n "$p" ] && pids="$pids $p"
  done
  for p in $pids; do kill "$p" 2>/dev/null; done
  n=0
  left=$pids
  while [ -n "$left" ] && [ "$n" -lt 40 ]; do
    nap
    left=
    for p in $pids; do kill -0 "$p" 2>/dev/null && left="$left $p"; done
  done
  for p in $left; do kill -KILL $(kin "$p") "$p" 2>/dev/null; done
  if [ -s "$d/end/staging.rm" ]; then rm -rf -- "$(cat "$d/end/staging.rm")"; fi
  if [ -f "$d/end/after" ]; then (umask "$mask"; exec sh "$d/end/after") </dev/null 2>/dev/null; fi
  rm -rf "$d/end"
  return 0
}
main=$$
(
  s=
  n=0
  while :; do
    trap 'kill "$s" 2>/dev/null; exit 0' TERM
    sleep "$tick" &
    s=$!
    wait "$s"
    if [ -f "$d/beat" ]; then rm -f "$d/beat"; n=0; else n=$((n + 1)); fi
    [ "$n" -ge 12 ] || continue
    finish && break
    # The main shell is at it (hooks may take long) or has done it.
    if [ ! -d "$d/end" ] || ! kill -0 "$main"; then break; fi
    n=0
  done
  rm -rf "$d"
  kill -KILL "$main" 2>/dev/null
  s=${BORG_ENGINE_SESSION:-$PPID}
  read -r c <"/proc/$s/comm" && case $c in sshd*) kill "$s" ;; esac
) </dev/null >/dev/null 2>&1 &
t=$!
trap 'exit 1' HUP INT TERM
trap 'finish; [ -z "$ours" ] && [ -d "$d/end" ] || kill "$t" 2>/dev/null; wait "$t" 2>/dev/null; rm -rf "$d"' EXIT
facts=
command -v socat >/dev/null 2>&1 && facts="$facts socat"
command -v mkfifo >/dev/null 2>&1 && command -v cat >/dev/null 2>&1 && facts="$facts fifo"
command -v "$borg" >/dev/null 2>&1 && facts="$facts borg"
printf 'ready %s%s\n' "$d" "$facts"
while IFS= read -r l; do
  case $l in
    b) true >"$d/beat" ;;
    u) rm -f "$d/s" "$d/i" "$d/o" ;;
    'k '*) read -r p <"$d/p/${l#k }.pid" && kill "$p" ;;
    'f '*) rm -f "$d/p/${l#f }.pid" ;;
    e)
      finish && echo ended | cat
      trap 'exit 1' HUP INT TERM
      ;;
  esac
done 2>/dev/null
exit 0
)sh";

constexpr std::size_t kLongestAnswer = 1024;
constexpr std::chrono::seconds kReadyLimit{30};

}  // namespace

std::string KeeperScript(const std::string& borg, std::chrono::seconds grace) {
  return "borg=" + ShellQuote(borg) + "\ntick=" + std::to_string(grace.count() / 12) + "\n" + std::string(kNap) +
         std::string(kScript);
}

Task<Result<std::unique_ptr<Keeper>>> Keeper::Start(Context context, Connection& connection, std::string borg, KeeperTimes times) {
  Result<std::unique_ptr<RemoteProcess>> process =
      co_await StartScript(context, connection, KeeperScript(borg, times.grace), Connection::kSmallWindow);
  if (!process) co_return Fail(process.error());
  std::unique_ptr<Keeper> keeper(new Keeper(std::move(*process), times));
  const Status ready = co_await keeper->ReadReady(context.WithTimeout(kReadyLimit), connection.name());
  if (!ready) co_return Fail(ready.error());
  co_return keeper;
}

Task<Status> Keeper::ReadReady(Context context, const std::string& name) {
  std::string line;
  std::array<char, 256> buffer{};
  while (line.find('\n') == std::string::npos) {
    const Result<std::size_t> got = co_await process_->out().Read(context, buffer);
    if (!got) co_return Fail(got.error());
    line.append(buffer.data(), *got);
    if (*got == 0 || line.size() > kLongestAnswer) break;
  }
  std::istringstream words(line);
  std::string word;
  words >> word;
  if (word != "ready" || !(words >> directory_)) {
    if (word == "no-directory")
      co_return Fail(Reason::kNoPrivateDirectory, name + ": no private directory can be made in /tmp or /var/tmp");
    co_return Fail(Reason::kShellUnusable, name + ": the keeper script said: " + Printable(line, 300));
  }
  while (words >> word) {
    facts_.socat |= word == "socat";
    facts_.fifo |= word == "fifo";
    facts_.borg |= word == "borg";
  }
  co_return Status{};
}

std::string Keeper::Registration(std::string_view name) const {
  return "umask 077\nulimit -c 0 2>/dev/null\necho $$ >" + registry() + "/" + std::string(name) + ".pid || exit 99\n";
}

Task<Status> Keeper::Tell(Context context, std::string line) {
  const Result<AsyncLock::Guard> turn = co_await writing_.Acquire(context, "telling the keeper");
  if (!turn) co_return Fail(turn.error());
  co_return co_await process_->in().Write(context, line);
}

Task<Status> Keeper::Forget(Context context, std::string name) { return Tell(context, "f " + name + "\n"); }

Task<Status> Keeper::Kill(Context context, std::string name) { return Tell(context, "k " + name + "\n"); }

Task<Status> Keeper::SocketUsed(Context context) { return Tell(context, "u\n"); }

Task<void> Keeper::Beat(Context context) {
  while (true) {
    const Status told = co_await Tell(context, "b\n");
    if (!told) co_return;
    const Wake wake = co_await Sleep(context, times_.heartbeat);
    if (wake == Wake::kStopped || ended_) co_return;
  }
}

Task<void> Keeper::Attend(Context context) {
  TaskGroup beating(context);
  beating.Spawn(Beat(beating.context()));
  std::array<char, 256> buffer{};
  while (true) {
    const Result<std::size_t> got = co_await process_->out().Read(context, buffer);
    if (got && *got != 0) continue;
    if (got) ended_ = true;
    break;
  }
  end_.NotifyAll();
  beating.Stop();
  co_await beating.Join();
}

Task<bool> Keeper::End(Context context, HookLog& log) {
  if (!told_to_end_) {
    told_to_end_ = true;
    const Status told = co_await Tell(context, "e\n");
    if (!told) co_return false;
  }
  std::array<char, 4096> buffer{};
  while (!ended_) {
    const Result<std::size_t> got = co_await process_->out().Read(context, buffer);
    if (!got) co_return false;
    ended_ = *got == 0;
    log.Feed(std::string_view(buffer.data(), *got));
    if (!log.ended() || ended_) continue;
    const Status closed = co_await process_->in().CloseWrite(context);
    if (!closed) co_return false;
  }
  co_await process_->Close(context);
  co_return log.ended();
}

}  // namespace borgop
