#!/bin/bash
# ./dev lint: everything that can be said about the sources without running them. Runs all checks, then fails if any did.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
which=all
case ${1:-} in
  '') ;;
  --fast) which=fast ;;
  --tidy) which=tidy ;;
  *) fail "lint: unknown argument $1" 2 ;;
esac
cd "$root"
failed=() skipped=()
# A check that this machine has no program for is left out, and said so; for continuous integration that is a failure, as nobody reads there.
cannot() { # CHECK WHY
  if [[ ${CI:-} == true ]]; then
    say "$1 cannot be checked: $2"
    return 1
  fi
  warn "$1 is skipped: $2"
  skipped+=("$1")
}
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
  [[ $version == 'version 14' ]] || { cannot formatting "clang-format 14 (Debian 12) is needed, and here is: $version"; return; }
  tools/sources.sh cxx | xargs -0 clang-format --dry-run -Werror
}
tidy() {
  command -v clang-tidy >/dev/null || { cannot clang-tidy "it is not installed"; return; }
  tools/setup.sh --if-needed
  mkdir -p build
  cmake --preset clang >build/clang.configure.log 2>&1 || { cat build/clang.configure.log >&2; return 1; }
  tools/tidy.py
}
shell_checked() {
  command -v shellcheck >/dev/null || { cannot "shell scripts" "shellcheck is not installed"; return; }
  tools/sources.sh shell | xargs -0 shellcheck --external-sources
}

if [[ $which != tidy ]]; then
  check "formatting" formatted
  check "layers" tools/check_layers.py
  check "house rules" tools/check_house_rules.py
  check "links" tools/check_links.py
  check "shell scripts" shell_checked
fi
[[ $which == fast ]] || check "clang-tidy" tidy
((${#failed[@]} == 0)) || fail "lint failed: ${failed[*]}"
good "lint passed${skipped[*]:+ (skipped: ${skipped[*]})}"
