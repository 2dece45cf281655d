#!/bin/bash
# ./dev docs: writes the pages that are made from the sources: docs/errors.md, docs/cli.md, docs/operator-cli.md and docs/helm-values.md.
# Exit code: 0 written, 1 failed, 2 usage.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
(($# == 0)) || fail "docs: unknown argument $1" 2
"$root/tools/build.sh" release borg-engine borg-operator
write() { # PAGE PROGRAM ARGUMENT…
  local page=$root/docs/$1.md program=$root/build/release/bin/$2
  "$program" "${@:3}" >"$page.new"
  mv "$page.new" "$page"
}
write errors borg-engine reference errors
write cli borg-engine reference cli
write operator-cli borg-operator reference
"$root/tools/helm_values.py" >"$root/docs/helm-values.md"
