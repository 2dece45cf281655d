#!/bin/bash
# ./dev docs: writes the pages that are made from the sources: docs/errors.md and docs/cli.md. Exit code: 0 written, 1 failed, 2 usage.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
(($# == 0)) || fail "docs: unknown argument $1" 2
"$root/tools/build.sh" release borg-engine
for page in errors cli; do
  "$root/build/release/bin/borg-engine" reference "$page" >"$root/docs/$page.md.new"
  mv "$root/docs/$page.md.new" "$root/docs/$page.md"
done
