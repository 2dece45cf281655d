#!/bin/bash
# ./dev build [PRESET] [TARGET…]: sets up where that is needed, configures, builds. Exit code: 0 built, 1 failed, 2 usage.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
preset=${1:-release}
(($# == 0)) || shift
[[ $preset =~ ^(release|debug|asan|tsan|clang|fuzz)$ ]] || fail "build: unknown preset $preset (release, debug, asan, tsan, clang or fuzz)" 2

"$root/tools/setup.sh" --if-needed
# A compiler takes up to 1.5 GiB.
by_memory=$(awk '/^MemAvailable/ {print int($2 / 1572864)}' /proc/meminfo)
jobs=${JOBS:-$(($(nproc) < by_memory ? $(nproc) : (by_memory > 0 ? by_memory : 1)))}
cd "$root"
log=build/$preset.configure.log
mkdir -p build
cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; fail "cmake --preset $preset failed"; }
target=()
(($# == 0)) || target=(--target "$@")
cmake --build "build/$preset" --parallel "$jobs" "${target[@]}" >&2 || fail "the build failed"
