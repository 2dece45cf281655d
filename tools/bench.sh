#!/bin/bash
# ./dev bench: builds and runs the benchmarks. Exit code: 0 done, 1 failed, 2 usage.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
bench=$root/build/release/bench results=$root/build/bench
mkdir -p "$results"
export BORGOP_LAB_BORG=installed

engine() {
  "$root/tools/build.sh" release engine_bench borg-engine
  "$bench/engine_bench" --json "$results/engine.json" "$@"
  say "Every round is in build/bench/engine.json."
}
guard() {
  "$root/tools/build.sh" release guard_bench
  "$bench/guard_bench"
}
objects() {
  "$root/tools/build.sh" release objects_bench
  "$bench/objects_bench" "$@"
}
controller() {
  local peer
  "$root/tools/cluster/programs.sh" >/dev/null
  "$root/tools/build.sh" release controller_bench borg-operator
  peer=$("$root/tools/bench_peer.sh")
  "$bench/controller_bench" --peer "$peer" --json "$results/controller.json" "$@"
  "$root/bench/controller/plot.py" "$results/controller.json" >"$results/controller.svg"
  say "Every measurement is in build/bench/controller.json, and drawn in build/bench/controller.svg."
}
# Everything; with --quick only whether it works.
all() {
  [[ $* == --quick || $# == 0 ]] || fail "bench: all takes --quick only" 2
  guard
  if [[ $# == 0 ]]; then objects; else objects --objects 3000 --asked 200; fi
  engine "$@"
  controller "$@"
}

case ${1:-engine} in
  guard)
    (($# == 1)) || fail "bench: guard takes no arguments" 2
    guard
    ;;
  all | controller | engine | objects) "${1:-engine}" "${@:2}" ;;
  -*) engine "$@" ;;
  *) fail "bench: unknown benchmark $1 (there are: all, controller, engine, guard, objects)" 2 ;;
esac
