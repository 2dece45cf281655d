#!/bin/bash
# ./dev lint: everything that can be said about the sources without running them. Runs all checks, then fails if any did.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
fast=''
case ${1:-} in
  '') ;;
  --fast) fast=yes ;;
  *) fail "lint: unknown argument $1" 2 ;;
esac
cd "$root"
failed=()
check() { # NAME COMMAND…
  local name=$1
  shift
  step "$name"
  "$@" || failed+=("$name")
}

formatted() {
  # Versions differ in details; the sources are as 14 formats them, so another one cannot judge.
  local version
  version=$(clang-format --version 2>/dev/null | grep -o 'version [0-9]*' || echo none)
  [[ $version == 'version 14' ]] || { warn "clang-format 14 (Debian 12) is not here ($version): formatting is not checked"; return 0; }
  tools/sources.sh cxx | xargs -0 clang-format --dry-run -Werror
}
tidy() {
  command -v clang-tidy >/dev/null || { warn "no clang-tidy here: left out"; return 0; }
  tools/setup.sh --if-needed
  mkdir -p build
  cmake --preset clang >build/clang.configure.log 2>&1 || { cat build/clang.configure.log >&2; return 1; }
  tools/tidy.py
}
shell_checked() {
  command -v shellcheck >/dev/null || { warn "no shellcheck here: left out"; return 0; }
  tools/sources.sh shell | xargs -0 shellcheck --external-sources
}

check "formatting" formatted
check "layers" tools/check_layers.py
check "house rules" tools/check_house_rules.py
check "shell scripts" shell_checked
[[ -n $fast ]] || check "clang-tidy" tidy
((${#failed[@]} == 0)) || fail "lint failed: ${failed[*]}"
good "lint passed"
