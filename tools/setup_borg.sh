#!/bin/bash
# The borg that this machine's release does not have, for tests only: .deps/borg-1.4 where the system's is 1.2, .deps/borg-1.2 else.
#
# Built from borg's source package with the system's python3, all versions pinned and all hashes verified (tools/borg/). Nothing is
# done when it is there already.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
case $(/usr/bin/borg --version 2>/dev/null) in
  'borg 1.2.'*) version=1.4 ;;
  'borg 1.4.'*) version=1.2 ;;
  *) say "no borg 1.2 or 1.4 on this machine"; exit 1 ;;
esac
pins=$root/tools/borg venv=$root/.deps/borg-$version
recipe=$({ cat "${BASH_SOURCE[0]}" "$pins/build.txt" "$pins/$version.txt"; /usr/bin/python3 --version; } | sha256sum | cut -c1-40)
[[ -x $venv/bin/borg && $(cat "$venv/recipe" 2>/dev/null) == "$recipe" ]] && exit 0

step "borg $version (for tests): building it from its source package"
rm -rf "$venv"
mkdir -p "$root/.deps"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run() { "$@" >>"$log" 2>&1 || { tail -n 30 "$log" >&2; rm -rf "$venv"; exit 1; }; }
run /usr/bin/python3 -m venv "$venv"
pip=("$venv/bin/pip" --disable-pip-version-check install --require-hashes --no-deps)
run "${pip[@]}" --only-binary :all: -r "$pins/build.txt"
run "${pip[@]}" --no-build-isolation --no-binary borgbackup,msgpack -r "$pins/$version.txt"
run "$venv/bin/borg" --version
run "$venv/bin/pip" uninstall --yes Cython wheel pkgconfig setuptools-scm
run "$venv/bin/borg" --version
echo "$recipe" >"$venv/recipe"
good "$("$venv/bin/borg" --version) is in .deps/borg-$version"
