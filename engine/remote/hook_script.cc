#include "engine/remote/hook_script.h"

#include <string_view>
#include <vector>

#include "engine/borg/shell_quote.h"
#include "engine/remote/hook_log.h"
#include "engine/remote/script.h"

namespace borgop {
namespace {

// `stop` looks for the group first: what has left the hook's group on purpose goes on. The watch looks each second, so that what lingers of
// it is gone within one; its output is elsewhere, as nobody shall wait for that. It is ended by SIGKILL: a shell that has just been forked
// may take SIGTERM for its parent's, and lose it. Writing into a closed connection (SIGPIPE) ends a cat only. A FIFO that cannot be made (a
// full disk) costs the output, not the hook.
constexpr std::string_view kRun = R"sh(
exec 2>/dev/null
rm -rf "$w"
mkdir -m 700 "$w"
unset BORG_ENGINE_SESSION
setsid=
command -v setsid >/dev/null && setsid=setsid
p=
g=
c=
tell() { kill "-$1" "-$p" || kill "-$1" "$p"; }
stop() {
  [ -n "$p" ] || return 0
  tell TERM
  n=0
  while tell 0; do
    if [ "$n" -ge 20 ]; then
      tell KILL
      break
    fi
    nap
  done
}
run() {
  echo "start $i" | cat
  rm -f "$w"/*
  out=$w/in
  if mkfifo "$w/in" "$w/out"; then
    tail -c "$keep" <"$w/out" >"$w/end" &
    t=$!
    cat <"$w/in" >"$w/out" &
    c=$!
  else
    out=/dev/null
  fi
  (exec $setsid "$@") </dev/null >"$out" 2>&1 &
  p=$!
  (
    n=0
    while [ "$n" -lt "$limit" ]; do
      sleep 1
      n=$((n + 1))
    done
    true >"$w/late"
    stop
  ) </dev/null >/dev/null &
  g=$!
  wait "$p"
  s=$?
  if [ -f "$w/late" ]; then s=late; else kill -KILL "$g"; fi
  wait "$g"
  g=
  p=
  if [ -n "$c" ]; then
    n=0
    while kill -0 "$c" && [ "$n" -lt 10 ]; do nap; done
    kill -KILL "$c"
    wait "$c"
    wait "$t"
    c=
  fi
  z=$(wc -c <"$w/end")
  z=$((${z:-0}))
  { echo "end $i $s $z"; cat "$w/end"; echo; } | cat
  i=$((i + 1))
  [ "$s" = 0 ]
}
trap 'stop; kill -KILL $g $c; exit 1' HUP INT TERM
i=0
)sh";

const std::vector<HookCommand>& Of(const Hooks& hooks, HookStage stage) {
  return stage == HookStage::kBefore ? hooks.before : hooks.after;
}

}  // namespace

std::string HookScript(const Hooks& hooks, HookStage stage, const std::string& directory) {
  std::string script = "w=" + ShellQuote(directory + "/hooks") + "\nlimit=" + std::to_string(hooks.timeout.count()) +
                       "\nkeep=" + std::to_string(kMaxHookOutput) + "\n" + std::string(kNap) + std::string(kRun);
  for (const HookCommand& command : Of(hooks, stage)) {
    script += "run " + ShellJoin(command) + (stage == HookStage::kBefore ? " || exit 0\n" : "\n");
  }
  return script + "exit 0\n";
}

std::chrono::seconds LongestTime(const Hooks& hooks, HookStage stage) {
  constexpr std::chrono::seconds kEnding{10};  // to be ended, and its output read, on a machine that is busy
  return (hooks.timeout + kEnding) * static_cast<std::int64_t>(Of(hooks, stage).size()) + kEnding;
}

}  // namespace borgop
