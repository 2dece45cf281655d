#!/bin/bash
# ./dev bench: builds and runs the benchmarks. Exit code: 0 done, 1 failed, 2 usage.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
case ${1:-engine} in
  guard)
    (($# == 1)) || fail "bench: guard takes no arguments" 2
    "$root/tools/build.sh" release guard_bench
    exec "$root/build/release/bench/guard_bench"
    ;;
  engine) (($# == 0)) || shift ;;
  -*) ;;
  *) fail "bench: unknown benchmark $1 (there are: engine, guard)" 2 ;;
esac
"$root/tools/build.sh" release engine_bench borg-engine
mkdir -p "$root/build/bench"
"$root/build/release/bench/engine_bench" --json "$root/build/bench/engine.json" "$@"
say "Every round is in build/bench/engine.json."
