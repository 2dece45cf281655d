#!/bin/bash
# ./dev fuzz: builds the fuzzers and runs each for a while. Exit code: 0 nothing broke, 1 something did, 2 usage.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
seconds=60 names=()
while (($#)); do
  case $1 in
    --seconds)
      seconds=${2:-}
      [[ $seconds =~ ^[1-9][0-9]*$ ]] || fail "fuzz: --seconds takes a whole number" 2
      shift
      ;;
    -*) fail "fuzz: unknown option $1" 2 ;;
    *)
      [[ -f $root/tests/fuzz/$1.cc ]] || fail "fuzz: there is no fuzzer $1 (there are: $(cd "$root/tests/fuzz" && echo *.cc | sed 's/\.cc//g'))" 2
      names+=("$1")
      ;;
  esac
  shift
done
((${#names[@]})) || mapfile -t names < <(cd "$root/tests/fuzz" && printf '%s\n' *.cc | sed 's/\.cc$//')

step "building (fuzz)"
"$root/tools/build.sh" fuzz fuzzers
rm -rf "$root/build/fuzz/seeds"
"$root/tests/fuzz/seeds.sh" "$root/build/fuzz/seeds"
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1} UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
broken=()
run() { # NAME: libFuzzer's own words only when something broke
  local name=$1 dir=$root/build/fuzz/corpus/$1 log=$root/build/fuzz/$1.log found
  mkdir -p "$dir" "$root/build/fuzz/broken"
  if "$root/build/fuzz/fuzzers/fuzz_$name" "$dir" "$root/build/fuzz/seeds/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -max_len=16384 -artifact_prefix="$root/build/fuzz/broken/$name-" -print_final_stats=1 >"$log" 2>&1; then
    found=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    say "    $name: $found inputs, nothing broke"
    return
  fi
  broken+=("$name")
  tail -n 40 "$log" >&2
  found=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
  say "    ${red}$name broke.${plain}${found:+ Again: build/fuzz/fuzzers/fuzz_$name ${found#"$root/"}}"
}
step "fuzzing, $seconds s each"
for name in "${names[@]}"; do run "$name"; done
((${#broken[@]} == 0)) || fail "fuzz: ${broken[*]}"
