#!/bin/bash
# Builds the image of pods' first process, localhost/pause:1, into .deps/kubernetes, where it is not there yet, and prints its path.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source=$root/tools/cluster/pause.c cache=$root/.deps/kubernetes
out=$cache/pause-$(cat "$source" "${BASH_SOURCE[0]}" "$root/tools/cluster/archive.py" | sha256sum | cut -c1-16).tar
if [[ ! -e $out ]]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/pause.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/root"
  cc -Os -static -s -o "$work/root/pause" "$source"
  "$root/tools/cluster/archive.py" localhost/pause:1 "$work/root" '{"Entrypoint": ["/pause"], "User": "65535:65535"}' >"$work/pause.tar"
  rm -f "$cache"/pause-*.tar
  mv "$work/pause.tar" "$out"
fi
echo "$out"
